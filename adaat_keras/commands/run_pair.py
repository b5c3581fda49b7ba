"""Runs the paper's comparison on one pair of its domains: what the scripts in `examples/` call."""

import argparse
from pathlib import Path

from adaat_keras.commands.run_options import add_run_options, run_options

METHODS = "at_dt,ada_atdt:conv,ada_atdt:unet,ada_atdt:unet_attention"
FIXED = ("source", "target", "from", "to", "method", "seed", "source-options", "target-options")
# What --streets runs unless told otherwise: enough to see every part at work, in minutes.
BRIEF = {"epochs": 2, "steps_per_epoch": 60, "validation_frames": 8}


def run_pair(source: str, target: str, directions: list[tuple[str, str]], description: str) -> None:
    """Parse the command line, run the directions, and print the paper's rows with ours.

    Args:
        source, target: Names of the real data sets.
        directions: Pairs of task 1 and task 2.
        description: The calling script's docstring.
    """
    options = parser(source, target, description).parse_args()
    roots = {source: options.source_root, target: options.target_root}
    if options.streets:
        roots = write_layouts(roots, Path(options.directory) / "streets", options.frames)
    elif None in roots.values():
        raise SystemExit("give --source-root and --target-root, or --streets to try without data")
    given = {**(BRIEF if options.streets else {}), **run_options(options)}
    for from_task, to_task in directions:
        run_direction(source, target, from_task, to_task, roots, given, options)


def run_direction(source, target, from_task, to_task, roots, given, options) -> None:
    """Benchmark one direction and print its table."""
    from adaat_keras.methods.harness.chosen_methods import chosen_methods
    from adaat_keras.methods.harness.run_benchmark import run_benchmark
    from adaat_keras.methods.harness.run_config import RunConfig
    from adaat_keras.report.tables import format_table

    config = RunConfig(
        source=source,
        target=target,
        from_task=from_task,
        to_task=to_task,
        source_options={"root": str(roots[source])},
        target_options={"root": str(roots[target])},
        **given,
    )
    directory = Path(options.directory) / f"{from_task}-{to_task}"
    methods = chosen_methods(options.methods)
    results = run_benchmark(config, methods, options.seeds, directory, devices=options.devices)
    streets = " (the embedded streets in these layouts, not the data sets)"
    print(f"\n{source} -> {target}, {from_task} -> {to_task}{streets if options.streets else ''}")
    print(format_table(results))


def write_layouts(roots: dict, out: Path, frames: int) -> dict[str, Path]:
    """Write the embedded streets in the layouts of both data sets, all splits."""
    from adaat_keras.streets.writers import LAYOUTS, write_streets

    for name in roots:
        for split in LAYOUTS[name].splits:
            count = frames if split == "train" else max(2, frames // 4)
            write_streets(name, out / name, count, split)
    return {name: out / name for name in roots}


def parser(source: str, target: str, description: str) -> argparse.ArgumentParser:
    """The options of a pair's script."""
    result = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument("--source-root", metavar="DIR", help=f"where {source} is")
    result.add_argument("--target-root", metavar="DIR", help=f"where {target} is")
    result.add_argument(
        "--streets",
        action="store_true",
        help="run on the embedded streets, written in the layouts of both data sets",
    )
    result.add_argument(
        "--frames", type=int, default=120, metavar="INT", help="frames of --streets (default: 120)"
    )
    result.add_argument(
        "--methods",
        default=METHODS,
        metavar="A,B,...",
        help=f"methods, or all (default: {METHODS})",
    )
    result.add_argument("--seeds", type=int, default=1, metavar="INT", help="how many (default: 1)")
    result.add_argument(
        "--directory",
        default=f"runs/{source}-{target}",
        metavar="DIR",
        help=f"the runs' folder (default: runs/{source}-{target})",
    )
    add_run_options(result, leave_out=FIXED)
    return result
