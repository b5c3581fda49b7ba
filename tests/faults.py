"""Faults while a command is at work, and what becomes of it when it is given again.

`benchmarks/reliability.py` tries them. A command runs in a process of its own. What happens to it
hangs on the files that it opens, renames and removes (Python's audit events), so that the same
number is the same moment, however busy the machine is; or on the time since it was started.
"""

import errno
import functools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from processes import begin, command, start

from adaat_keras.training.callbacks import read_history

_LONGEST = 600


class Wrong(AssertionError):
    """An outcome that is not allowed."""


# --- faults ---------------------------------------------------------------------------------------

_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}


@dataclass
class Fault:
    """Comes at the n-th file event in a folder whose name or path matches a pattern.

    Audit hooks stay for the rest of the process; a fault comes once.
    """

    number: int = 1
    pattern: str = ""
    folder: str = field(default="", init=False)
    seen: int = field(default=0, init=False)

    def __call__(self, event: str, arguments: tuple) -> None:
        if event not in _EVENTS or self.number < 0:
            return
        path = arguments[0]
        if not isinstance(path, str | os.PathLike) or not str(path).startswith(self.folder):
            return
        if not re.search(self.pattern, f"{event} {path}"):
            return
        self.seen += 1
        if self.seen == self.number:
            self.number = -1
            self.come(str(path))

    def begin(self) -> None:
        """Before the command: what does not wait for a file."""

    def come(self, path: str) -> None:
        """The fault itself."""

    def is_late(self, status: int, seen: int) -> bool:
        """Whether a command with so many file events had ended before."""
        return status == 0 and seen < self.number

    def check(self, status: int, said: str, place: Path) -> None:
        """Raise `Wrong` unless the command ended as it must."""


@dataclass
class Killed(Fault):
    """SIGKILL or SIGTERM; at a time (seconds) where one is given."""

    signal: int = signal.SIGKILL
    after: float | None = None

    def come(self, path):
        if self.after is None:
            os.kill(os.getpid(), self.signal)

    def is_late(self, status, seen):
        return status == 0 and (self.after is not None or seen < self.number)

    def check(self, status, said, place):
        if self.signal == signal.SIGKILL:
            expected = status == -signal.SIGKILL
        else:
            # Before the command has begun, the system's own way.
            told = status == 143 and "stopped by SIGTERM; " in said
            expected = told or (status == -signal.SIGTERM and self.after is not None)
        if not expected:
            raise Wrong(f"{self} ended with {status}: {said[-2000:]}")


@dataclass
class DiskFull(Fault):
    """The disk is full from then on: a small one in truth, else the system's error."""

    filler: str = ""

    def come(self, path):
        if not self.filler:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        handle = os.open(self.filler, os.O_WRONLY | os.O_CREAT)
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    os.write(handle, b"\0" * size)
            except OSError:
                pass
        os.close(handle)

    def check(self, status, said, place):
        lines = [line for line in said.splitlines() if "no space left in" in line]
        # A picture that fails costs a line of its own before.
        if status != 2 or not lines or str(place) not in lines[-1] or "make room" not in lines[-1]:
            raise Wrong(f"{self} ended with {status}: {said[-2000:]}")
        if "Traceback" in said:
            raise Wrong(f"{self}: {said[-2000:]}")


@dataclass
class Gone(Fault):
    """A folder is deleted."""

    what: str = ""

    def come(self, path):
        shutil.rmtree(self.what)

    def check(self, status, said, place):
        if status not in (0, 2) or "Traceback" in said or "This is a bug" in said:
            raise Wrong(f"{self} ended with {status}: {said[-2000:]}")


