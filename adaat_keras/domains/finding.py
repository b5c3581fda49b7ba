"""Finds a user's files by roots, folders and patterns, and pairs those of one frame."""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from numbers import Real
from os.path import commonpath, expanduser
from pathlib import Path

from adaat_keras.domains.domain import NoSplit, check_split
from adaat_keras.domains.file_domain import NoFrames
from adaat_keras.domains.listing import PICTURES, Files, content_of
from adaat_keras.files import (
    backslashes,
    counted,
    home_expanded,
    lost_links,
    matching,
    not_taken_below,
    pattern_parts,
    through_links_once,
    told_lost,
)

Patterns = str | Path | Sequence[str | Path]


def check_root(
    name: str, root: Path | str | None, holds: Callable[[Path], bool], expected: str
) -> Path:
    """Return a data set's root as a path, after checking it.

    Args:
        name: The domain's name, for messages.
        root: The path that the user gave.
        holds: A function that tells whether a folder is this data set's root.
        expected: A description of a root's content.

    Raises:
        ValueError: No root was given; or it is not the data set's root, and the message suggests
            the right one if it is above or below.
        FileNotFoundError: There is no such folder.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> (root / "training").mkdir()
        >>> check_root("kitti", root, lambda folder: (folder / "training").is_dir(), "") == root
        True
    """
    if root is None:
        raise ValueError(f"{name} needs root=, the folder that contains {expected}")
    root = home_expanded(root)
    if not root.is_dir():
        raise FileNotFoundError(
            f"{root}: there is no such folder; {name}'s root= is the folder that contains "
            f"{expected}{backslashes(root)}"
        )
    if holds(root):
        return root
    message = f"{root} is not {name}'s root, which contains {expected}"
    outside = next((folder for folder in root.absolute().parents if holds(folder)), None)
    if outside:
        raise ValueError(f"{message}: it lies inside the right folder; pass root={outside}")
    inside = next((folder for folder in _below(root, levels=2) if holds(folder)), None)
    if inside:
        raise ValueError(f"{message}: it is a parent of the right folder; pass root={inside}")
    raise ValueError(
        f"{message}; {content_of(root)}; see the docstring of its class for the folder tree, and "
        "Folder for other trees"
    )


