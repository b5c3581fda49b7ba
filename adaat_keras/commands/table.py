"""`adaat-keras table`: prints tables."""

import argparse
import json
from pathlib import Path


def add_parser(commands) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "table",
        help="print Table 1, or benchmarks' tables",
        description="Print the paper's Table 1 beside our counts, a benchmark's results, or an "
        "overview of several.",
    )
    parser.add_argument("what", nargs="+", help="parameters, or one results.json or more")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    from adaat_keras.evaluation.format_overview import format_overview
    from adaat_keras.evaluation.format_table import format_table
    from adaat_keras.evaluation.parameter_table import parameter_table

    if options.what == ["parameters"]:
        print(parameter_table())
        return
    results = [read_results(Path(name)) for name in options.what]
    try:
        print(format_table(*results) if len(results) == 1 else format_overview(results))
    except (KeyError, TypeError, ValueError) as error:
        names = ", ".join(options.what)
        raise ValueError(f"{names} is no benchmark's results.json: {error!r}") from error


def read_results(path: Path) -> dict:
    """What a `results.json` holds.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON; names the file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is neither 'parameters' nor a results.json that exists")
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is no benchmark's results.json: {error!r}") from error
