"""`adaat-keras data write-streets`: the embedded streets in the layout of a real data set."""

import argparse


def add_parser(actions) -> None:
    """Add this action."""
    write = actions.add_parser(
        "write-streets",
        help="write the embedded streets as one of the four real data sets",
        description="Write the embedded streets in the folders and encodings of a real data set, "
        "with exact labels. The same command goes on where it was stopped.",
    )
    layouts = ("synthia_sf", "carla", "cityscapes", "kitti")
    write.add_argument("--layout", required=True, choices=layouts, help="the data set to imitate")
    write.add_argument("--out", required=True, metavar="DIR", help="the data set's root")
    write.add_argument(
        "--frames", type=int, default=100, metavar="INT", help="of the split train (default: 100)"
    )
    write.add_argument(
        "--held-out",
        type=int,
        metavar="INT",
        help="of each other split, 0 to leave them out (default: a tenth)",
    )
    write.add_argument("--height", type=int, default=128, metavar="INT", help="pixels (128)")
    write.add_argument("--width", type=int, default=256, metavar="INT", help="pixels (256)")
    write.add_argument("--domain", metavar="NAME", help="which streets (default: by the layout)")
    write.add_argument(
        "--tag-set", type=int, default=13, choices=(13, 23, 28), help="CARLA's tags (default: 13)"
    )
    write.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write every split that the data set has."""
    from adaat_keras.streets.writers import LAYOUTS, write_streets

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
            tag_set=options.tag_set,
        )
        print(f"{frames} frames of the split {split} in {options.out}")
