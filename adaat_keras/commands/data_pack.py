"""`adaat-keras data pack`: a domain decoded and resized once, into a few large files."""

import argparse

from adaat_keras.commands.add_domain_options import add_domain_options


def add_parser(actions) -> None:
    """Add this action."""
    pack = actions.add_parser(
        "pack",
        help="write a domain's frames, decoded and resized, into a few large files",
        description="Decode and resize the frames of a split once, into TFRecord shards in "
        'OUT/SPLIT. Train on them with --source packed --source-options \'{"root": "OUT"}\'. '
        "The same command goes on where it was stopped, and writes damaged shards anew.",
    )
    pack.add_argument("domain", metavar="DOMAIN", help="e.g. cityscapes")
    pack.add_argument("--split", default="train", help="which split (default: train)")
    pack.add_argument("--out", required=True, metavar="DIR", help="where the splits go")
    pack.add_argument(
        "--height", type=int, metavar="INT", help="pixels (default: each frame's own)"
    )
    pack.add_argument("--width", type=int, metavar="INT", help="pixels (default: each frame's own)")
    pack.add_argument(
        "--shard-frames", type=int, default=128, metavar="INT", help="frames a file (default: 128)"
    )
    add_domain_options(pack, 'how to open the domain, e.g. \'{"root": "DIR"}\'')
    pack.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Pack one split."""
    from pathlib import Path

    from adaat_keras.domains.shards import pack
    from adaat_keras.methods.harness.open_domain import open_domain

    domain = open_domain(options.domain, options.split, options.domain_options)
    out = Path(options.out) / options.split
    folder = pack(domain, out, options.height, options.width, options.shard_frames)
    keys = ", ".join(("image", *domain.tasks))
    print(f"{len(domain)} frames of {options.domain}, split {options.split} ({keys}): {folder}")