@dataclass
class ClockJumps(Fault):
    """The clock goes forward and back by up to decades, at every look at it."""

    seed: int = 0

    def begin(self):
        true, rng = time.time, random.Random(self.seed)
        jumps = (0, 3600, -3600, 86400 * 400, -86400 * 400, 86400 * 365 * 30, -86400 * 365 * 50)
        time.time = lambda: true() + rng.choice(jumps)

    def check(self, status, said, place):
        if status:
            raise Wrong(f"{self} ended with {status}: {said[-2000:]}")


# --- works ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """A command that leaves something in a folder, and what must be equal in the end."""

    command: Callable[["Given", Path], list]
    result: Callable[[Path], dict]
    prepare: Callable[["Given", Path], None] = lambda given, place: None


class Given:
    """What commands read: frames of the streets, photos, and a finished run; made when asked for.

    Args:
        folder: Where they lie.
        method: What is trained.
        run: A finished run of it, where there is one.
    """

    def __init__(self, folder: Path, method: str = "ada_atdt", run: Path | None = None):
        self.folder, self.method = folder, method
        folder.mkdir(parents=True, exist_ok=True)
        self.streets = {"frames": 4, "height": 64, "width": 64, "cache": str(folder / "streets")}
        self.images = folder / "images"
        self.images.mkdir(exist_ok=True)
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 256, (40, 50, 3), np.uint8)
            Image.fromarray(pixels).save(self.images / f"{number}.png")
        if run is not None:
            self.run = run
        # Before anything is timed.
        begin()

    @functools.cached_property
    def run(self) -> Path:
        """The folder of an undisturbed run."""
        return self.whole("training")[0]

    @functools.cache  # noqa: B019
    def whole(self, name: str) -> tuple[Path, dict, int, float]:
        """What a work leaves undisturbed: folder, result, file events, seconds."""
        place = self.folder / "whole" / name
        WORKS[name].prepare(self, place)
        counter, start = Fault(number=0), time.monotonic()
        status, said, seen = _start(self, name, place, counter)
        if status:
            raise Wrong(f"{name}, undisturbed, ended with {status}: {said[-2000:]}")
        return place, WORKS[name].result(place), seen, time.monotonic() - start


def _train(given: Given, place: Path, *more: str) -> list:
    opened = json.dumps(given.streets)
    sizes = "--size tiny --transfer conv --epochs 2 --steps-per-epoch 2 --batch-size 4 --crop 64"
    return [
        *("train", "--method", given.method, *sizes.split(), "--validation-frames", "2"),
        *("--source-options", opened, "--target-options", opened, "--directory", place, *more),
    ]


def _trained(place: Path) -> dict:
    """Weights, history and scores of a finished run."""
    found = {}
    for file in sorted([*place.glob("networks/*.keras"), place / "model.keras"]):
        with zipfile.ZipFile(file) as archive:
            found[file.name] = archive.read("model.weights.h5")
    for picture in ("panels.png", "curves.png"):
        Image.open(place / picture).load()
    if (place / "state/failed.json").exists():
        raise Wrong(f"{place}: a part of the report is missing")
    found["history"] = read_history(place / "history.csv")
    found["metrics"] = json.loads((place / "metrics.json").read_text())
    return found


def _undrawn(given: Given, place: Path) -> None:
    """A run whose scores and pictures are still to come."""
    shutil.copytree(given.run, place)
    for name in ("metrics.json", "README.md", "panels.png", "curves.png", "tsne.png"):
        (place / name).unlink(missing_ok=True)


def _files(place: Path, pattern: str = "*") -> dict:
    files = (p for p in place.rglob(pattern) if p.is_file() and p.name != "lock")
    return {str(p.relative_to(place)): p.read_bytes() for p in files}


def _data(action: str, given: Given, place: Path, *more) -> list:
    return ["data", action, "streets_sim", "--split", "val", *more]


def _show(given: Given, place: Path) -> list:
    opened = json.dumps({**given.streets, "frames": 12, "cache": str(place)})
    out = given.folder / f"{place.name}.png"
    return _data("show", given, place, "--domain-options", opened, "--out", out)


