"""Files: written so that a kill at any moment leaves the old or the new one, and where to."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path | str) -> Iterator[Path]:
    """Give a temporary path beside `path`, and rename it to `path` if the block succeeds.

    The temporary name keeps the ending, since some writers choose the format by it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> with written_whole(path) as temporary:
        ...     _ = temporary.write_text("whole")
        >>> path.read_text()
        'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_halves(folder: Path | str) -> None:
    """Remove what `written_whole` left half written in a folder when its process was killed.

    For folders that no other process writes to.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in (".123-a.txt", "a.txt", ".hidden"):
        ...     (folder / name).touch()
        >>> remove_halves(folder)
        >>> sorted(file.name for file in folder.iterdir())
        ['.hidden', 'a.txt']
    """
    for file in Path(folder).rglob(".*-*"):
        if file.is_file() and file.name[1:].partition("-")[0].isdigit():
            file.unlink()


def write_json(path: Path, value) -> None:
    """Write a value as indented JSON."""
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n")


def cache_folder() -> Path:
    """Where what can be made again is kept.

    The folder that the environment variable `ADAAT_KERAS_CACHE` names, or `~/.cache/adaat_keras`.
    """
    return Path(os.environ.get("ADAAT_KERAS_CACHE") or "~/.cache/adaat_keras").expanduser()
