"""Streets as a recording in CARLA."""

from pathlib import Path

import numpy as np

from adaat_keras.domains.formats.class_map import CLASS_MAPS
from adaat_keras.domains.formats.writers.pack_depth import pack_depth
from adaat_keras.domains.formats.writers.street_frame import StreetFrame
from adaat_keras.domains.formats.writers.write_png import write_png

_PER_EPISODE = 100


def image_path(out: Path, split: str, index: int) -> Path:
    """Where a frame's image goes."""
    episode = f"episode_{index // _PER_EPISODE:04}"
    return out / split / episode / "MyCamera_L" / f"{index:06}.png"


def write_frame(frame: StreetFrame, tag_set: int = 13) -> None:
    """Write labels (tag in the red channel), depth and image, with the alpha CARLA's files have.

    With 13 tags the sky has none, so it is 0, at the far plane.
    """
    image = image_path(frame.out, frame.split, frame.index)
    folder, name = image.parent, image.name
    tags = np.zeros_like(frame.image)
    tags[..., 0] = CLASS_MAPS[f"carla_{tag_set}"].inverse()[frame.semantic]
    write_png(folder / "Semantic" / name, _opaque(tags))
    write_png(folder / "Depth" / name, _opaque(pack_depth(frame.depth)))
    write_png(image, frame.image)


def _opaque(pixels: np.ndarray) -> np.ndarray:
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
