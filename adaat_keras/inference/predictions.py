"""Predictions for image files, written as files."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from PIL import Image

from adaat_keras import tasks
from adaat_keras.deep_images import Range, checked_range, told_range
from adaat_keras.files import counted, home_expanded, written_whole
from adaat_keras.inference.images import read_with_range
from adaat_keras.inference.tiles import TooSmall, predict_labels, tile_for
from adaat_keras.registry import check_name

if TYPE_CHECKING:
    from adaat_keras.tasks.task import Task

# Steps per metre in a 16-bit depth PNG. KITTI's unit holds all depths that the networks predict.
DEPTH_UNITS = {"m/256": 256, "mm": 1000, "cm": 100}
DEPTH_UNIT = "m/256"
_LARGEST = 65535
# Pixels up to which images of equal size are predicted together: a tenth faster on a CPU, more on
# a GPU.
BATCH_PIXELS = 2**19
# Of so many files that cannot be predicted, an error says why.
_TOLD = 5
# Up to this many images, no progress bar is shown.
_FEW = 8
# Rows coloured at a time: colouring depth takes 50 bytes per pixel.
_ROWS = 256


class SomeNotPredicted(ValueError):
    """Some images cannot be predicted; predictions for the others have been written."""


def write_predictions(
    model: keras.Model,
    task: "str | dict | Task",
    paths: Sequence[Path | str] | Path | str,
    out: Path | str,
    depth_unit: str | None = None,
    image_range: Sequence[float] | None = None,
    *,
    tile: int | None = None,
    blend: bool = False,
) -> list[Path]:
    """Predict a task for image files of any size, and write the predictions.

    For `NAME.jpg`, labels become `NAME_TASK.png`: classes as 8-bit ids, a measure such as depth as
    16 bits in `depth_unit`, 0 = invalid. Vectors such as normals become `NAME_TASK.npy`, float32.
    `NAME_TASK_color.png` is a colour rendering. All have the image's size. Large images are
    predicted in tiles (see `adaat_keras.inference.predict_labels`), and a line on stderr says so.

    Args:
        model: Takes `(batch, height, width, 3)`, values 0 to 255, and returns the raw outputs that
            `Task.decode` takes.
        task: The task that it predicts, as `adaat_keras.tasks.get` takes it: `model.to_task`.
        paths: Image files (see `read_image`), or one; `find_images` lists a folder's.
        out: Folder for the files; created if it does not exist.
        depth_unit: For depth alone: `"m/256"` (KITTI's, the default) reaches 256 m, `"mm"` 65.535 m
            and `"cm"` 655.35 m; the networks predict up to 100 m. Greater depths are written as
            invalid, and a line on stderr gives their share.
        image_range: As `read_image` takes it; by default that of the model's camera, if it has
            one. A line on stderr says how images of more than 8 bits were converted.
        tile: Predict all images in tiles of this height and width.
        blend: Also write `NAME_TASK_overlay.png`, the colours blended with the image.

    Returns:
        The files written, two or three for each image.

    Raises:
        FileNotFoundError: A path does not exist; nothing is written.
        MemoryError: An image needs more memory than there is; names the file.
        ValueError: There are no paths, a prediction would overwrite another one or an image, or
            the task or unit does not exist, or a task that is no measure has a unit. The subclass
            `SomeNotPredicted`, raised after all other images are done: a file cannot be read, or is
            too small for the network.

    Example:
        >>> from adaat_keras.inference import find_images
        >>> images = find_images(["photos"])  # doctest: +SKIP
        >>> write_predictions(model, model.to_task, images, "out")  # doctest: +SKIP
    """
    task = tasks.get(task)
    depth_unit = _checked_unit(task, depth_unit)
    if image_range is None:
        image_range = range_for(model)
    image_range = None if image_range is None else checked_range(image_range)
    paths = [paths] if isinstance(paths, str | Path) else paths
    paths, out = [home_expanded(path) for path in paths], home_expanded(out)
    _check(paths, out, task, blend)
    written, beyond = [], []
    ranges: dict[Path, Range] = {}
    bad: list[str] = []
    told = Told(model, tile)
    progress = keras.utils.Progbar(
        len(paths), unit_name="image", verbose=int(len(paths) > _FEW and sys.stdout.isatty())
    )
    for some, images in _batches(paths, image_range, ranges, bad):
        told.tell(some[0], images)
        try:
            with told_with_file(some[0], model, images, tile):
                labels = predict_labels(model, task, images, tile)
        except TooSmall as error:
            bad += [str(error).replace(str(some[0]), str(path), 1) for path in some]
            continue
        for path, image, label in zip(some, images, labels, strict=True):
            if _is_measure(task, label):
                beyond.append(np.mean(_encoded(label, depth_unit) == 0))
            written += write_labels(task, label, image, path.stem, out, depth_unit, blend=blend)
        progress.add(len(some))
    if ranges:
        _tell_ranges(ranges, len(paths), image_range)
    elif image_range is not None and len(bad) < len(paths):
        low, high = image_range
        line = f"no image has more than 8 bits: the range {low:g} to {high:g} is not used"
        print(line, file=sys.stderr)
    if any(beyond):
        _warn(np.mean(beyond), depth_unit)
    if bad:
        more = f"; {len(bad) - _TOLD} more cannot be predicted, either" if bad[_TOLD:] else ""
        rest = len(paths) - len(bad)
        others = f"; the other {rest} are predicted" if rest else ""
        raise SomeNotPredicted(f"{'; '.join(bad[:_TOLD])}{more}{others}")
    return written


def range_for(model: keras.Model) -> Range | None:
    """The values mapped to black and white in a model's training images, if known."""
    camera = getattr(model, "camera", None)
    return camera and camera.image_range


def write_labels(
    task: "Task",
    labels: np.ndarray,
    image: np.ndarray,
    name: str,
    out: Path,
    depth_unit: str = DEPTH_UNIT,
    *,
    blend: bool = False,
) -> list[Path]:
    """Write an image's labels as `write_predictions` does.

    Args:
        task: The task of the labels.
        labels: As the task decodes them.
        image: The image, uint8 `(height, width, 3)`.
        name: Prefix of the file names.
        out: The folder.
        depth_unit, blend: As `write_predictions` takes them.

    Returns:
        The files, two or three.

    Example:
        >>> import tempfile
        >>> zeros, out = np.zeros((4, 4), np.uint8), Path(tempfile.mkdtemp())
        >>> files = write_labels(tasks.get("semantic"), zeros, zeros, "a", out)
        >>> [file.name for file in files]
        ['a_semantic.png', 'a_semantic_color.png']
    """
    pixels = _encoded(labels, depth_unit) if _is_measure(task, labels) else labels
    content = [pixels, _by_rows(task.colorize, labels)]
    if blend:
        content.append(_by_rows(overlay, image, content[1]))
    files = _targets(name, out, task, blend)
    for file, pixels in zip(files, content, strict=True):
        _write(file, pixels)
    return files


def overlay(image: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Blend a prediction's colours with its image, half of each.

    Args:
        image: uint8 `(..., 3)`.
        colors: uint8 of the same shape, as `Task.colorize` gives them.

    Returns:
        uint8 of the same shape.

    Example:
        >>> overlay(np.uint8([[200, 100, 0]]), np.uint8([[0, 101, 255]])).tolist()
        [[100, 100, 127]]
    """
    return ((image.astype(np.uint16) + colors) // 2).astype(np.uint8)


class Told:
    """Prints once, on stderr, that images are predicted in tiles or at another scale.

    Args:
        model: The model that predicts.
        tile: The tile size that the user asked for, if any; nothing is printed then.
    """

    def __init__(self, model: keras.Model, tile: int | None):
        self.model = model
        self.told = tile is not None

    def tell(self, path: Path, images: np.ndarray) -> None:
        """Print the note for images `(batch, height, width, 3)` if it applies, once only."""
        height, width = images.shape[1:3]
        tile, camera = tile_for(self.model, height, width), getattr(self.model, "camera", None)
        seen = camera.scaled(height, width) if camera else (height, width)
        if self.told or (tile is None and seen == (height, width)):
            return
        self.told = True
        what = f"{path} has {width} x {height} pixels: "
        if tile is None:
            what += (
                f"it is seen at {seen[1]} x {seen[0]}, the scale of the frames that the networks "
                "were trained on, and its prediction brought back; --native (model.camera = None) "
                "takes it as it is"
            )
        else:
            what += (
                f"images so large are predicted in tiles of {tile} x {tile}; "
                f"--tile {max(width, height)} (tile=) would take it in one piece"
            )
        print(what, file=sys.stderr)


@contextmanager
def told_with_file(
    path: Path, model: keras.Model, images: np.ndarray, tile: int | None
) -> Iterator[None]:
    """Add the file's name to errors about images that are too small or memory that runs out.

    Args:
        path: The file.
        model: The model that predicts.
        images: `(batch, height, width, 3)`.
        tile: The tile size that the user asked for, if any.
    """
    height, width = images.shape[1:3]
    try:
        yield
    except ValueError as error:
        kind = TooSmall if isinstance(error, TooSmall) else ValueError
        raise kind(f"the network cannot take {path}: {error}") from error
    except Exception as error:
        if not _no_memory(error):
            raise
        used = tile or tile_for(model, height, width)
        how = f"in tiles of {used} x {used}" if used else "in one piece"
        less = max(64, min(used or 1024, max(height, width)) // 2)
        raise MemoryError(
            f"there is not enough memory for {path}, {width} x {height} pixels, {how}; "
            f"--tile {less} (tile=) takes less"
        ) from error


def _no_memory(error: Exception) -> bool:
    """Whether NumPy or one of Keras' backends has run out of memory."""
    names = ("ResourceExhausted", "OutOfMemory")
    return (
        isinstance(error, MemoryError)
        or any(name in type(error).__name__ for name in names)
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def _batches(
    paths: list[Path], image_range: Range | None, ranges: dict[Path, Range], bad: list[str]
) -> Iterator[tuple[list[Path], np.ndarray]]:
    """Batches `(batch, height, width, 3)` of consecutive images of equal size, and their paths.

    Records in `ranges` the range by which an image was stretched, and in `bad` the messages for
    files that cannot be read.
    """
    some: list[Path] = []
    images: list[np.ndarray] = []
    for path in paths:
        try:
            image, used = read_with_range(path, image_range)
        except MemoryError as error:
            raise MemoryError(f"there is not enough memory to read {path}") from error
        except ValueError as error:
            bad.append(str(error))
            continue
        if used is not None:
            ranges[path] = used
        full = (len(images) + 1) * image.shape[0] * image.shape[1] > BATCH_PIXELS
        if images and (full or image.shape != images[0].shape):
            yield some, np.stack(images)
            some, images = [], []
        some.append(path)
        images.append(image)
    if images:
        yield some, np.stack(images) if len(images) > 1 else images[0][None]


def _by_rows(function: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    """Apply a pixelwise function to arrays `(height, width, ...)`, some rows at a time."""
    done = None
    for top in range(0, len(arrays[0]), _ROWS):
        rows = function(*(array[top : top + _ROWS] for array in arrays))
        if done is None:
            done = np.empty((len(arrays[0]), *rows.shape[1:]), rows.dtype)
        done[top : top + _ROWS] = rows
    return done


def _checked_unit(task: "Task", unit: str | None) -> str:
    """A unit that exists, for a task that has one; `DEPTH_UNIT` if none is given."""
    if unit is None:
        return DEPTH_UNIT
    check_name("depth unit", unit, list(DEPTH_UNITS))
    if task.classes or task.components:
        raise ValueError(
            f"--depth-unit (depth_unit=) is for depth, and {task.name} is what this model "
            "predicts: leave it out"
        )
    return unit


def _is_measure(task: "Task", labels: np.ndarray) -> bool:
    return labels.dtype.kind == "f" and not task.components


def _encoded(metres: np.ndarray, unit: str) -> np.ndarray:
    def encode(rows: np.ndarray) -> np.ndarray:
        steps = np.maximum(np.round(rows * DEPTH_UNITS[unit]), 1)
        return np.where(steps <= _LARGEST, steps, 0).astype(np.uint16)

    return _by_rows(encode, metres)


def _write(path: Path, content: np.ndarray) -> None:
    with written_whole(path) as temporary, temporary.open("wb") as file:
        if path.suffix == ".npy":
            np.save(file, content)
        else:
            Image.fromarray(content).save(file, format="PNG")


def _warn(share: float, unit: str) -> None:
    reach = _LARGEST / DEPTH_UNITS[unit]
    longest = _LARGEST / DEPTH_UNITS[DEPTH_UNIT]
    fix = ""
    if reach < longest:
        fix = f"; --depth-unit {DEPTH_UNIT} (depth_unit=) reaches {longest:g} m"
    print(
        f"warning: {share:.1%} of the depths lie beyond {reach:g} m, where 16 bits of {unit} end, "
        f"and were written as 0 (invalid){fix}",
        file=sys.stderr,
    )


def _tell_ranges(ranges: dict[Path, Range], count: int, given: Range | None) -> None:
    """Print how images of more than 8 bits were converted."""
    path, used = next(iter(ranges.items()))
    of = f"{len(ranges)} of {counted(count, 'image')}"
    line = f"more than 8 bits, such as 16-bit grey, in {of}: "
    if given is not None:
        line += told_range(given)
    else:
        first = f"in {path.name} {told_range(used)}"
        line += (
            f"each is stretched by its own values ({first}); "
            "--range LOW,HIGH (image_range=) takes one for all"
        )
    print(line, file=sys.stderr)


def _targets(name: str, out: Path, task: "Task", blend: bool) -> list[Path]:
    # Few programs read PNGs with three channels of more than 8 bits, hence .npy for vectors.
    kinds = (".npy" if task.components else ".png", "_color.png", "_overlay.png")
    return [out / f"{name}_{task.name}{kind}" for kind in kinds[: 2 + blend]]


def _check(paths: list[Path], out: Path, task: "Task", blend: bool) -> None:
    if not paths:
        raise ValueError("there are no images to predict: paths is empty")
    first: dict[Path, Path] = {}
    images = {path.resolve(): path for path in paths}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file {path}")
        for target in _targets(path.stem, out, task, blend):
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
