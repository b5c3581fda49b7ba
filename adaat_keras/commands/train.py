"""`adaat-keras train`: trains a method on a pair of domains."""

import argparse

from adaat_keras.commands.run_options import add_run_options, run_options

DESCRIPTION = """Train a method on a pair of domains, score it on their test splits, draw its
pictures. Without options: ADA-AT/DT from depth to semantic, on the embedded streets, small
networks. The same command again goes on where a run was stopped, and ends in the same weights.
Started on several machines with TF_CONFIG set, it trains on all of them."""


def add_parser(commands) -> None:
    """Add this command."""
    parser = commands.add_parser("train", help="train and score a method", description=DESCRIPTION)
    add_run_options(parser)
    parser.add_argument(
        "--directory",
        metavar="DIR",
        help="the run's folder (default: runs/SOURCE-TARGET-FROM-TO-METHOD)",
    )
    parser.add_argument("--store", metavar="DIR", help="share equal steps with other runs there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train and tell the result."""
    from adaat_keras.commands.print_metrics import print_metrics
    from adaat_keras.methods.harness.run_config import RunConfig
    from adaat_keras.methods.harness.train_from_config import train_from_config
    from adaat_keras.training.devices import this_machine

    config = RunConfig(**run_options(options))
    directory = options.directory or default_directory(config)
    train_from_config(config, directory, store=options.store, devices=options.devices)
    number, _ = this_machine()
    if number == 0:
        print_metrics(directory)


def default_directory(config) -> str:
    """A folder's name that tells what was trained."""
    parts = (config.source, config.target, config.from_task, config.to_task, config.method)
    return "runs/" + "-".join(parts)
