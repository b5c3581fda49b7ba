"""What becomes of damaged inputs, by reader, as a Markdown table.

    python benchmarks/reliability.py [INPUTS]

Prints, for every reader of data, how many of the seeded inputs of `tests/domains/fuzz.py` were
read right and how many were refused by one of the package's errors; any other outcome ends it.
"""

import os
import sys
import warnings
from pathlib import Path

INPUTS = 500


def data_readers(inputs: int = INPUTS) -> str:
    """The table of the readers of data."""
    tests = Path(__file__).parent.parent / "tests"
    sys.path[:0] = [str(tests / "domains"), str(tests)]
    import fuzz
    import fuzz_strangers  # noqa: F401  adds its readers to the list

    rows = ["| reader | inputs | right | refused |", "| --- | --: | --: | --: |"]
    total = fuzz.Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for reader in fuzz.READERS:
            found = fuzz.outcomes(reader, inputs)
            total += found
            rows.append(_row(reader, found))
    return "\n".join([*rows, _row("all", total)])


def _row(name: str, found) -> str:
    counts = sum(found.values()), found["right"], found["refused"]
    return f"| {name} | {' | '.join(f'{count:,}' for count in counts)} |"


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(data_readers(int(sys.argv[1]) if len(sys.argv) > 1 else INPUTS))
