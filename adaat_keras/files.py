"""Atomic writing, safe reading, and paths."""

import errno
import glob
import hashlib
import io
import json
import math
import os
import re
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class DiskFull(OSError):
    """There is no room to write; the message names the folder and what is missing."""

    def __init__(self, message: str):
        super().__init__(message)
        self.errno = errno.ENOSPC


_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def told_when_full(folder: Path | str, needed: int | None = None) -> Iterator[None]:
    """Turn whatever a library raises when the disk is full into a `DiskFull` with the folder.

    Args:
        folder: Where the block writes.
        needed: Bytes that it writes in all, if known.

    Example:
        >>> with told_when_full("frames"):
        ...     raise OSError(errno.ENOSPC, "No space left on device")
        Traceback (most recent call last):
        ...
        adaat_keras.files.DiskFull: no space left in frames: ... MB are free; ...
    """
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        # TensorFlow and HDF5 have errors of their own, with the system's words in them.
        if getattr(error, "errno", None) in _FULL or os.strerror(errno.ENOSPC) in str(error):
            # A library may have written elsewhere, such as to /tmp.
            place = getattr(error, "filename", None)
            raise _disk_full(Path(place).parent if place else folder, needed) from error
        raise


def _disk_full(folder: Path | str, needed: int | None) -> DiskFull:
    free = shutil.disk_usage(existing(folder)).free
    asked = "" if needed is None else f" of {needed / 1e6:.1f} MB that are needed"
    return DiskFull(
        f"no space left in {folder}: {free / 1e6:.1f} MB are free{asked}; make room and run the "
        "same again, which goes on from here, or choose another folder"
    )


def existing(folder: Path | str) -> Path:
    """A folder, or the nearest of those above it that exists."""
    folder = Path(folder).absolute()
    return next(each for each in (folder, *folder.parents) if each.exists())


def home_expanded(path: Path | str, change: str = "write the whole path") -> Path:
    """Expand `~` in a path.

    Args:
        path: As a user wrote it.
        change: What to do where there is no home.

    Raises:
        ValueError: There is no home folder; the message says `change`. Or the path is empty, which
            would be the folder that one happens to be in.

    Example:
        >>> home_expanded("a/b").as_posix()
        'a/b'
    """
    if path == "":
        raise ValueError("a path is empty, as from a variable that is not set; name the place")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{path}: there is no home folder for ~; {change}") from error


def backslashes(path: Path | str) -> str:
    """A hint for a missing path with backslashes, except on Windows.

    Example:
        >>> backslashes("a/b")
        ''
    """
    if os.sep == "\\" or "\\" not in str(path):
        return ""
    return "; backslashes part folders on Windows alone: write a slash (/) for each"


def slug(name: str) -> str:
    """A name as a valid path component; a changed name gets a hash, so that no two are alike.

    Args:
        name: As a user gave it; what would lead elsewhere, such as `/` and `..`, or a name longer
            than 128 bytes gets another slug than itself.

    Example:
        >>> slug("streets_real"), slug("../my domain")
        ('streets_real', '__my domain~4dac4459')
    """
    safe = _UNSAFE.sub("_", name).encode(errors="ignore")[:_LONGEST].decode(errors="ignore")
    if safe == name:
        return name
    # A name that has a tilde gets another slug, so that this one is nobody's name.
    return f"{safe}~{hashlib.sha256(name.encode(errors='backslashreplace')).hexdigest()[:8]}"


# Also what Windows does not take, so that a folder may be carried there, and what is hidden.
_UNSAFE = re.compile(r"""[\x00-\x1f\x7f/\\:*?"<>|~]+|^[. ]+|[. ]+$|^$""")
_LONGEST = 128


def made_folder(folder: Path | str, change: str) -> Path:
    """A folder, made if need be.

    Args:
        folder: Where.
        change: What to set to have it elsewhere, for the message.

    Raises:
        OSError: It cannot be made or written to; the message says `change`.

    Example:
        >>> import tempfile
        >>> made_folder(tempfile.mkdtemp() + "/a/b", "pass cache=").name
        'b'
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error, change) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _not_writable(folder, PermissionError(errno.EACCES, "not writable"), change)
    return folder


def _not_writable(folder: Path, error: OSError, change: str) -> OSError:
    why = "there is a file of this name" if isinstance(error, FileExistsError) else error.strerror
    # The folder that one is in would be a lone dot.
    folder = folder.absolute() if folder == Path() else folder
    return type(error)(f"{folder} cannot be made or written to ({why}); {change}")


def counted(number: int, thing: str) -> str:
    """A number of things in words.

    Example:
        >>> counted(1, "image"), counted(2, "depth file")
        ('1 image', '2 depth files')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def lost_links(paths: Iterable[Path]) -> list[Path]:
    """Those of the paths that are links to nothing, sorted.

    Example:
        >>> lost_links([Path(".")])
        []
    """
    return sorted(path for path in paths if path.is_symlink() and not path.exists())


def told_lost(links: Sequence[Path]) -> str:
    """What to say of links that lead nowhere.

    Example:
        >>> told_lost([])
        ''
    """
    if not links:
        return ""
    more = f", and so do {len(links) - 1} more" if len(links) > 1 else ""
    return f"{links[0]} is a link to {os.readlink(links[0])}, which is not there{more}"