def _pack(given: Given, place: Path) -> list:
    opened = json.dumps(given.streets)
    out = ("--shard-frames", "1", "--out", place / "val")
    return _data("pack", given, place, "--domain-options", opened, *out)


WORKS: dict[str, Work] = {
    "training": Work(_train, _trained),
    "training from a disk cache": Work(
        lambda given, place: _train(given, place, "--cache", "disk"), _trained
    ),
    "scores and pictures": Work(_train, _trained, _undrawn),
    "frames of streets": Work(_show, lambda place: _files(place, "*.npy")),
    "streets as a data set": Work(
        lambda given, place: [
            *("data", "write-streets", "--layout", "kitti", "--out", place),
            *("--frames", "5", "--height", "32", "--width", "64"),
        ],
        _files,
    ),
    "shards": Work(_pack, _files),
    "export": Work(
        lambda given, place: ["export", given.run, "--out", place / "exported"],
        lambda place: _files(place / "exported", "variables.*"),
    ),
    "preset": Work(
        lambda given, place: ["preset", given.run, "--name", "mine", "--weights", place],
        lambda place: _files(place, "*.h5") | _files(place, "*.json"),
    ),
    "predictions": Work(
        lambda given, place: ["predict", given.images, "--weights", given.run, "--out", place],
        _files,
    ),
}


# --- commands with a fault ------------------------------------------------------------------------


def _disturbed(fault: Fault, seen: Path, *arguments) -> int:
    fault.begin()
    sys.addaudithook(fault)
    status = command(*arguments)
    seen.write_text(str(fault.seen))
    return status


