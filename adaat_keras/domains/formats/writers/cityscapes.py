"""Streets as Cityscapes."""

from functools import partial
from pathlib import Path

from adaat_keras.domains.formats.class_map import CLASS_MAPS
from adaat_keras.domains.formats.writers.pack_disparity import pack_disparity
from adaat_keras.domains.formats.writers.street_frame import StreetFrame
from adaat_keras.domains.formats.writers.write_png import write_png
from adaat_keras.files import write_json

_BASELINE = 0.209313
_CITY = "streets"


def image_path(out: Path, split: str, index: int) -> Path:
    """Where a frame's image goes."""
    return _path(out, split, index, "leftImg8bit", "leftImg8bit.png")


def write_frame(frame: StreetFrame) -> None:
    """Write labels (none for test, where they are withheld), disparity, camera and image."""
    place = partial(_path, frame.out, frame.split, frame.index)
    disparity = pack_disparity(frame.depth, frame.focal_length * _BASELINE, zero=1)
    write_json(place("camera", "camera.json"), _camera(frame))
    write_png(place("disparity", "disparity.png"), disparity)
    if frame.split != "test":
        ids = CLASS_MAPS["cityscapes"].inverse()[frame.semantic]
        write_png(place("gtFine", "gtFine_labelIds.png"), ids)
    write_png(image_path(frame.out, frame.split, frame.index), frame.image)


def _path(out: Path, split: str, index: int, top: str, end: str) -> Path:
    return out / top / split / _CITY / f"{_CITY}_000000_{index:06}_{end}"


def _camera(frame: StreetFrame) -> dict:
    height, width = frame.semantic.shape
    focal = frame.focal_length
    return {
        "extrinsic": {"baseline": _BASELINE},
        "intrinsic": {"fx": focal, "fy": focal, "u0": width / 2, "v0": height / 2},
    }
