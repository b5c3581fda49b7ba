"""Streets as KITTI 2015."""

from pathlib import Path

import numpy as np

from adaat_keras.domains.formats.class_map import CLASS_MAPS
from adaat_keras.domains.formats.writers.pack_disparity import pack_disparity
from adaat_keras.domains.formats.writers.street_frame import StreetFrame
from adaat_keras.domains.formats.writers.write_png import write_png
from adaat_keras.files import written_whole

_BASELINE = 0.54
_FOLDERS = {"train": "training", "test": "testing"}
# About the share of pixels that the laser scanner gave a disparity.
_VALID = 0.2


def image_path(out: Path, split: str, index: int) -> Path:
    """Where a frame's image goes."""
    return out / _FOLDERS[split] / "image_2" / f"{index:06}_10.png"


def write_frame(frame: StreetFrame) -> None:
    """Write labels and sparse disparity (none for test), calibration and image."""
    image = image_path(frame.out, frame.split, frame.index)
    folder, name = image.parents[1], image.name
    calibration = folder / "calib_cam_to_cam" / f"{frame.index:06}.txt"
    with written_whole(calibration) as temporary:
        temporary.write_text(_calibration(frame))
    if frame.split != "test":
        seen = np.random.default_rng(frame.index).random(frame.depth.shape) < _VALID
        sparse = np.where(seen, frame.depth, np.float32(0))
        disparity = pack_disparity(sparse, frame.focal_length * _BASELINE, zero=0)
        write_png(folder / "disp_occ_0" / name, disparity)
        write_png(folder / "semantic" / name, CLASS_MAPS["cityscapes"].inverse()[frame.semantic])
    write_png(image, frame.image)


def _calibration(frame: StreetFrame) -> str:
    height, width = frame.semantic.shape
    focal = frame.focal_length
    lines = ["calib_time: 01-Jan-2000 00:00:00"]
    # The left colour camera lies to the left of camera 0, the right one a baseline further right.
    for number, offset in ((2, 0.06), (3, 0.06 - _BASELINE)):
        matrix = (focal, 0, width / 2, focal * offset, 0, focal, height / 2, 0, 0, 0, 1, 0)
        lines.append(f"P_rect_0{number}: " + " ".join(f"{value:.12e}" for value in matrix))
    return "\n".join(lines) + "\n"
