"""`adaat-keras benchmark`: several methods and seeds side by side."""

import argparse

from adaat_keras.cli.options import add_run_options, run_options, tell_stand_ins, where

METHODS = "source_only,at_dt,ada_atdt:conv,ada_atdt:unet,ada_atdt:unet_attention,oracle"
DESCRIPTION = """Train and score several methods with several seeds on a pair of domains; stages in
common are trained once. The same command again goes on where it was stopped."""


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "benchmark", help="compare methods", description=DESCRIPTION, add_help=False
    )
    group = parser.add_argument_group("benchmark")
    group.add_argument(
        "--methods",
        default=METHODS,
        metavar="A,B,...",
        help="METHOD[:TRANSFER|:ARCHITECTURE][@RECIPE], FILE.py:CLASS, or all (default: "
        "source_only, at_dt, ada_atdt:conv, :unet, :unet_attention, oracle)",
    )
    group.add_argument(
        "--seeds", type=int, default=1, metavar="INT", help="how many: 0, 1, ... (default: 1)"
    )
    group.add_argument(
        "--directory",
        default="runs/benchmark",
        metavar="DIR",
        help="a folder a run, and the results (default: runs/benchmark)",
    )
    group.add_argument(
        "--part",
        type=part_of,
        default=(1, 1),
        metavar="K/N",
        help="train every N-th run, from the K-th on: N processes, on as many machines as you "
        "like, do a part each in one directory (default: 1/1)"
        if all_options
        else argparse.SUPPRESS,
    )
    group.add_argument(
        "--known",
        nargs="+",
        default=[],
        metavar="FILE",
        help="results.json of the same benchmark, begun elsewhere: their runs are taken over"
        if all_options
        else argparse.SUPPRESS,
    )
    add_run_options(
        parser,
        ("method", "seed", "stages", "freeze", "directory", "deterministic", "callbacks"),
        all_options,
    )
    parser.set_defaults(run=run, goes_on=True)


def part_of(text: str) -> tuple[int, int]:
    """K and N of "K/N".

    Example:
        >>> part_of("2/4")
        (2, 4)
    """
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal() and 1 <= int(number) <= int(parts)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no part: 1/4, 2/4, 3/4 and 4/4 are the parts of four"
        )
    return int(number), int(parts)


def run(options: argparse.Namespace) -> None:
    """Run and print the table."""
    from adaat_keras.report.tables import format_table
    from adaat_keras.runs.benchmark import chosen_methods, run_benchmark
    from adaat_keras.runs.config import RunConfig

    config = RunConfig.of(**run_options(options))
    methods, place = chosen_methods(options.methods), where(options)
    tell_stand_ins(config)
    results = run_benchmark(
        config,
        methods,
        options.seeds,
        options.directory,
        place.store,
        place.devices,
        known=options.known,
        part=options.part,
    )
    print("\n" + format_table(results))