def check_folder(name: str, folder: Path | str) -> Path:
    """The folder as a path, if it exists; `name` is the argument that gave it.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    folder = home_expanded(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder}: there is no such folder; correct {name}={backslashes(folder)}"
        )
    return folder


def _below(folder: Path, levels: int):
    """The folders inside this one, nearest first."""
    children = sorted(child for child in folder.iterdir() if child.is_dir())
    yield from children
    if levels > 1:
        for child in children:
            yield from _below(child, levels - 1)


_SPLITS = ("train", "val", "test")
_SPLIT = "{split}"

_READABLE = {"image": (".png", ".jpg", ".jpeg", ".npy")}
_LABELS = (".png", ".npy")


def check_patterns(**options: Patterns | None) -> None:
    """Raise a `ValueError` that names the first option that is an empty path or list.

    Example:
        >>> check_patterns(images="cam/*.png", depth=None)
        >>> check_patterns(images=[])
        Traceback (most recent call last):
        ...
        ValueError: images= must be a folder, a pattern, or a list of some, not []
    """
    for option, given in options.items():
        listed = [given] if isinstance(given, str | Path) else given
        if given is None and option != "images":
            continue
        some = isinstance(listed, Sequence) and len(listed) > 0
        if not some or not all(isinstance(each, str | Path) and str(each) for each in listed):
            raise ValueError(
                f"{option}= must be a folder, a pattern, or a list of some, not {given!r}"
            )


def found(
    name: str,
    columns: Mapping[str, Patterns],
    split: str,
    fractions: Mapping[str, float] | None = None,
) -> dict[str, list[Path]]:
    """The sorted files of every column.

    Args:
        name: The domain's name, for messages.
        columns: Folders, patterns or files by key; `{split}` in them is replaced by the split.
        split: The split.
        fractions: Shares by which frames are divided into splits, if they are.

    Raises:
        NoSplit: There is no such split.
        FileNotFoundError: A column has no files; says what is there.
        ValueError: A file has an unsupported extension.
    """
    check_split(split, _SPLITS)
    listed = {
        key: [str(p) for p in ([given] if isinstance(given, str | Path) else given)]
        for key, given in columns.items()
    }
    by_name = {key for key, patterns in listed.items() if any(_SPLIT in p for p in patterns)}
    if by_name and fractions is not None:
        raise ValueError(f"{name}: frames are split by {_SPLIT} in the patterns or by fractions")
    if by_name and "image" not in by_name:
        raise ValueError(f"{name}: labels have {_SPLIT} in their patterns, images have not")
    if not by_name and fractions is None and split != "train":
        raise NoSplit(
            f"{name} has no split {split!r}: all its frames are the training split; put {_SPLIT} "
            "into the patterns, or cut them by fractions="
        )
    files: dict[str, list[Path]] = {}
    listed = {
        key: [expanduser(pattern.replace(_SPLIT, split)) for pattern in patterns]
        for key, patterns in listed.items()
    }
    for key, patterns in listed.items():
        matches = {path: None for pattern in patterns for path in _matches(key, pattern)}
        if matches:
            files[key] = sorted(matches)
        elif key in by_name and key != "image" and not any(map(_base_exists, patterns)):
            warnings.warn(
                f"{name}: the split {split!r} has no {key}, since there is no {patterns[0]}",
                stacklevel=4,
            )
        else:
            kind = NoFrames if key in by_name else FileNotFoundError
            lines = "; ".join(f"{p}: {_there(p)}{backslashes(p)}" for p in patterns)
            raise kind(f"{name} finds no {_file(key)}s: {lines}")
    _tell_of_folders_within(name, listed, files)
    return files


def training_images(name: str, images: Patterns, split: str, own: list[Path]) -> list[Path]:
    """The images of the training split, which determine settings for all splits.

    Args:
        name: The domain's name, for messages.
        images: As the user gave them.
        split: The split that is open.
        own: Its images, returned if the patterns have no `{split}` or there is no training split.
    """
    listed = [images] if isinstance(images, str | Path) else images
    if split == "train" or not any(_SPLIT in str(pattern) for pattern in listed):
        return own
    with warnings.catch_warnings():
        # Warnings are given when that split is opened.
        warnings.simplefilter("ignore")
        try:
            return found(name, {"image": images}, "train")["image"]
        except (FileNotFoundError, ValueError):
            return own


def _tell_of_folders_within(
    name: str, listed: Mapping[str, list[str]], files: Mapping[str, list[Path]]
) -> None:
    """Warn of files in subfolders of the given folders that are not used."""
    taken = [path for paths in files.values() for path in paths]
    for key, patterns in listed.items():
        for folder in filter(Path.is_dir, map(Path, patterns)):
            if below := not_taken_below(folder, _READABLE.get(key, _LABELS), taken):
                warnings.warn(
                    f"{name}: {folder} stands for the files directly in it; left aside as {key}: "
                    f"{len(below)} in folders within it, such as "
                    f"{below[0].relative_to(folder)}: {folder / '**' / '*'} takes them too",
                    stacklevel=5,
                )


def _file(key: str) -> str:
    return "image" if key == "image" else f"{key} file"


def _matches(key: str, pattern: str) -> list[Path]:
    """The files that a folder, a file or a pattern gives."""
    path = Path(pattern)
    if path.is_dir():
        candidates = [each for each in path.iterdir() if not each.name.startswith(".")]
    elif path.is_file():
        candidates = [path]
    else:
        candidates = matching(pattern)
    endings = _READABLE.get(key, _LABELS)
    if lost := [each for each in lost_links(candidates) if each.suffix.lower() in endings]:
        raise FileNotFoundError(f"{told_lost(lost)}; mount or copy what it means, or delete it")
    candidates = through_links_once(each for each in candidates if each.is_file())
    others = [each for each in candidates if each.suffix.lower() not in endings]
    pictures = sorted(each for each in others if each.suffix.lower() in PICTURES)
    if pictures:
        jpeg = " (JPEG changes labels)" if pictures[0].suffix.lower() in (".jpg", ".jpeg") else ""
        raise ValueError(
            f"{pattern}: {len(pictures)} of {counted(len(candidates), 'file')} cannot be read as "
            f"{key}, such as {pictures[0].name}; write them as {' or '.join(endings)}{jpeg}, or "
            "give a pattern that leaves them out"
        )
    if others:
        warnings.warn(
            f"{pattern}: left aside what is no picture: {_some(others)}",
            stacklevel=5,
        )
    return [each for each in candidates if each not in others]


def _base_exists(pattern: str) -> bool:
    return pattern_parts(pattern)[0].exists()


def _there(pattern: str) -> str:
    """A description of what is in the folder that a pattern searches."""
    base = pattern_parts(pattern)[0]
    if not base.exists():
        near = next(folder for folder in (*base.parents, Path()) if folder.exists())
        return f"there is no {base}; {_content(near)}"
    return f"matches no file; {_content(base if base.is_dir() else base.parent)}"


def _content(folder: Path) -> str:
    return content_of(folder, names=0, hint=" (** looks into them)")


def paired(
    name: str, files: Mapping[str, list[Path]], skip: bool = False
) -> tuple[list[Files], list[str]]:
    """Pair the files that belong to one frame.

    Files are paired by the first of these by which all of them pair, or else by that which pairs
    the most: their names without extension; names and folders, except folders common to all files
    of a kind; the same without the words that all names of a kind begin or end with. A warning is
    given if these words are unusual ones, such as kitchen and garden.

    Args:
        name: The domain's name, for messages.
        files: The files of every key.
        skip: Whether to skip files without partners.

    Returns:
        The files of each frame, in the order of the images, and a line for each skipped file.

    Raises:
        ValueError: Not all files can be paired; says how many can, and names some that cannot.

    Example:
        >>> left = [Path("a/0001_left.jpg"), Path("a/0002_left.jpg")]
        >>> depth = [Path("b/depth-0001.png"), Path("b/depth-0002.png")]
        >>> frames, _ = paired("mine", {"image": left, "depth": depth})
        >>> [frame["depth"].name for frame in frames]
        ['depth-0001.png', 'depth-0002.png']
    """
    best: dict[str, dict] = {}
    most, words = -1, {}
    for keyed, ends in _attempts(files):
        if any(len(places) < len(files[key]) for key, places in keyed.items()):
            continue
        count = len(set.intersection(*map(set, keyed.values())))
        if count > most:
            best, most, words = keyed, count, ends
        if all(count == len(places) for places in keyed.values()):
            break
    if most < 0:
        raise ValueError(f"{name}: {_twins(files)}")
    common = set.intersection(*map(set, best.values()))
    alone = {
        key: [path for place, path in places.items() if place not in common]
        for key, places in best.items()
    }
    if any(alone.values()) and not (skip and common):
        raise ValueError(f"{name}: {_account(files, alone, len(common))}")
    frames = [
        {key: places[place] for key, places in best.items()}
        for place in best["image"]
        if place in common
    ]
    if strange := _strangers(words):
        one, other = (frames[0][key] for key in strange)
        how = "what varies in their names" if len(frames) > 1 else "being the only ones"
        warnings.warn(
            f"{name}: {one} is paired with {other} by {how}, though the rest of these differs; if "
            "they do not belong together, correct the patterns or the names",
            stacklevel=4,
        )
    lines = [f"{path}: pairs with no other file" for paths in alone.values() for path in paths]
    return frames, lines


def _attempts(files: Mapping[str, list[Path]]):
    """For every way of pairing, the identifier of each file's frame, for every key.

    With it come, by key, the common words that were removed from the names.
    """
    stems = {key: [path.stem for path in paths] for key, paths in files.items()}
    folders = {key: _varying(paths) for key, paths in files.items()}
    yield _by({key: [((), stem) for stem in names] for key, names in stems.items()}, files), {}
    yield _by({key: [*zip(folders[key], stems[key], strict=True)] for key in files}, files), {}
    trimmed = {key: _trimmed(names) for key, names in stems.items()}
    ends = [ends for _, ends in trimmed.values()]
    # Common parts such as "_10" and "_11", or "seq1_" and "seq2_", mean different frames.
    if not any(
        _contradict(*words)
        for one, other in combinations(ends, 2)
        for words in zip(one, other, strict=True)
    ):
        for parts in ({key: [()] * len(stems[key]) for key in files}, folders):
            places = {key: [*zip(parts[key], trimmed[key][0], strict=True)] for key in files}
            yield _by(places, files), {key: " ".join(trimmed[key][1]) for key in files}


def _by(places: Mapping[str, list], files: Mapping[str, list[Path]]) -> dict[str, dict]:
    return {key: dict(zip(places[key], paths, strict=True)) for key, paths in files.items()}


def _varying(paths: list[Path]) -> list[tuple[str, ...]]:
    """The folders in each file's path, without those common to all files."""
    parents = [path.parent.parts for path in paths]
    if len({len(parts) for parts in parents}) > 1:
        shared = len(Path(commonpath([path.parent for path in paths])).parts)
        return [parts[shared:] for parts in parents]
    differ = [len(set(column)) > 1 for column in zip(*parents, strict=True)]
    return [tuple(part for part, d in zip(parts, differ, strict=True) if d) for parts in parents]


