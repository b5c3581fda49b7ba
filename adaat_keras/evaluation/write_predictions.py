"""Predictions for image files, as image files."""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from adaat_keras import tasks
from adaat_keras.evaluation.read_image import read_image
from adaat_keras.files import written_whole
from adaat_keras.models.tiled import Tiled
from adaat_keras.registry import check_name
from adaat_keras.tasks.task import Task

# Steps a metre of a 16-bit depth PNG.
DEPTH_UNITS = {"mm": 1000, "cm": 100}
_LARGEST = 65535


def write_predictions(
    model: keras.Model | Tiled,
    task_name: str,
    paths: list[Path],
    out: Path | str,
    depth_unit: str = "mm",
) -> list[Path]:
    """Predict a task for image files of any size, and write the predictions.

    For `NAME.jpg`, classes become `NAME_semantic.png`, 8-bit ids 0 to 10, and depth becomes
    `NAME_depth.png`, 16-bit in `depth_unit`, 0 = invalid; normals become `NAME_normals.npy`,
    float32 unit vectors. `NAME_semantic_color.png` and the like are for the eye. All have the
    image's size.

    Args:
        model: Takes `(1, height, width, 3)`, values 0 to 255; puts out what the task's decoder
            does. `Tiled` predicts large images in parts.
        task_name: The task that it predicts.
        paths: Image files (see `read_image`); `find_images` lists a folder's.
        out: Folder for the files; made if it does not exist.
        depth_unit: `"mm"` ends at 65.535 m and `"cm"` at 655.35 m; the networks reach 100 m.
            Depth beyond the end is written as invalid, and one line on stderr says how much.

    Returns:
        The files written, two for each image.

    Raises:
        FileNotFoundError: A path does not exist; nothing is written.
        ValueError: No paths; two images, or an image and a prediction, would overwrite each
            other; a file is no image or too small for the network; no such task or unit.

    Example:
        >>> from adaat_keras.evaluation import find_images
        >>> images = find_images(["photos"])  # doctest: +SKIP
        >>> write_predictions(model, "depth", images, "out", depth_unit="cm")  # doctest: +SKIP
    """
    task = tasks.get(task_name)
    check_name("depth unit", depth_unit, list(DEPTH_UNITS))
    paths, out = [Path(path) for path in paths], Path(out)
    _check(paths, out, task)
    written, beyond = [], []
    for path in paths:
        labels = task.decode(_predict(model, path))
        pixels = labels
        if labels.dtype.kind == "f" and not task.components:
            pixels = _encode(labels, DEPTH_UNITS[depth_unit])
            beyond.append(np.mean(pixels == 0))
        for target, content in zip(
            _targets(path, out, task), (pixels, task.colorize(labels)), strict=True
        ):
            _write(target, content)
            written.append(target)
    if any(beyond):
        _warn(np.mean(beyond), depth_unit)
    return written


def _predict(model: keras.Model | Tiled, path: Path) -> np.ndarray:
    image = read_image(path)
    try:
        return model.predict_on_batch(image[None].astype(np.float32))[0]
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        height, width = image.shape[:2]
        raise ValueError(
            f"the network cannot take {path}: {width} x {height} pixels are probably too few for it"
        ) from error


def _encode(metres: np.ndarray, per_metre: int) -> np.ndarray:
    steps = np.maximum(np.round(metres * per_metre), 1)
    return np.where(steps <= _LARGEST, steps, 0).astype(np.uint16)


def _write(path: Path, content: np.ndarray) -> None:
    with written_whole(path) as temporary, temporary.open("wb") as file:
        if path.suffix == ".npy":
            np.save(file, content)
        else:
            Image.fromarray(content).save(file, format="PNG")


def _warn(share: float, unit: str) -> None:
    reach = _LARGEST / DEPTH_UNITS[unit]
    fix = f"; --depth-unit cm reaches {_LARGEST / DEPTH_UNITS['cm']:g} m" if unit == "mm" else ""
    print(
        f"warning: {share:.1%} of the depths lie beyond {reach:g} m, where 16 bits of {unit} end, "
        f"and were written as 0 (invalid){fix}",
        file=sys.stderr,
    )


def _targets(path: Path, out: Path, task: Task) -> tuple[Path, Path]:
    # No PNG that every program reads holds three numbers of more than 8 bits.
    kinds = (".npy" if task.components else ".png", "_color.png")
    return tuple(out / f"{path.stem}_{task.name}{kind}" for kind in kinds)


def _check(paths: list[Path], out: Path, task: Task) -> None:
    if not paths:
        raise ValueError("there are no images to predict: paths is empty")
    first: dict[Path, Path] = {}
    images = {path.resolve(): path for path in paths}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file {path}")
        for target in _targets(path, out, task):
            if target in first:
                raise ValueError(
                    f"the predictions for {first[target]} and {path} would both be {target}; "
                    "rename one, or predict them into different folders"
                )
            if target.resolve() in images:
                raise ValueError(
                    f"the prediction for {path} would overwrite the image "
                    f"{images[target.resolve()]}; choose another folder for the predictions"
                )
            first[target] = path
