"""Checks of the set of label ids in use, and of whole data sets."""

import contextlib
import inspect
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adaat_keras import domains
from adaat_keras.domains.class_names import ID_SETS, IGNORED, UNKNOWN, called
from adaat_keras.domains.splits import check_options
from adaat_keras.files import home_expanded
from adaat_keras.streets.classes import ROAD, SKY
from adaat_keras.tasks.depth import MAX_DEPTH
from adaat_keras.tasks.semantic import PAPER

if TYPE_CHECKING:
    from adaat_keras.domains.file_domain import FileDomain

# Street scenes have road at the bottom and sky at the top; all have far more than these shares.
_MOST_IGNORED, _LEAST_ROAD, _MARGIN = 1 / 3, 0.01, 0.3


class _Fit(NamedTuple):
    unknown: float
    ignored: float
    road: float
    sky: float

    @property
    def score(self) -> float:
        return self.road + self.sky - self.ignored - 2 * self.unknown

    @property
    def complaint(self) -> str | None:
        if self.unknown:
            return f"{self.unknown:.0%} of the pixels have an id that does not exist"
        if self.ignored > _MOST_IGNORED:
            return f"{self.ignored:.0%} of the pixels are ignored"
        if self.road < _LEAST_ROAD:
            return "there is no road in the lower third of the pictures"
        return None


class WrongIds(NamedTuple):
    """Why a set of ids seems wrong, and the name in `ID_SETS` of the one that fits, if any."""

    reason: str
    better: str | None = None

    @property
    def advice(self) -> str:
        """The reason, and the option of the domain that takes the other set."""
        return f"{self.reason}: pass {ID_SETS[self.better].option}" if self.better else self.reason


def wrong_ids(
    ids: Sequence[np.ndarray], chosen: str, choices: Sequence[str], only_better: bool = False
) -> WrongIds | None:
    """Why the chosen set of ids seems wrong, and which fits better; `None` if it seems right.

    Suspicious are unknown ids, more than a third of the pixels ignored, no road in the lower third
    of the images, or another set that fits far better. The paper's eleven classes are used for
    this, whatever classes are trained.

    Args:
        ids: Some label maps as stored, uint8 `(height, width)`.
        chosen: Name in `ID_SETS` of the set in use.
        choices: Names of all possible sets.
        only_better: Whether to report only blank maps, and another set that fits far better, since
            the frames may show no road.

    Example:
        >>> ids = np.repeat(np.array([11, 3, 1], "uint8"), 5)[:, None]  # sky, building, road
        >>> wrong_ids([ids], "carla_28", ["carla_13", "carla_28"])
        >>> reason, better = wrong_ids([ids], "carla_13", ["carla_13", "carla_28"])
        >>> better, reason
        ('carla_28', "read as CARLA's 13 tags (up to 0.9.9), there is no road in the lower third \
of the pictures; these are likely CARLA's tags 0 to 28 (from 0.9.14)")
    """
    if not ids:
        return None
    if not any(picture.any() for picture in ids):
        return WrongIds(
            f"read as {ID_SETS[chosen].title}, every pixel is 0: the files are blank, or have "
            "their ids elsewhere; no other ids fit: check their origin"
        )
    fits = {name: _fit(ids, name) for name in (chosen, *choices)}
    best = max(fits, key=lambda name: fits[name].score)
    complaint = fits[chosen].complaint
    if complaint is None or only_better:
        if fits[best].score < fits[chosen].score + _MARGIN:
            return None
        complaint = complaint or "road and sky are not where streets have them"
    message = f"read as {ID_SETS[chosen].title}, {complaint}"
    if best == chosen:
        message += "; no other ids that this data set comes in fit better: check its origin"
        return WrongIds(message)
    return WrongIds(f"{message}; these are likely {ID_SETS[best].title}", best)


def _fit(ids: Sequence[np.ndarray], name: str) -> _Fit:
    table = ID_SETS[name].table(PAPER)
    if name == "carla_13":
        # Tag 0 is mostly sky; depth, which would decide it, is not read here.
        table[0] = SKY
    shares = [_shares(table[picture]) for picture in ids]
    return _Fit(*np.mean(shares, axis=0).tolist())


