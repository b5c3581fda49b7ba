"""`adaat-keras table`: prints tables."""

import argparse
import json
from pathlib import Path


def add_parser(commands) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "table",
        help="print Table 1, or a benchmark's table",
        description="Print the paper's Table 1 beside our counts, or a benchmark's results.",
    )
    parser.add_argument("what", help="parameters, or a results.json")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    from adaat_keras.evaluation.format_table import format_table
    from adaat_keras.evaluation.parameter_table import parameter_table

    if options.what == "parameters":
        print(parameter_table())
        return
    path = Path(options.what)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is neither 'parameters' nor a results.json that exists")
    try:
        print(format_table(json.loads(path.read_text())))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no benchmark's results.json: {error!r}") from error
