"""`adaat-keras table`: prints tables."""

import argparse
import json
from pathlib import Path

from adaat_keras.files import home_expanded, read_json
from adaat_keras.registry import check_name, split_names


def add_parser(commands, all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "table",
        help="print Table 1, or benchmarks' tables",
        description="Print the paper's Table 1 beside our counts, a benchmark's results, or an "
        "overview of several.",
    )
    parser.add_argument("what", nargs="+", help="parameters, or one results.json or more")
    parser.add_argument(
        "--methods",
        metavar="A,B,...",
        help="of the results, in this order (default: all); the gap closed takes source_only and "
        "oracle among them",
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    from adaat_keras.report.tables import format_overview, format_table, parameter_table

    if options.what == ["parameters"]:
        print(parameter_table())
        return
    results = [read_results(Path(name)) for name in options.what]
    methods = list(dict.fromkeys(split_names(options.methods or "")))
    try:
        known = list(dict.fromkeys(row["method"] for each in results for row in each["rows"]))
        results = [only(each, methods or known) for each in results]
        table = format_table(*results) if len(results) == 1 else format_overview(results)
    # It may say anything, and so fail in any way.
    except Exception as error:
        names = ", ".join(options.what)
        raise ValueError(f"{names} is no benchmark's results.json: {error!r}") from error
    for name in methods:
        check_name("method of these results", name, known)
    print(json.dumps(results, indent=2) if options.json else table)


def only(results: dict, methods: list[str]) -> dict:
    """The results with the rows of these methods alone, in their order."""
    rows = [row for name in methods for row in results["rows"] if row["method"] == name]
    return {**results, "rows": rows}


def read_results(path: Path) -> dict:
    """What a `results.json` holds.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON; names the file.
    """
    path = home_expanded(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is neither 'parameters' nor a results.json that exists")
    try:
        return read_json(path)
    except ValueError as error:
        raise ValueError(f"{path} is no benchmark's results.json: {error!r}") from error
