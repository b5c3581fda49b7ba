"""`adaat-keras benchmark`: several methods and seeds side by side."""

import argparse

from adaat_keras.commands.run_options import add_run_options, run_options

METHODS = "source_only,at_dt,ada_atdt:conv,ada_atdt:unet,ada_atdt:unet_attention,oracle"
DESCRIPTION = """Train and score several methods with several seeds on one pair of domains. Steps
that runs have in common are trained once. The same command again goes on where it was stopped."""


def add_parser(commands) -> None:
    """Add this command."""
    parser = commands.add_parser("benchmark", help="compare methods", description=DESCRIPTION)
    add_run_options(parser, leave_out=("method", "seed"))
    parser.add_argument(
        "--methods",
        default=METHODS,
        metavar="A,B,...",
        help="methods, or all; METHOD:TRANSFER, METHOD:ARCHITECTURE, METHOD@RECIPE where these are "
        f"not those of all runs (default: {METHODS})",
    )
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="INT", help="how many: 0, 1, ... (default: 1)"
    )
    parser.add_argument(
        "--directory",
        default="runs/benchmark",
        metavar="DIR",
        help="a folder a run, and the results (default: runs/benchmark)",
    )
    parser.add_argument("--store", metavar="DIR", help="of shared steps (default: DIR/steps)")
    parser.add_argument(
        "--known",
        metavar="FILE",
        help="the results.json of the same benchmark, begun elsewhere: its runs are taken over",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Run and print the table."""
    from adaat_keras.methods.harness.chosen_methods import chosen_methods
    from adaat_keras.methods.harness.run_benchmark import run_benchmark
    from adaat_keras.methods.harness.run_config import RunConfig
    from adaat_keras.report.tables import format_table

    config = RunConfig(**run_options(options))
    methods = chosen_methods(options.methods)
    results = run_benchmark(
        config,
        methods,
        options.seeds,
        options.directory,
        options.store,
        options.devices,
        known=options.known,
    )
    print("\n" + format_table(results))
