"""What a domain in folders holds, counted frame by frame."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from adaat_keras.domains.formats.class_map import IGNORED
from adaat_keras.domains.formats.folder_domain import FolderDomain
from adaat_keras.tasks.depth import MAX_DEPTH


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
        >>> from adaat_keras.domains.formats.writers import write_streets
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
