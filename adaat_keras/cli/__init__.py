"""The command line, `adaat-keras`, one file a command: `add_parser` and `run`."""

import argparse
import os
import sys

from adaat_keras.cli import (
    benchmark,
    data,
    evaluate,
    export,
    predict,
    preset,
    study,
    table,
    train,
)

COMMANDS = (train, evaluate, predict, export, benchmark, study, preset, data, table)
# What a user can mend is told in a line; anything else is ours, and keeps its traceback.
USER_ERRORS = (ValueError, OSError, IndexError, FloatingPointError)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return the exit status: 0, or 2 after an error that the user can mend."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = build_parser(all_options="--help-all" in arguments).parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        return options.run(options) or 0
    except USER_ERRORS as error:
        if options.traceback:
            raise
        print(f"adaat-keras: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("adaat-keras: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def build_parser(all_options: bool = False) -> argparse.ArgumentParser:
    """The parser of all commands; `--help` shows the common options of a run, or all of them."""
    parser = argparse.ArgumentParser(
        prog="adaat-keras",
        description="ADA-AT/DT: predict in a real domain what only a simulator has labels for.",
    )
    parser.add_argument("--traceback", action="store_true", help="show where an error came from")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands, all_options)
    return parser