def _shares(labels: np.ndarray) -> tuple[float, float, float, float]:
    third = -(-len(labels) // 3)
    return (
        np.mean(labels == UNKNOWN),
        np.mean(labels == IGNORED),
        np.mean(labels[-third:] == ROAD),
        np.mean(labels[:third] == SKY),
    )


@dataclass
class Survey:
    """Counts over the good frames of a split, and what is wrong with the others.

    Attributes:
        frames: Number of good frames.
        sizes: Number of frames with each `(height, width)`.
        classes: Number of pixels of each label, `(256,)`.
        nearest, farthest: Of valid depths, in metres; `inf` and 0 if there are none.
        valid, in_reach: Sums over frames of the shares of valid depth, and of depth up to 100 m.
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


def survey(domain: "FileDomain") -> Survey:
    """Read every frame in parallel, with a progress bar, and continue after bad ones.

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
    # If all frames have another set of ids, this is reported once.
    numbering = domain.label_variant_problem(only_better=True) is None
    problems = domain.each_frame(found.add, numbering=numbering)
    found.problems = [*domain.left_out, *filter(None, problems)]
    return found


def check_splits(
    name: str,
    root: Path | str | None,
    options: dict,
    skip_bad: bool = False,
    show: int = 20,
    as_json: bool = False,
) -> bool:
    """Print the content of every split of a data set, and any problems.

    Args:
        name: The domain, e.g. `"kitti"`.
        root: Its root; `None` for a domain without one, such as `"folder"`.
        options: Further options of its class.
        skip_bad: Whether bad files are acceptable.
        show: Maximum number of bad files to name per split.
        as_json: Print a JSON object, which names all bad files; progress goes to stderr.

    Returns:
        Whether there are no problems.

    Raises:
        ValueError: There is no such domain of files or no such option, or the root is the wrong
            folder.
        FileNotFoundError: There is no such folder, or no split has any images.
    """
    good, told = True, {}
    root = None if root is None else home_expanded(root)
    for split in _splits(name, root):
        try:
            domain = _open(name, root, split, options)
        except domains.NoSplit as error:
            if not as_json:
                print(f"{split}: no frames ({error})")
            continue
        if as_json:
            with contextlib.redirect_stdout(sys.stderr):
                told[split] = _told(domain, skip_bad)
        else:
            told[split] = _report(domain, split, skip_bad, show)
        good &= told[split]["good"]
    if not told:
        raise FileNotFoundError(f"{root or name}: no split of {name} has a single image")
    if as_json:
        print(json.dumps({"domain": name, "good": bool(good), "splits": told}, indent=2))
    return good


def _splits(name: str, root: Path | None) -> tuple[str, ...]:
    from adaat_keras.domains.file_domain import FileDomain

    loader = domains.find(name)
    if not (inspect.isclass(loader) and issubclass(loader, FileDomain)):
        raise ValueError(f"{name} does not read folders of files, there is nothing to check")
    if root is not None and not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder")
    return loader.splits


def _open(name: str, root: Path | None, split: str, options: dict) -> "FileDomain":
    options = {"skip_bad": "missing"} | options
    loader = domains.find(name)
    # Checked here for all frames, rather than raised as an error.
    for option in ("check_tags", "check_labels"):
        if option in inspect.signature(loader.__init__).parameters:
            options = {option: False} | options
    if root is not None:
        options["root"] = root
    check_options(name, options)
    try:
        return domains.get(name, split=split, **options)
    except TypeError as error:
        raise ValueError(f"{name} cannot be opened with {options}: {error}") from error


def _told(domain: "FileDomain", skip_bad: bool) -> dict:
    """The content of a split and its problems, for JSON."""
    found, variant = survey(domain), domain.label_variant_problem()
    told = {
        "frames": len(domain) + len(domain.left_out),
        "labels": list(domain.tasks),
        "sizes": [[width, height, n] for (height, width), n in found.sizes.most_common()],
        "wrong_labels": variant,
        "bad": found.problems,
        "good": _good(found, variant, skip_bad),
    }
    if found.frames and "semantic" in domain.tasks:
        shares = (found.classes / max(1, found.classes.sum())).round(6).tolist()
        told["classes"] = dict(zip(map(called, domain.label_names), shares, strict=False))
        told["ignored"] = round(found.ignored, 6)
    if found.frames and "depth" in domain.tasks:
        told["depth"] = {
            "nearest": found.nearest if found.farthest else None,
            "farthest": found.farthest,
            "valid": round(found.valid / found.frames, 6),
            "in_reach": round(found.in_reach / found.frames, 6),
        }
    return told


def _report(domain: "FileDomain", split: str, skip_bad: bool, show: int) -> dict:
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
    return {"good": _good(found, variant, skip_bad)}


def _good(found: Survey, variant: str | None, skip_bad: bool) -> bool:
    return not variant and (skip_bad or not found.problems) and found.frames > 0


def _lines(domain: "FileDomain", found: Survey) -> Iterator[str]:
    sizes = [f"{width} x {height} ({n})" for (height, width), n in found.sizes.most_common(5)]
    more = f" and {len(found.sizes) - 5} more sizes" if len(found.sizes) > 5 else ""
    yield f"{'sizes':<14}{', '.join(sizes) or 'none'}{more}"
    if not found.frames:
        return
    if "semantic" in domain.tasks:
        shares = found.classes / max(1, found.classes.sum())
        for name, share in zip(map(called, domain.label_names), shares, strict=False):
            yield f"{name:<14}{share:6.2%}"
        yield f"{'ignored':<14}{found.ignored:6.2%}"
    if "depth" in domain.tasks:
        valid, reach = found.valid / found.frames, found.in_reach / found.frames
        span = f"{found.nearest:.3g} to {found.farthest:.4g} m"
        yield f"{'depth':<14}{span}, {valid:.1%} of pixels valid, {reach:.1%} up to {MAX_DEPTH:g} m"
