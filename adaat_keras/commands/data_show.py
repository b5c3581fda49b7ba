"""`adaat-keras data show`: a sheet of a domain's frames."""

import argparse

from adaat_keras.commands.add_domain_options import add_domain_options


def add_parser(actions) -> None:
    """Add this action."""
    show = actions.add_parser(
        "show",
        help="write a sheet of a domain's frames",
        description="Write a picture sheet: some frames of a domain with all their labels.",
    )
    show.add_argument("domain", help="e.g. streets_real")
    show.add_argument("--split", default="val", help="train, val or test (default: val)")
    show.add_argument("--frames", type=int, default=8, metavar="INT", help="how many (default: 8)")
    show.add_argument("--out", metavar="PNG", help="the sheet (default: DOMAIN.png)")
    add_domain_options(show, "how to open it, e.g. '{\"frames\": 100}'")
    show.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw the sheet."""
    from adaat_keras import tasks
    from adaat_keras.methods.harness.open_domain import open_domain
    from adaat_keras.methods.harness.panels import chosen_frames, legend_of, picture
    from adaat_keras.report.figures import draw_panels

    if options.frames < 1:
        raise ValueError(f"--frames must be at least 1, not {options.frames}")
    domain = open_domain(options.domain, options.split, options.domain_options)
    shown = [tasks.get(name) for name in domain.tasks]
    rows = [
        [frame["image"], *(picture(task, frame, None) for task in shown)]
        for frame in chosen_frames(domain, options.frames)
    ]
    out = options.out or f"{options.domain}.png"
    draw_panels(rows, ["image", *domain.tasks], out, legend=legend_of(*shown))
    print(f"{len(rows)} of {len(domain)} frames of {options.domain}, split {options.split}: {out}")