def _trimmed(stems: list[str]) -> tuple[list[str], tuple[str, str]]:
    """Names without their common first and last words, and these words."""
    first = _common(stems)
    rest = [stem[first:] for stem in stems]
    last = _common([name[::-1] for name in rest])
    words = stems[0][:first], rest[0][len(rest[0]) - last :]
    return [name[: len(name) - last] for name in rest], words


def _common(stems: list[str]) -> int:
    """Length of the common prefix of all names, which never ends within a word or a number."""
    length = min(map(len, stems))
    while any(stem[:length] != stems[0][:length] for stem in stems):
        length -= 1
    while length and any(_within(stem, length) for stem in stems):
        length -= 1
    return length


def _within(stem: str, place: int) -> bool:
    before, after = stem[place - 1 : place], stem[place : place + 1]
    return (before.isalpha() and after.isalpha()) or (before.isdigit() and after.isdigit())


def _contradict(one: str, other: str) -> bool:
    """Whether two words differ only in their numbers."""
    return one != other and re.sub(r"\d+", "0", one) == re.sub(r"\d+", "0", other)


# Words in file names that describe their kind, not what they show.
_USUAL = frozenset(
    re.findall(
        r"\w+",
        """
    image images img imgs photo photos picture pictures pic frame frames rgb rgba bgr color colors
    colour colours grey gray ir thermal raw input in original orig source src target output out
    cam camera left right center centre front rear back top bottom side stereo view bit bits of
    the and png jpg jpeg npy tif rect rectified undistorted seq sequence scene shot train val test
    depth depths disparity disparities disp dist distance range lidar velodyne sensor sparse dense
    meter meters metre metres mm cm m gt ground truth groundtruth fine coarse label labels labeled
    labelled id ids instance instances mask masks matte seg segm segmentation semantic semantics
    sem class classes classgt annotation annotations anno annot normal normals map maps vis pred
    prediction predictions
    """,
    )
)


