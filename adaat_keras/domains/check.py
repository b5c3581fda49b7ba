"""Reads a data set from end to end and says what is wrong with it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from adaat_keras import domains
from adaat_keras.domains.class_names import IGNORED
from adaat_keras.domains.png_domain import FolderDomain
from adaat_keras.tasks.depth import MAX_DEPTH
from adaat_keras.tasks.semantic import CLASS_NAMES


@dataclass
class Survey:
    """Counts over the good frames of a split, and what is wrong with the others.

    Attributes:
        frames: How many are good.
        sizes: How many have each `(height, width)`.
        classes: Pixels of each label, `(256,)`.
        nearest, farthest: Valid depth in metres; `inf` and 0 if there is none.
        valid, in_reach: The sums of the frames' shares of valid depth, and of that up to 100 m.
        problems: A line for each bad frame, with the file's name.
    """

    frames: int = 0
    sizes: Counter = field(default_factory=Counter)
    classes: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    nearest: float = np.inf
    farthest: float = 0.0
    valid: float = 0.0
    in_reach: float = 0.0
    problems: list[str] = field(default_factory=list)

    def add(self, index: int, frame: dict[str, np.ndarray]) -> None:
        """Count a good frame."""
        self.frames += 1
        self.sizes[frame["image"].shape[:2]] += 1
        if "semantic" in frame:
            self.classes += np.bincount(frame["semantic"].ravel(), minlength=256)
        if "depth" in frame:
            depth = frame["depth"][frame["depth"] > 0]
            self.nearest = min(self.nearest, float(depth.min()))
            self.farthest = max(self.farthest, float(depth.max()))
            self.valid += depth.size / frame["depth"].size
            self.in_reach += np.count_nonzero(depth <= MAX_DEPTH) / frame["depth"].size

    @property
    def ignored(self) -> float:
        """Share of the labelled pixels that are ignored."""
        return float(self.classes[IGNORED] / max(1, self.classes.sum()))


def survey(domain: FolderDomain) -> Survey:
    """Read every frame in parallel, with a progress bar, and go on after a bad one.

    Example:
        >>> import tempfile
        >>> import keras
        >>> from adaat_keras import domains
        >>> from adaat_keras.streets.writers import write_streets
        >>> keras.config.disable_interactive_logging()
        >>> root = tempfile.mkdtemp()
        >>> write_streets("kitti", root, 2, height=32, width=64)
        >>> found = survey(domains.get("kitti", root=root))
        >>> found.frames, dict(found.sizes), found.problems
        (2, {(32, 64): 2}, [])
    """
    found = Survey()
    problems = domain.each_frame(found.add)
    found.problems = [*domain.left_out, *filter(None, problems)]
    return found


def check_splits(
    name: str, root: Path | str, options: dict, skip_bad: bool = False, show: int = 20
) -> bool:
    """Print what every split of a data set holds and what is wrong with it.

    Args:
        name: The domain, e.g. `"kitti"`.
        root: Its root.
        options: More options of its class.
        skip_bad: Bad files do not count as wrong.
        show: How many bad files to name for each split.

    Returns:
        Whether nothing is wrong.

    Raises:
        ValueError: There is no such domain in folders or no such option, or the root is not the
            right folder.
        FileNotFoundError: There is no such folder, or no split has a single image.
    """
    found, good = 0, True
    for split in _splits(name, root):
        try:
            domain = _open(name, root, split, options)
        except FileNotFoundError as error:
            print(f"{split}: no frames ({error})")
            continue
        found += 1
        good &= _report(domain, split, skip_bad, show)
    if not found:
        raise FileNotFoundError(f"{root}: no split of {name} has a single image")
    return good


def _splits(name: str, root: Path | str) -> tuple[str, ...]:
    loader = domains.find(name)
    if not issubclass(loader, FolderDomain):
        raise ValueError(f"{name} does not read folders of PNG files, there is nothing to check")
    if not Path(root).is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder")
    return loader.splits


def _open(name: str, root: Path | str, split: str, options: dict) -> FolderDomain:
    if name == "carla":
        # A wrong set of tags is one finding of several here.
        options = {"check_tags": False} | options
    try:
        return domains.get(name, root=root, split=split, skip_bad="missing", **options)
    except TypeError as error:
        raise ValueError(f"{name} cannot be opened with {options}: {error}") from error


def _report(domain: FolderDomain, split: str, skip_bad: bool, show: int) -> bool:
    total = len(domain) + len(domain.left_out)
    print(f"{split}: {total} frames, labels: {', '.join(domain.tasks) or 'none'}")
    found = survey(domain)
    for line in _lines(domain, found):
        print(f"  {line}")
    variant = domain.label_variant_problem()
    if variant:
        print(f"  WRONG LABELS: {variant}")
    if found.problems:
        print(f"  BAD: {len(found.problems)} of {total} frames{', left out' if skip_bad else ''}")
    for problem in found.problems[:show]:
        print(f"    {problem}")
    if len(found.problems) > show:
        print(f"    and {len(found.problems) - show} more; --show {len(found.problems)} names all")
    return not variant and (skip_bad or not found.problems) and found.frames > 0


def _lines(domain: FolderDomain, found: Survey) -> Iterator[str]:
    sizes = [f"{width} x {height} ({n})" for (height, width), n in found.sizes.most_common(5)]
    more = f" and {len(found.sizes) - 5} more sizes" if len(found.sizes) > 5 else ""
    yield f"{'sizes':<14}{', '.join(sizes) or 'none'}{more}"
    if not found.frames:
        return
    if "semantic" in domain.tasks:
        for name, share in zip(CLASS_NAMES, _shares(found), strict=True):
            yield f"{name:<14}{share:6.2%}"
        yield f"{'ignored':<14}{found.ignored:6.2%}"
    if "depth" in domain.tasks:
        valid, reach = found.valid / found.frames, found.in_reach / found.frames
        span = f"{found.nearest:.3g} to {found.farthest:.4g} m"
        yield f"{'depth':<14}{span}, {valid:.1%} of pixels valid, {reach:.1%} up to {MAX_DEPTH:g} m"


def _shares(found: Survey) -> np.ndarray:
    return found.classes[: len(CLASS_NAMES)] / max(1, found.classes.sum())
