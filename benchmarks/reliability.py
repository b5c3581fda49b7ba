"""What becomes of damaged inputs, of faults while a command works, and of memory over time.

    python benchmarks/reliability.py [PART ...]

A part is one of PARTS. Each (by default all, an hour on two idle cores) adds what it found to
`docs/results/reliability.json`, of which `docs/reliability.md` is written anew. A part ends with an
error at the first outcome that is not allowed. The same seeds give the same inputs and moments,
but for those moments that are times. Full disks are small ones of their own where they can be
mounted (as root), else the system's error is raised in their place.
"""

import ast
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "domains")]

RESULTS = ROOT / "docs" / "results" / "reliability.json"
DOCUMENT = ROOT / "docs" / "reliability.md"
INPUTS = 500
# Random moments of a training at which it is killed, and of every other command.
MOMENTS, FEWER = 20, 4
STEPS, PREDICTIONS = 5000, 2000


def inputs() -> dict:
    """Outcomes of the seeded inputs of every reader."""
    import fuzz
    import fuzz_strangers  # noqa: F401  adds its readers to the list

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {reader: dict(fuzz.outcomes(reader, INPUTS)) for reader in fuzz.READERS}


def _given(folder: str):
    import faults

    return faults.Given(Path(folder) / "given", method="source_only")


def killed() -> dict:
    """Commands that are killed at random moments, five times before each may end."""
    import faults

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        given = _given(folder)
        for name in faults.WORKS:
            survived = seed = 0
            while survived < (MOMENTS if name == "training" else FEWER):
                count = 5 if name == "training" else FEWER
                drawn = faults.moments(given, name, count, seed)
                place = Path(folder) / "killed" / f"{len(found)}-{seed}"
                outcome = faults.disturbed(given, name, drawn, place)
                survived, seed = survived + outcome["survived"], seed + 1
                print(name, outcome, flush=True)
            found[name] = survived
    return found


def full() -> dict:
    """Disks that are full when each kind of file is written."""
    import faults

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        given = _given(folder)
        for name in dict.fromkeys(name for name, _ in faults.WRITES.values()):
            kinds = {kind: how for kind, (work, how) in faults.WRITES.items() if work == name}
            with faults.small_disk(Path(folder) / "disk") as disk:
                filler = str(disk / "filler") if disk else ""
                full = [faults.DiskFull(pattern=how, filler=filler) for how in kinds.values()]
                place = (disk or Path(folder)) / f"run-{len(found)}"
                outcome = faults.disturbed(given, name, full, place)
            if outcome["late"]:
                raise faults.Wrong(f"not all was written of {', '.join(kinds)}")
            found |= dict.fromkeys(kinds, "small disk" if disk else "injected error")
            print(found, flush=True)
    return found


def other() -> dict:
    """Clocks that jump, and folders that go, between two epochs."""
    import faults

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        given = _given(folder)
        for name, work, fault in faults.others(Path(folder)):
            faults.disturbed(given, work, [fault], Path(folder) / f"other-{len(found)}")
            print(name, flush=True)
            found[name] = 1
    return found


def machines() -> dict:
    """One of two machines that is killed, by the test of it."""
    test = "tests/runs/test_several_machines.py"
    chosen = ["-k", "one_of_which_was_killed", "-n", "0", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([sys.executable, "-m", "pytest", test, *chosen], cwd=ROOT)
    if done.returncode:
        raise SystemExit("a machine was lost, and the run with it")
    return {"one of two machines killed": 1}


def steps() -> dict:
    """Memory over steps of training."""
    return _in_a_process("training", STEPS)


def predictions() -> dict:
    """Memory over predictions of files."""
    return _in_a_process("predictions", PREDICTIONS)


def calls() -> dict:
    """Memory over calls of `predict`."""
    return _in_a_process("calls", PREDICTIONS)


def _in_a_process(function: str, count: int) -> dict[int, float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1) as pool,
    ):
        return pool.apply(_soak, (function, folder, count, 100))


def _soak(function: str, folder: str, count: int, every: int) -> dict[int, float]:
    import soak

    return getattr(soak, function)(Path(folder), count, every)