def through_links_once(paths: Iterable[Path]) -> list[Path]:
    """Paths in their order, without those that lead to the same place through linked folders.

    Example:
        >>> through_links_once([Path("a/b.png"), Path("a/./b.png")])
        [PosixPath('a/b.png')]
    """
    folders: dict[Path, str] = {}
    kept: dict[tuple[str, str], Path] = {}
    # The shortest way is the one that a user knows.
    for path in sorted(paths, key=lambda each: len(each.parts)):
        folder = folders.get(path.parent) or os.path.realpath(path.parent)
        folders[path.parent] = folder
        kept.setdefault((folder, path.name), path)
    return sorted(kept.values())


def pattern_parts(pattern: Path | str) -> tuple[Path, str]:
    """The folder in which a pattern begins, and the rest, which is empty where all of it exists.

    A folder that exists as written is meant, brackets in its name and all.

    Example:
        >>> folder, rest = pattern_parts("no/such/*.png")
        >>> folder.as_posix(), Path(rest).as_posix()
        ('no/such', '*.png')
    """
    parts = Path(pattern).parts
    first = 0
    while first < len(parts):
        if glob.has_magic(parts[first]) and not os.path.isdir(Path(*parts[: first + 1])):
            break
        first += 1
    return Path(*parts[:first]), os.path.join("", *parts[first:])


def matching(pattern: Path | str) -> list[Path]:
    """What matches a pattern, its ending in capitals or small letters; `**` is any folders.

    Example:
        >>> matching("no/such/*.png")
        []
    """
    folder, rest = pattern_parts(pattern)
    stem, dot, ending = rest.rpartition(".")
    if dot and ending.isalnum():
        letters = (f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in ending)
        rest = stem + dot + "".join(letters)
    whole = Path(glob.escape(str(folder)), rest)
    return [Path(each) for each in glob.glob(str(whole), recursive=True)]


def not_taken_below(folder: Path, endings: tuple[str, ...], taken: Iterable[Path]) -> list[Path]:
    """The files of these endings in folders within a folder that are not among those taken.

    What is hidden does not count; a linked folder counts once.

    Args:
        folder: In which; its own files do not count.
        endings: In small letters.
        taken: Files anywhere.

    Example:
        >>> not_taken_below(Path("no/such"), (".png",), [])
        []
    """
    below = []
    seen = {os.path.realpath(folder)}
    for place, folders, names in os.walk(folder, followlinks=True):
        real = {name: os.path.realpath(os.path.join(place, name)) for name in folders}
        folders[:] = sorted(n for n in folders if n[0] != "." and real[n] not in seen)
        seen |= {real[name] for name in folders}
        if Path(place) != folder:
            below += [Path(place, n) for n in names if n[0] != "." and n.lower().endswith(endings)]
    if not below:
        return []
    known: dict[Path, str] = {}

    def real_path(path: Path) -> tuple[str, str]:
        parent = known.get(path.parent) or os.path.realpath(path.parent)
        known[path.parent] = parent
        return parent, path.name

    there = {real_path(path) for path in taken}
    return sorted(path for path in below if real_path(path) not in there)


@contextmanager
def written_whole(path: Path | str) -> Iterator[Path]:
    """Give a temporary path beside `path`, and rename it to `path` if the block succeeds.

    The block writes a file, or a folder where there is none yet. The temporary name keeps the
    ending, since some writers choose the format by it. What a process that was killed has left in
    the same folder is removed. A full disk is a `DiskFull` that names the folder.

    Raises:
        DiskFull: The disk is full.
        OSError: The folder cannot be made or written to.
        RuntimeError: The block has written nothing.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> with written_whole(path) as temporary:
        ...     _ = temporary.write_text("whole")
        >>> path.read_text()
        'whole'
    """
    path = Path(path)
    temporary = path.with_name(f"{_HALF}{os.getpid()}-{socket.gethostname()}-{path.name}")
    with (
        removed_afterwards(temporary),
        told_when_full(path.parent),
        _told_when_not_writable(path.parent, temporary),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_halves(path.parent)
        yield temporary
        if not temporary.exists():
            raise RuntimeError(f"nothing was written to become {path}")
        if temporary.is_dir():
            temporary.rename(path)
            return
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)


def check_not_anothers(folder: Path, names: Sequence[str], mark: str, what: str) -> None:
    """Raise a `FileExistsError` where files would be replaced that somebody else has left.

    Args:
        folder: Where one is going to write; it need not exist.
        names: The files.
        mark: The file by which a folder is known as one's own, of which all may be replaced.
        what: What is going to be written, in words.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "README.md").write_text("my project")
        >>> check_not_anothers(folder, ["README.md"], "config.json", "a run")
        Traceback (most recent call last):
        ...
        FileExistsError: ... has a README.md that a run would replace; ...
    """
    there = [name for name in names if (folder / name).exists()]
    if there and not (folder / mark).exists():
        raise FileExistsError(
            f"{folder.absolute()} has a {there[0]} that {what} would replace; choose a new folder, "
            "or move what is there"
        )


