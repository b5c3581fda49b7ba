"""Seeds of the splits, and frames in batches, as worker processes make them."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from adaat_keras.domains.street_world.layout import LAYOUTS
from adaat_keras.domains.street_world.look import LOOKS
from adaat_keras.domains.street_world.render import render

RENDERER_VERSION = 3
"""Raised whenever a pixel of any frame changes, so that old caches are not taken for new."""

SPLITS = {"train": 0, "val": 1_000_000, "test": 2_000_000}
"""The first seed of each split, before the domain's name is added; a million seeds each."""


def frame_seed(name: str, split: str, index: int) -> int:
    """The seed of one frame: never the same for two domains, splits or indices.

    Args:
        name: The domain's name, e.g. `"streets_sim"`.
        split: `"train"`, `"val"` or `"test"`.
        index: 0 to 999,999.

    Example:
        >>> frame_seed("streets_sim", "val", 7) - frame_seed("streets_sim", "train", 7)
        1000000
    """
    if not 0 <= index < 1_000_000:
        raise ValueError(f"a split has frames 0 to 999999, there is no frame {index}")
    return crc32(name.encode()) * 10_000_000 + SPLITS[split] + index


def render_batch(
    layout: str, look: str, seeds: Sequence[int], height: int, width: int
) -> dict[str, np.ndarray]:
    """The frames of several seeds, as `render` gives them, stacked on a first axis."""
    frames = [render(LAYOUTS[layout], LOOKS[look], seed, height, width) for seed in seeds]
    return {key: np.stack([frame[key] for frame in frames]) for key in frames[0]}
