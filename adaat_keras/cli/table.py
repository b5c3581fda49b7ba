"""`adaat-keras table`: prints tables."""

import argparse
import json

from adaat_keras.cli.quiet import start_tensorflow
from adaat_keras.files import home_expanded, read_json
from adaat_keras.registry import check_name, split_names


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
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
    results, methods = None, split_names(options.methods or "")
    if options.what == ["parameters"] and (options.json or options.methods is not None):
        raise ValueError("--json and --methods are for a results.json, not for `table parameters`")
    if options.what != ["parameters"]:
        results = read_results(options.what, methods)
        if options.json:
            print(json.dumps(results, indent=2))
            return
    start_tensorflow()
    from adaat_keras.report.tables import format_overview, format_table, parameter_table

    if results is None:
        print(parameter_table())
        return
    try:
        one = len(results) == 1
        text = format_table(*results) if one else format_overview(results, methods)
    # The files may contain anything, and fail in any way.
    except Exception as error:
        raise ValueError(f"{', '.join(options.what)} {_IS_NONE}: {error!r}") from error
    print(text)


_IS_NONE = "is no benchmark's results.json"


def read_results(names: list[str], methods: list[str]) -> list[dict]:
    """The contents of these files, with only the rows of these methods, in their order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds no results, or none of these methods; names the file.
    """
    results = []
    for path in map(home_expanded, names):
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is neither 'parameters' nor a results.json that exists"
            )
        try:
            results.append(read_json(path))
            known = list(dict.fromkeys(row["method"] for each in results for row in each["rows"]))
        except Exception as error:
            raise ValueError(f"{path} {_IS_NONE}: {error!r}") from error
    for name in methods:
        check_name("method of these results", name, known)
    return [{**each, "rows": _rows_of(each, methods or known)} for each in results]


def _rows_of(results: dict, methods: list[str]) -> list[dict]:
    """The rows of these methods, in their order."""
    each_once = dict.fromkeys(methods)
    return [row for name in each_once for row in results["rows"] if row["method"] == name]