@contextmanager
def _told_when_not_writable(folder: Path, *files: Path) -> Iterator[None]:
    """Name the folder where it, or a file in it, cannot be made."""
    try:
        yield
    except OSError as error:
        places = {*map(str, (folder, *folder.parents, *files))}
        if error.errno in _NOT_WRITABLE and str(error.filename) in places:
            raise _not_writable(folder, error, "choose another folder") from error
        raise
    except Exception as error:
        # TensorFlow has errors of its own, with the path and the system's words in them.
        told = str(error)
        number = next((each for each in _NOT_WRITABLE if os.strerror(each) in told), None)
        if number is not None and any(str(file) in told for file in files):
            why = OSError(number, os.strerror(number))
            raise _not_writable(folder, why, "choose another folder") from error
        raise


_NOT_WRITABLE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT),
    *(errno.ELOOP, errno.ENAMETOOLONG),
)


# What `removed_afterwards` has to remove yet.
_to_remove: set[Path] = set()


@contextmanager
def removed_afterwards(path: Path) -> Iterator[None]:
    """Within, a file or folder may be made at `path`; afterwards it is removed if it is there.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> with removed_afterwards(path):
        ...     _ = path.write_text("for a while")
        >>> path.exists()
        False
    """
    _to_remove.add(path)
    try:
        yield
    finally:
        _remove(path)
        _to_remove.discard(path)


def remove_the_rest() -> None:
    """Remove what `removed_afterwards` could not, since a signal came while it did.

    Example:
        >>> remove_the_rest()
    """
    while _to_remove:
        _remove(_to_remove.pop())


_HALF = ".half-"
# What another machine has left is certainly nobody's after a day.
_DAY = 86400
# Folders that this process has looked at: once is enough, and some hold many files.
_looked_at: set[Path] = set()


def _remove_halves(folder: Path) -> None:
    """Remove what `written_whole` has left in a folder when its process was killed."""
    folder = folder.absolute()
    if folder in _looked_at:
        return
    _looked_at.add(folder)
    for half in folder.glob(f"{_HALF}*"):
        found = re.match(rf"{re.escape(_HALF)}(\d+)-(.*)", half.name)
        with suppress(OSError):
            ours = found and found[2].startswith(f"{socket.gethostname()}-")
            if has_ended(int(found[1])) if ours else time.time() - half.stat().st_mtime > _DAY:
                _remove(half)


def has_ended(process: int) -> bool:
    """Whether no process of this machine has this number.

    Example:
        >>> has_ended(os.getpid())
        False
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


class Hdf5(io.BytesIO):
    """Memory for HDF5, to be written to a file as a whole.

    HDF5 itself ends the process with a segmentation fault where the disk is full. Keras takes this
    for a path by its name.

    Example:
        >>> import keras
        >>> file = Hdf5()
        >>> keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save_weights(file)
        >>> file.getvalue()[1:4]
        b'HDF'
    """

    def __str__(self) -> str:
        return "memory.weights.h5"


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON."""
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path | str, most: int = 2**26) -> dict | list | str | float | bool | None:
    """What a JSON file holds, whoever wrote it.

    Args:
        path: The file.
        most: The most bytes that are read.

    Raises:
        FileNotFoundError: There is no such file, or it is no plain one.
        ValueError: It is too large, no JSON, nested without end, or holds a number that is none
            (NaN, Infinity); names the file.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.json"
        >>> _ = path.write_text('{"frames": 100}')
        >>> read_json(path)
        {'frames': 100}
    """
    path = Path(path)
    if not path.is_file():
        # A pipe would be waited for.
        other = "is no plain file" if path.exists() else "does not exist"
        raise FileNotFoundError(f"{path} {other}")
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{path} has more than {most} bytes, which is no file of ours")
    try:
        # Editors on Windows write a mark before the text.
        return json_of(data.decode("utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error


def json_of(text: str) -> dict | list | str | float | bool | None:
    """What JSON says, by the standard: NaN, Infinity and what overflows to it are no numbers.

    Raises:
        ValueError: It is no JSON, or nested too deeply.

    Example:
        >>> json_of('{"frames": NaN}')
        Traceback (most recent call last):
        ...
        ValueError: NaN is no number in JSON
    """

    def refuse(name: str) -> float:
        raise ValueError(f"{name} is no number in JSON")

    def number(digits: str) -> float:
        return float(digits) if math.isfinite(float(digits)) else refuse(digits)

    try:
        return json.loads(text, parse_constant=refuse, parse_float=number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


CHANGE_CACHE = "set the environment variable ADAAT_KERAS_CACHE to a folder that can be written"
"""What to do where the cache cannot be made."""


def cache_folder() -> Path:
    """The folder for data that can be recreated.

    The folder that the environment variable `ADAAT_KERAS_CACHE` names, or `~/.cache/adaat_keras`.

    Raises:
        ValueError: There is no home folder; the message names the variable.
    """
    where = os.environ.get("ADAAT_KERAS_CACHE") or "~/.cache/adaat_keras"
    return home_expanded(where, CHANGE_CACHE)
