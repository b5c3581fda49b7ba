"""`adaat-keras data`: looks at domains, checks them, packs them, and writes the streets."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from adaat_keras.cli.options import add_domain_options


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
    """Add this command and its actions."""
    parser = commands.add_parser("data", help="look at a domain, check it, or write one")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for add in (_add_show, _add_check, _add_pack, _add_write_streets):
        add(actions)


def _add_show(actions) -> None:
    """Add this action."""
    parser = actions.add_parser(
        "show",
        help="write a sheet of a domain's frames",
        description="Write a picture sheet: some frames of a domain with all their labels.",
    )
    parser.add_argument("domain", help="e.g. streets_real")
    parser.add_argument(
        "--split", help="train, val or test (default: val, or the first that there is)"
    )
    parser.add_argument(
        "--frames", type=int, default=8, metavar="INT", help="how many (default: 8)"
    )
    parser.add_argument("--out", metavar="PNG", help="the sheet (default: DOMAIN.png, here)")
    add_domain_options(parser, "how to open it, e.g. '{\"frames\": 100}'")
    parser.set_defaults(run=show)


def show(options: argparse.Namespace) -> None:
    """Draw the sheet."""
    from adaat_keras import domains, tasks
    from adaat_keras.domains.splits import Splits
    from adaat_keras.files import slug
    from adaat_keras.report.figures import draw_panels
    from adaat_keras.runs.report import chosen_frames, legend_of, picture

    if options.frames < 1:
        raise ValueError(f"--frames must be at least 1, not {options.frames}")
    splits = Splits(options.domain, options.domain_options)
    split = options.split or _first_split(splits)
    domain = splits.required(split)
    if note := domains.stand_in_note(options.domain, split):
        print(note, file=sys.stderr)
    own = domain.own_classes() if "semantic" in domain.tasks else None
    if own is not None:
        domain = domain.with_classes(own)
    shown = [own if name == "semantic" else tasks.get(name) for name in domain.tasks]
    rows = [
        [frame["image"], *(picture(task, frame, None) for task in shown)]
        for frame in chosen_frames(domain, options.frames)
    ]
    # Of file.py:Class, whose colon not every file system takes.
    sheet = slug(options.domain.replace(":", "-"))
    out = Path(options.out or f"{sheet}.png").expanduser()
    draw_panels(rows, ["image", *domain.tasks], out, legend=legend_of(*shown))
    print(f"{len(rows)} of {len(domain)} frames of {options.domain}, split {split}: {out}")


def _first_split(splits) -> str:
    """`"val"`, or else the first split that exists."""
    from adaat_keras.domains.domain import NoSplit

    for split in ("val", "train", "test"):
        with suppress(NoSplit):
            if splits.get(split) is not None:
                return split
    # Opening it will report what is missing.
    return "val"


def _add_check(actions) -> None:
    """Add this action."""
    parser = actions.add_parser(
        "check",
        help="read a data set from end to end and say what is wrong with it",
        description="Count the frames, labels, sizes, classes and depths of every split, and name "
        "every bad file. The exit status is 1 if something is wrong.",
    )
    parser.add_argument("domain", metavar="DOMAIN", help="one that reads folders, e.g. cityscapes")
    parser.add_argument("--root", metavar="DIR", help="the data set's root")
    parser.add_argument("--tag-set", type=int, choices=(13, 23, 28), help="CARLA's tags")
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="name bad files, but do not fail for them, as skip_bad=True leaves them out",
    )
    parser.add_argument(
        "--show", type=int, default=20, metavar="INT", help="bad files to name a split (20)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_domain_options(parser, "how to open it, e.g. '{\"train_ids\": true}'")
    parser.set_defaults(run=check)


def check(options: argparse.Namespace) -> int:
    """Check every split; 1 if something is wrong, else 0."""
    from adaat_keras.domains.check import check_splits

    _check_tag_set(options, options.domain)
    extra = dict(options.domain_options)
    if options.tag_set is not None:
        extra["tag_set"] = options.tag_set
    good = check_splits(
        options.domain,
        options.root,
        extra,
        skip_bad=options.skip_bad,
        show=options.show,
        as_json=options.json,
    )
    if not options.json:
        print("nothing is wrong" if good else "something is wrong, see above")
    return 0 if good else 1


def _check_tag_set(options: argparse.Namespace, name: str) -> None:
    """Raise a `ValueError` if `--tag-set` would have no effect."""
    if options.tag_set is not None and name != "carla":
        raise ValueError(f"--tag-set is for carla alone, not for {name}")


def _add_pack(actions) -> None:
    """Add this action."""
    parser = actions.add_parser(
        "pack",
        help="write a domain's frames, decoded and resized, into a few large files",
        description="Decode and resize the frames of a split once, into TFRecord shards in "
        'OUT/SPLIT. Train on them with --source packed --source-options \'{"root": "OUT"}\'. '
        "The same command goes on where it was stopped, and writes damaged shards anew.",
    )
    parser.add_argument("domain", metavar="DOMAIN", help="e.g. cityscapes")
    parser.add_argument("--split", default="train", help="which split (default: train)")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the splits go")
    parser.add_argument(
        "--height", type=int, metavar="INT", help="pixels (default: each frame's own)"
    )
    parser.add_argument(
        "--width", type=int, metavar="INT", help="pixels (default: each frame's own)"
    )
    parser.add_argument(
        "--shard-frames", type=int, default=128, metavar="INT", help="frames a file (default: 128)"
    )
    add_domain_options(parser, 'how to open the domain, e.g. \'{"root": "DIR"}\'')
    parser.set_defaults(run=pack, goes_on=True)


def pack(options: argparse.Namespace) -> None:
    """Pack one split."""
    from adaat_keras.domains.shards import pack
    from adaat_keras.domains.splits import Splits

    domain = Splits(options.domain, options.domain_options).required(options.split)
    out = Path(options.out).expanduser() / options.split
    folder = pack(domain, out, options.height, options.width, options.shard_frames)
    keys = ", ".join(("image", *domain.tasks))
    print(f"{len(domain)} frames of {options.domain}, split {options.split} ({keys}): {folder}")


def _add_write_streets(actions) -> None:
    """Add this action."""
    parser = actions.add_parser(
        "write-streets",
        help="write the embedded streets as one of the four real data sets",
        description="Write the embedded streets in the folders and encodings of a real data set, "
        "with exact labels. The same command goes on where it was stopped.",
    )
    layouts = ("synthia_sf", "carla", "cityscapes", "kitti")
    parser.add_argument("--layout", required=True, choices=layouts, help="the data set to imitate")
    parser.add_argument("--out", required=True, metavar="DIR", help="the data set's root")
    parser.add_argument(
        "--frames", type=int, default=100, metavar="INT", help="of the split train (default: 100)"
    )
    parser.add_argument(
        "--held-out",
        type=int,
        metavar="INT",
        help="of each other split, 0 to leave them out (default: a tenth)",
    )
    parser.add_argument("--height", type=int, default=128, metavar="INT", help="pixels (128)")
    parser.add_argument("--width", type=int, default=256, metavar="INT", help="pixels (256)")
    parser.add_argument("--domain", metavar="NAME", help="which streets (default: by the layout)")
    parser.add_argument(
        "--tag-set", type=int, choices=(13, 23, 28), help="CARLA's tags (default: 13)"
    )
    parser.set_defaults(run=write_streets, goes_on=True)


def write_streets(options: argparse.Namespace) -> None:
    """Write every split that the data set has."""
    from adaat_keras.streets.writers import LAYOUTS, write_streets

    _check_tag_set(options, options.layout)
    held_out = options.held_out
    if held_out is None:
        held_out = max(1, options.frames // 10)
    for split in LAYOUTS[options.layout].splits:
        frames = options.frames if split == "train" else held_out
        if not frames:
            continue
        write_streets(
            options.layout,
            options.out,
            frames,
            split,
            height=options.height,
            width=options.width,
            domain=options.domain,
            tag_set=options.tag_set or 13,
        )
        print(f"{frames} frames of the split {split} in {options.out}")