def field() -> dict:
    """Tests of field reports, by kind as each file's or class's first line names it."""
    counts = Counter()
    for file in sorted((TESTS / "field").glob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        kind = ast.get_docstring(tree).partition("\n")[0].rstrip(".")
        counts[kind] += sum(
            isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
            for each in ast.walk(tree)
        )
    return dict(counts)


PARTS = {
    each.__name__: each
    for each in (inputs, killed, full, other, machines, steps, predictions, calls, field)
}


# --- the document ---------------------------------------------------------------------------------


def document(found: dict) -> str:
    """The page."""
    import soak as measured

    parts = ["# Reliability", _HEAD]
    if "inputs" in found:
        rows = found["inputs"]
        total = Counter()
        for outcome in rows.values():
            total.update(outcome)
        table = [
            (reader, sum(o.values()), o.get("right", 0), o.get("refused", 0))
            for reader, o in [*rows.items(), ("all", total)]
        ]
        parts += ["## Damaged inputs", _INPUTS, _table("reader|inputs|right|refused", table)]
    faults = [
        *((f"SIGKILL and SIGTERM: {name}", n) for name, n in found.get("killed", {}).items()),
        *((f"full disk: {kind} ({how})", 1) for kind, how in found.get("full", {}).items()),
        *found.get("other", {}).items(),
        *found.get("machines", {}).items(),
    ]
    if faults:
        faults.append(("all", sum(count for _, count in faults)))
        parts += ["## Faults", _FAULTS, _table("fault|injected and survived", faults)]
    soaked = [name for name in _SOAKED if name in found]
    if soaked:
        table = []
        for name in soaked:
            readings = found[name]
            readings = {int(number): value for number, value in readings.items()}
            share = measured.growth(readings, 500)
            last = max(readings)
            row = (_SOAKED[name], last, f"{readings[500]:.0f}", f"{readings[last]:.0f}")
            table.append((*row, f"{100 * share:.1f} %"))
        head = "what|how many|MB after 500|MB at the end|most above 500"
        parts += ["## Soak", _SOAK, _table(head, table)]
    if "field" in found:
        table = [*found["field"].items(), ("all", sum(found["field"].values()))]
        parts += ["## Reports from the field", _FIELD, _table("kind|tests", table)]
    return "\n\n".join(parts) + "\n"


def _table(head: str, rows: list[tuple]) -> str:
    names = head.split("|")
    lines = [names, ["---", *["--:"] * (len(names) - 1)]]
    lines += [[f"{each:,}" if isinstance(each, int) else each for each in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_HEAD = """\
[`python benchmarks/reliability.py`](../benchmarks/reliability.py) runs all of this and writes this
page."""
_INPUTS = """\
Seeded mutations of good files: truncated, emptied, resized, with flipped bits, other types or
names, huge numbers and NaN. Each must be read correctly or refused with one of the package's
errors. Anything else, such as a traceback or five seconds of computing, stops the benchmark."""
_FAULTS = """\
A command is disturbed and then repeated. The repeated command must leave the same files as an
undisturbed one (weights bit for bit, history, scores, every byte of data and predictions), and no
partial ones. On SIGTERM or a full disk, the disturbed command ends with one line that says what to
do. The moments are random but seeded: when a file is opened, renamed or removed, or after some
time. The tests of full disks use small file systems of their own."""
_SOAK = """\
Memory of the process, in MB. The training validates after every hundred steps. Each prediction has
another image size, which is the worst case for TensorFlow."""
_SOAKED = {
    "steps": "training steps, with validation",
    "predictions": "predictions of files (`adaat-keras predict`)",
    "calls": "calls of `model.predict`",
}
_FIELD = """\
Inputs and environments that once made somebody's work fail, here or in related packages. Each is a
test in `tests/field/`."""


def write(results: dict, part: str) -> None:
    """Add a part's results and write the page."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known[part] = results
    known = {name: known[name] for name in PARTS if name in known}
    RESULTS.write_text(json.dumps(known, indent=1) + "\n")
    DOCUMENT.write_text(document(known), encoding="utf-8")


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        raise SystemExit(f"no part {', '.join(unknown)}; choose from {', '.join(PARTS)}")
    for part in chosen:
        write(PARTS[part](), part)
