"""Lists the pictures in a data set's folders, and reports those that are skipped."""

import glob
import re
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from adaat_keras.files import counted

Files = dict[str, Path]
SkipBad = bool | Literal["missing"]
IMAGES = (".png", ".jpg", ".jpeg")
LABELS = (".png",)
COLUMNS = ("images", "semantic", "depth", "disparity", "normals")
"""The arguments of `Folder` that say where files are."""
# What holds pictures, but is not read here.
PICTURES = (
    *(".png", ".jpg", ".jpeg", ".jp2", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".dng"),
    *(".ppm", ".pgm", ".pbm", ".pfm", ".exr", ".hdr", ".raw", ".npy", ".npz", ".mat", ".h5"),
)


class Pictures:
    """The pictures directly in a folder, by their names without extensions.

    Extensions are case-insensitive. If several images have the same name, the PNG is taken, and a
    warning reports the others.

    Args:
        folder: The folder; it need not exist.
        endings: Supported extensions.
        wanted: Tells whether a name, without extension, belongs to the data set.
        known: Pattern of other names that are expected, and ignored.

    Raises:
        ValueError: There are pictures with the wanted names, but other extensions, or images in an
            unsupported format.
    """

    def __init__(
        self,
        folder: Path,
        endings: tuple[str, ...] = LABELS,
        wanted: Callable[[str], bool] = lambda name: True,
        known: str = "",
    ):
        self.folder, self.endings = folder, endings
        self.by_name: dict[str, Path] = {}
        others, twins = [], []
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            ending = path.suffix.lower()
            if path.name.startswith(".") or ending not in PICTURES or not path.is_file():
                continue
            if not wanted(path.stem):
                if not re.fullmatch(known or "(?!)", path.stem):
                    others.append(path)
            elif ending not in endings:
                others.append(path)
            elif path.stem in self.by_name:
                twins.append(path)
                if ending == ".png":
                    self.by_name[path.stem] = path
            else:
                self.by_name[path.stem] = path
        self.others = others
        if endings == IMAGES and self.by_name and others:
            self._tell(others, "whose names or endings are not this data set's")
        if endings == IMAGES and twins:
            self._tell(twins, "since another has the same name, and the PNG is taken")

    def _tell(self, paths: list[Path], why: str) -> None:
        names = ", ".join(path.name for path in paths[:3])
        warnings.warn(
            f"{self.folder}: took {counted(len(self.by_name), 'image')}, but not "
            f"{counted(len(paths), 'picture')}, such as {names}, {why}",
            stacklevel=6,
        )

    def path(self, name: str) -> Path:
        """The path, or expected path, of the picture with a name."""
        return self.by_name.get(name, self.folder / f"{name}{self.endings[0]}")

    def __iter__(self):
        return iter(self.by_name.values())


def check_all_taken(name: str, frames: list[Files], named: tuple[str, ...] = ()) -> None:
    """Check for folders whose label files belong to no image.

    Args:
        name: The domain's name, for messages.
        frames: The expected files of each frame.
        named: Keys whose folder the user gave.

    Raises:
        FileNotFoundError: A folder has pictures, or was given by the user, but none of them
            belongs to an image. (If only some do not, there is a warning.)
    """
    # Sorted, so that every process names the same folder first.
    for key in sorted({key for files in frames for key in files} - {"image", "camera"}):
        expected = [files[key] for files in frames if key in files]
        wanted = set(expected)
        there = {
            path
            for folder in {path.parent for path in expected}
            if folder.is_dir()
            for path in folder.iterdir()
            if path.suffix.lower() in PICTURES and not path.name.startswith(".")
        }
        taken = wanted & there
        images = f"{counted(len(frames), 'image')} ({frames[0]['image'].parent})"
        if not taken and (there or key in named):
            raise FileNotFoundError(
                f"{name}: {images}, but none of them pairs by name with a {key} file in "
                f"{expected[0].parent}, looking for {expected[0].name}, ...; "
                f"{content_of(expected[0].parent)}"
            )
        pattern = _pattern(expected[0])
        alone = sorted(path for path in there - wanted if pattern.fullmatch(path.name.lower()))
        if taken and alone:
            warnings.warn(
                f"{name}: paired {len(taken)} of {images} with {key} files; no image pairs with "
                f"{counted(len(alone), f'{key} file')}, such as {alone[0]}",
                stacklevel=5,
            )


def _pattern(path: Path) -> re.Pattern:
    """A pattern for names of the same form, with other numbers and, before them, other words."""
    form = re.sub(r"\\d\+|\d+", r"\\d+", re.escape(path.name.lower()))
    # The last number tells pictures of one frame apart, as KITTI's _10 and _11.
    last = re.search(r"_(\d\d)\.", path.name)
    if last:
        form = re.sub(r"\\d\+(\\\.[a-z]+)$", rf"{last[1]}\1", form)
    return re.compile(form)


def content_of(folder: Path, names: int = 3, hint: str = "") -> str:
    """A description of a folder's content: files per extension, some names, and subfolders.

    The `hint` is added to the subfolders.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return f"there is no {folder}"
    inside = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    files = [each for each in inside if each.is_file()]
    counts = Counter(each.suffix or each.name for each in files)
    parts = [f"{count} {ending}" for ending, count in counts.most_common(5)]
    if files and names:
        parts[-1] += f" (such as {', '.join(each.name for each in files[:names])})"
    folders = [each.name for each in inside if each.is_dir()]
    if folders:
        more = ", ..." if len(folders) > 5 else ""
        parts.append(f"the folders {', '.join(folders[:5])}{more}{hint}")
    return f"{folder.absolute()} has {', '.join(parts) or 'nothing in it'}"


def instead(path: Path) -> str:
    """A note on files with the same name, but another extension."""
    beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}.*")) if path.parent.exists() else []
    names = ", ".join(each.name for each in beside)
    jpeg = any(each.suffix.lower() in (".jpg", ".jpeg") for each in beside)
    change = "; JPEG changes labels: get them as PNG" if jpeg else ""
    return f"there is {names}{change}" if names else ""


def check_skip_bad(skip_bad: SkipBad) -> None:
    """Check `skip_bad`, since any other true value would skip frames.

    Raises:
        ValueError: It is none of `False`, `True` and `"missing"`.

    Example:
        >>> check_skip_bad("mising")
        Traceback (most recent call last):
        ...
        ValueError: skip_bad is False, True or "missing", not 'mising'
    """
    if not isinstance(skip_bad, bool) and not (isinstance(skip_bad, str) and skip_bad == "missing"):
        raise ValueError(f'skip_bad is False, True or "missing", not {skip_bad!r}')
