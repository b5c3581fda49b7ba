"""The command line, `adaat-keras`, one file a command: `add_parser` and `run`."""

import argparse
import difflib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from adaat_keras import __version__
from adaat_keras.cli import (
    benchmark,
    data,
    demo,
    evaluate,
    export,
    predict,
    preset,
    study,
    table,
    train,
)
from adaat_keras.cli.quiet import start_tensorflow
from adaat_keras.files import remove_the_rest
from adaat_keras.registry import load_module

COMMANDS = (train, evaluate, predict, demo, export, benchmark, study, preset, data, table)
# Errors that a user can fix; all others are reported in one line, too.
USER_ERRORS = (ValueError, OSError, IndexError, FloatingPointError, ImportError, MemoryError)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return the exit status: 0, or 2 after an error, printed in one line."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        # A closed standard stream would be replaced by the first file that is opened.
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # A terminal or log that cannot display a character must not abort a training.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if "--traceback" in arguments:
        # Every command accepts it.
        arguments = ["--traceback", *(word for word in arguments if word != "--traceback")]
    options = build_parser(all_options="--help-all" in arguments).parse_args(arguments)
    goes_on = getattr(options, "goes_on", False)
    terminated: list[int] = []
    try:
        here = os.getcwd()
    except FileNotFoundError:
        print("adaat-keras: the folder that you are in is gone; cd to another", file=sys.stderr)
        return 2
    if here not in sys.path:
        # For `module:Class` of one's own project; last, so that nothing is shadowed.
        sys.path.append(here)
    try:
        with _plain_warnings(), _stopped_by_sigterm(terminated):
            # Not for `table`, which does not need it, so that mistakes are reported at once.
            if options.run is not table.run:
                start_tensorflow()
            for module in options.modules:
                load_module(module, "--import")
            status = options.run(options) or 0
            sys.stdout.flush()
            return status
    except BrokenPipeError:
        # The reader of the output, such as `head`, has closed it.
        _print_nothing_more()
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        then = "; the same command goes on from here" if goes_on else ""
        print(f"adaat-keras: interrupted{then}", file=sys.stderr)
        return 130
    except (Exception, Terminated) as error:
        # A library may have turned the exception into its own.
        if terminated:
            then = "nothing is half written, and the same command starts anew"
            if goes_on:
                then = (
                    "what was whole is saved, the last whole epoch of a training too, and the same "
                    "command goes on from there"
                )
            print(f"adaat-keras: stopped by SIGTERM; {then}", file=sys.stderr)
            return 128 + signal.SIGTERM
        if options.traceback:
            raise
        print(f"adaat-keras: {_told(error, options.command)}", file=sys.stderr)
        return 2
    finally:
        remove_the_rest()


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print warnings within this context as one line, without their location in the code."""
    before = warnings.formatwarning

    def line(message, category, *place, **options) -> str:
        if category is not UserWarning:
            return before(message, category, *place, **options)
        return f"warning: {' '.join(str(message).split())}\n"

    warnings.formatwarning = line
    try:
        yield
    finally:
        warnings.formatwarning = before


def _print_nothing_more() -> None:
    """Redirect the closed output, so that the interpreter does not fail to flush it on exit."""
    with suppress(OSError, ValueError, AttributeError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


class Terminated(BaseException):
    """Raised on SIGTERM, such as from a scheduler."""


@contextmanager
def _stopped_by_sigterm(terminated: list[int]) -> Iterator[None]:
    """Handle SIGTERM within this context like Ctrl-C, so that no file is left half written.

    The signal's number is appended to the list.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, _) -> None:
        terminated.append(number)
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _told(error: Exception, command: str) -> str:
    """An error's message in one line."""
    said = " ".join(str(error).split())
    if isinstance(error, USER_ERRORS) and said:
        return said
    said = said if len(said) < 300 else f"{said[:300]} ..."
    return (
        f"{command} ended with {type(error).__name__}: {said or 'no message'}. This is a bug; "
        f"`adaat-keras --traceback {command} ...` shows where it came from"
    )


class Parser(argparse.ArgumentParser):
    """A parser whose help has one line per option if it fits."""

    def __init__(self, **options):
        def formatter(prog: str) -> argparse.HelpFormatter:
            return argparse.HelpFormatter(prog, max_help_position=26)

        # With abbreviations, `--seed 5` would mean `--seeds 5`.
        super().__init__(**{"formatter_class": formatter, "allow_abbrev": False, **options})

    def parse_known_args(
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and suggest the option that was meant if one does not exist."""
        options, unknown = super().parse_known_args(args, namespace)
        known = [*self._option_string_actions]
        for word in (word.partition("=")[0] for word in unknown if word.startswith("--")):
            if word in known:
                self.error(f"{word} goes before the command")
            longer = [each for each in known if each.startswith(word)]
            for meant in (longer or difflib.get_close_matches(word, known, 1, 0.8))[:1]:
                self.error(f"there is no option {word}; did you mean {meant}?")
        return options, unknown


def build_parser(all_options: bool = False) -> argparse.ArgumentParser:
    """The parser of all commands; `--help` shows the common options of a run, or all of them."""
    parser = Parser(
        prog="adaat-keras",
        description="ADA-AT/DT: predict in a real domain what only a simulator has labels for.",
    )
    parser.add_argument("--version", action="version", version=f"adaat-keras {__version__}")
    parser.add_argument(
        "--traceback", action="store_true", help="show where an error came from; goes anywhere"
    )
    parser.add_argument(
        "--import",
        dest="modules",
        action="append",
        default=[],
        metavar="FILE.py",
        help="import your classes that a preset needs (or a module); goes before the command",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for command in COMMANDS:
        command.add_parser(commands, all_options)
    return parser
