"""One process at a time in a folder: the second one is told who has it."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from adaat_keras.files import has_ended, write_json

_FILE, _OWNER = "lock", "lock.json"


class InUse(OSError):
    """A folder that another process works in."""


@contextmanager
def locked(folder: Path, advice: str, wait: bool = False, verbose: int = 1) -> Iterator[None]:
    """Hold a folder's lock; other processes get an error, or wait.

    The lock is the operating system's: it ends with its process, however that ends.

    Args:
        folder: Made if need be.
        advice: What a second process is told to do.
        wait: Wait for the other process, and say so, in place of an error.
        verbose: 0 prints nothing.

    Raises:
        InUse: Another process has it: says which, on which machine, since when.

    Example:
        >>> import tempfile
        >>> with locked(Path(tempfile.mkdtemp()), "wait for it"):
        ...     print("mine")
        mine
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        owner = _owner(folder)
        if not wait:
            raise InUse(f"{folder} is in use by {owner}; {advice}") from None
        if verbose:
            print(f"{folder} is in use by {owner}: waiting for it", flush=True)
        lock.acquire()
    try:
        told = {
            "process": os.getpid(),
            "machine": socket.gethostname(),
            "since": datetime.now().isoformat(sep=" ", timespec="seconds"),
        }
        write_json(folder / _OWNER, told)
        yield
    finally:
        (folder / _OWNER).unlink(missing_ok=True)
        lock.release()


def _owner(folder: Path) -> str:
    """The process that has a folder, in words."""
    for _ in range(10):
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads((folder / _OWNER).read_text(encoding="utf-8"))
            ours = told["machine"] == socket.gethostname()
            if not (ours and has_ended(told["process"])):
                return f"process {told['process']} on {told['machine']} since {told['since']}"
        # The new owner may not have written its name yet; the file may be a killed process's.
        time.sleep(0.1)
    return "another process"
