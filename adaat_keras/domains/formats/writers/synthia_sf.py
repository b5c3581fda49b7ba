"""Streets as SYNTHIA-SF."""

from pathlib import Path

import numpy as np

from adaat_keras.domains.formats.class_map import CLASS_MAPS
from adaat_keras.domains.formats.writers.pack_depth import pack_depth
from adaat_keras.domains.formats.writers.street_frame import StreetFrame
from adaat_keras.domains.formats.writers.write_png import write_png

_SEQUENCES = {"train": "SEQ2", "val": "SEQ3"}


def image_path(out: Path, split: str, index: int) -> Path:
    """Where a frame's image goes."""
    return out / _SEQUENCES[split] / "RGBLeft" / f"{index:07}.png"


def write_frame(frame: StreetFrame) -> None:
    """Write image, labels (id in the red channel) and depth; the image comes last."""
    image = image_path(frame.out, frame.split, frame.index)
    folder, name = image.parents[1], image.name
    labels = np.zeros_like(frame.image)
    labels[..., 0] = CLASS_MAPS["synthia_sf"].inverse()[frame.semantic]
    write_png(folder / "GTLeft" / name, labels)
    write_png(folder / "DepthLeft" / name, pack_depth(frame.depth))
    write_png(image, frame.image)