def _start(given: Given, name: str, place: Path, fault: Fault) -> tuple[int, str, int]:
    """The exit status of a work's command with a fault, what it said, and the file events."""
    place.parent.mkdir(parents=True, exist_ok=True)
    told, seen = given.folder / "told.txt", given.folder / "seen.txt"
    seen.unlink(missing_ok=True)
    fault.folder = fault.folder or str(place)
    environment = {"ADAAT_KERAS_CACHE": str(place / "cache"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    arguments = (fault, seen, *WORKS[name].command(given, place))
    process = start(_disturbed, *arguments, told=told, environment=environment)
    after = getattr(fault, "after", None)
    if after is not None:
        process.join(after)
        if process.exitcode is None:
            os.kill(process.pid, fault.signal)
    process.join(_LONGEST)
    if process.exitcode is None:
        process.kill()
        raise Wrong(f"{name} with {fault} went on for more than {_LONGEST} s")
    said = told.read_text(errors="replace") if told.exists() else ""
    return process.exitcode, said, int(seen.read_text()) if seen.exists() else 0


def disturbed(given: Given, name: str, faults: Sequence[Fault], place: Path) -> dict[str, int]:
    """Give a work's command with one fault after the other, then without.

    Args:
        given: What commands read.
        name: In `WORKS`.
        faults: One for each time.
        place: The folder that it writes to.

    Returns:
        How many faults were `"survived"`, and how many were `"late"`: it had finished before.

    Raises:
        Wrong: A command ended in another way than it must, something half written was left, or
            the end is not what the undisturbed command leaves.
    """
    _, expected, *_ = given.whole(name)
    WORKS[name].prepare(given, place)
    late = 0
    for fault in faults:
        before = _halves(place)
        status, said, seen = _start(given, name, place, fault)
        if fault.is_late(status, seen) or _is_there(status, said):
            late += 1
            # There is nothing left to disturb: from the start.
            shutil.rmtree(place)
            WORKS[name].prepare(given, place)
            continue
        fault.check(status, said, place)
        # What was killed before is removed by the first that writes to the same folder.
        left = _halves(place) - before
        if left and getattr(fault, "signal", None) != signal.SIGKILL:
            raise Wrong(f"{name} after {fault}: {left} is left")
        Path(getattr(fault, "filler", "") or os.devnull + "x").unlink(missing_ok=True)
    status, said, _ = _start(given, name, place, Fault(number=0))
    if status and not _is_there(status, said):
        raise Wrong(f"{name} after {faults} ended with {status}: {said[-2000:]}")
    left = _halves(place) | {*place.rglob("lock.json")}
    if left:
        raise Wrong(f"{name} after {faults}: {left} is left")
    found = WORKS[name].result(place)
    differing = sorted(n for n in {*found, *expected} if found.get(n) != expected.get(n))
    if differing:
        raise Wrong(f"{name} after {faults} ended in other {', '.join(differing)}")
    return {"survived": len(faults) - late, "late": late}


def _is_there(status: int, said: str) -> bool:
    """Whether a command that replaces nothing says that its work is done."""
    return status == 2 and "exists; delete it" in said


def _halves(place: Path) -> set[Path]:
    """What is half written. The file of a lock is not: nobody reads it who gets the lock."""
    return {p for p in place.rglob(".*") if p.name.startswith((".half-", ".making-"))}


def moments(given: Given, name: str, count: int, seed: int) -> list[Killed]:
    """Random moments of a work, by turns at a file event and at a time, SIGKILL and SIGTERM."""
    rng = random.Random(f"{name} {seed}")
    _, _, events, seconds = given.whole(name)
    drawn = []
    for number in range(count):
        sent = (signal.SIGKILL, signal.SIGTERM)[number // 2 % 2]
        after = rng.uniform(0, seconds) if number % 2 else None
        drawn.append(Killed(rng.randint(1, events), signal=sent, after=after))
    return drawn


# When the disk is full, by what is written then: the work, and the event.
WRITES: dict[str, tuple[str, str]] = {
    "frames": ("frames of streets", r"os\.mkdir .*\.making-"),
    "data set": ("streets as a data set", r"open .*\.half-.*000002_10\.png"),
    "shards": ("shards", r"os\.rename .*-00000\.tfrecord"),
    "cache": ("training from a disk cache", r"os\.mkdir .*cache/frames/.*-image-"),
    "first weights": ("training", r"open .*\.half-.*initial\.weights\.h5"),
    "log": ("training", r"os\.rename .*-\w{16}/\.half-.*lock\.json"),
    "history": ("training", r"open .*\.half-.*history\.csv"),
    "checkpoint": ("training", r"open .*\.half-.*epoch-0002\.weights\.h5"),
    "network": ("training", r"open .*\.half-.*encoder_2\.keras"),
    "model": ("training", r"open .*\.half-.*model\.keras"),
    "picture": ("training", r"open .*\.half-.*panels\.png"),
    "scores": ("training", r"open .*\.half-.*metrics\.json"),
    "export": ("export", r"os\.rename .*|os\.mkdir .*"),
    "preset": ("preset", r"open .*\.half-.*weights\.h5"),
    "manifest": ("preset", r"open .*\.half-.*manifest\.json"),
    "predictions": ("predictions", r"open .*\.half-.*1_\w+\.png"),
}


@contextmanager
def small_disk(folder: Path, size: str = "64m") -> Iterator[Path | None]:
    """A disk of its own at a folder; `None` where none can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(["mount", *options], capture_output=True).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def others(folder: Path) -> list[tuple[str, str, Fault]]:
    """Faults of other kinds in a training, as name, work and fault.

    Args:
        folder: Where what is deleted lies; the training's own lies in `other-N`.
    """
    epoch = r"os\.rename .*epoch-0001"
    return [
        ("a clock that jumps", "training", ClockJumps()),
        (
            "frames of streets deleted between two epochs",
            "training",
            Gone(pattern=epoch, what=str(folder / "given" / "streets")),
        ),
        (
            "a disk cache deleted between two epochs",
            "training from a disk cache",
            Gone(pattern=epoch, what=str(folder / "other-2" / "cache")),
        ),
    ]
