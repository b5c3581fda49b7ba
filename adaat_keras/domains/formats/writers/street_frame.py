"""What the writers of the four layouts are given."""

from pathlib import Path
from typing import NamedTuple

import numpy as np


class StreetFrame(NamedTuple):
    """A frame of the streets, and where it goes.

    Attributes:
        out: The data set's root.
        split: `"train"`, `"val"` or `"test"`.
        index: Its number in the split.
        focal_length: Pixels.
        image, semantic, depth: As every domain gives them.
    """

    out: Path
    split: str
    index: int
    focal_length: float
    image: np.ndarray
    semantic: np.ndarray
    depth: np.ndarray