def _strangers(ends: Mapping[str, str]) -> tuple[str, str] | None:
    """Two keys whose files' common words suggest different content, if there are any."""
    said = {key: _said(text) for key, text in ends.items()}
    for one, other in combinations(said, 2):
        for here, there in zip(said[one], said[other], strict=True):
            if here - there and there - here:
                return one, other
    return None


def _said(text: str) -> tuple[set[str], set[str]]:
    """The words of a text that are unusual in file names, and its numbers."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    # Single letters may abbreviate anything.
    words = {word.lower() for word in re.findall(r"[^\W\d_]{2,}", parted)}
    numbers = re.findall(r"(?<![^\W_])\d+(?![^\W_])", text)
    return words - _USUAL, {number.lstrip("0") for number in numbers}


def _account(files: Mapping[str, list[Path]], alone: Mapping[str, list[Path]], count: int) -> str:
    """A summary of the files found, how many are paired, and which are not."""
    kinds = " and ".join(
        f"{counted(len(paths), _file(key))} ({paths[0].parent})" for key, paths in files.items()
    )
    lacking = "; ".join(
        f"nothing pairs with {counted(len(paths), _file(key))}, such as {_some(paths)}"
        for key, paths in alone.items()
        if paths
    )
    pairs = "none of them pairs" if not count else f"they make {counted(count, 'frame')}"
    return (
        f"{kinds}: {pairs} by their names. {lacking}. Names must be the same but for their ending "
        "and for words that all files of a kind have; skip_bad='missing' leaves out the others"
    )


def _twins(files: Mapping[str, list[Path]]) -> str:
    """Two files of a kind with the same identifier."""
    for key, paths in files.items():
        places: dict = {}
        for path, folders in zip(paths, _varying(paths), strict=True):
            twin = places.setdefault((folders, path.stem), path)
            if twin is not path:
                return f"{twin} and {path} are both the {key} of one frame; give one of them"
    raise AssertionError("some files are alike, or an attempt would have told them apart")


def _some(paths: list[Path]) -> str:
    return ", ".join(path.name for path in paths[:3]) + (", ..." if len(paths) > 3 else "")


def cut(name: str, frames: list[Files], split: str, fractions: Mapping[str, float]) -> list[Files]:
    """The frames of a split, if splits are shares of all frames in order.

    Raises:
        NoSplit: The split has no share, or no frame.
        ValueError: A share is invalid, or their sum is above 1.

    Example:
        >>> frames = [{"image": Path(f"{number}.png")} for number in range(5)]
        >>> [f["image"].stem for f in cut("mine", frames, "val", {"train": 0.6, "val": 0.4})]
        ['3', '4']
    """
    if not isinstance(fractions, Mapping) or not all(
        key in _SPLITS and isinstance(share, Real) and 0 <= share <= 1
        for key, share in fractions.items()
    ):
        raise ValueError(
            f"{name}: fractions are shares, 0 to 1, of train, val and test, such as "
            f"{{'train': 0.8, 'val': 0.2}}, not {fractions!r}"
        )
    if sum(fractions.values()) > 1 + 1e-9:
        raise ValueError(f"{name}: fractions are more than 1 together: {dict(fractions)}")
    start = 0.0
    for key in _SPLITS:
        end = start + fractions.get(key, 0.0)
        if key == split:
            break
        start = end
    part = frames[round(start * len(frames)) : round(end * len(frames))]
    if not part:
        raise NoSplit(f"{name}: the split {split!r} has no frame by fractions={dict(fractions)}")
    return part
