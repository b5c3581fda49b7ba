"""Rows of a benchmark that need no training: an earlier one's."""

import json
from pathlib import Path

from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.versions import versions


def known_rows(path: Path | str, config: RunConfig) -> dict[tuple[str, int], dict]:
    """The rows of a `results.json`, by method and seed.

    Args:
        path: The file, as a benchmark wrote it, on whatever machine.
        config: What all runs of the benchmark that goes on have in common.

    Returns:
        What a benchmark's `"rows"` hold, by `(method, seed)`.

    Raises:
        ValueError: The file holds no results, or those of another configuration or version; names
            the file and what differs. Where the data lies and is cached may differ.
    """
    try:
        results = json.loads(Path(path).read_text())
        theirs = {**what_decides(RunConfig.read(results["config"])), **results["versions"]}
        rows = {(row["method"], row["seed"]): row for row in results["rows"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is no benchmark's results.json with its versions: {error!r}"
        ) from error
    ours = {**what_decides(config), **versions()}
    differing = [
        f"{name} is {theirs.get(name)!r} there, {value!r} now"
        for name, value in ours.items()
        if theirs.get(name) != value
    ]
    if differing:
        raise ValueError(f"{path} holds another benchmark: {'; '.join(differing)}")
    return rows


def what_decides(config: RunConfig) -> dict:
    """A configuration's options as JSON has them, without the places of another machine."""
    options = json.loads(json.dumps(config.to_dict()))
    del options["cache"]
    for role in ("source_options", "target_options"):
        for place in ("root", "cache"):
            options[role].pop(place, None)
    return options
