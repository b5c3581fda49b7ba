"""Predictions for image files: finding them, tiles, and what is written."""

import glob
import struct
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from adaat_keras import tasks
from adaat_keras.deep_images import Range, checked_range, range_of, stretched, told_range
from adaat_keras.files import home_expanded, written_whole
from adaat_keras.registry import check_name

if TYPE_CHECKING:
    from adaat_keras.tasks.task import Task

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def find_images(patterns: list[str]) -> list[Path]:
    """Find the image files that a list of files, folders and glob patterns stands for.

    A folder stands for the images directly in it, a pattern (`"frames/*_left.png"`,
    `"frames/**/*.jpg"`) for those that it matches; a file is taken whatever its ending.

    Args:
        patterns: Files, folders or glob patterns; `~` is the home folder.

    Returns:
        Each file once, in the order of the patterns, sorted within a folder or pattern. A warning
        names pictures of a folder or pattern that are left aside for their ending.

    Raises:
        FileNotFoundError: One of them stands for no image.
        ValueError: The list is empty.

    Example:
        >>> find_images(["no/such/folder/*.png"])
        Traceback (most recent call last):
        ...
        FileNotFoundError: no image matches no/such/folder/*.png
    """
    if not patterns:
        raise ValueError("name at least one image, folder or pattern")
    return list(dict.fromkeys(path for pattern in patterns for path in _find(pattern)))


# Pictures that Pillow may or may not read: not to be passed over in silence.
_OTHER_PICTURES = (
    *(".avif", ".dng", ".exr", ".gif", ".heic", ".heif", ".hdr", ".jp2", ".jpe", ".jfif", ".npy"),
    *(".npz", ".pbm", ".pfm", ".pgm", ".ppm", ".raw", ".tga", ".cr2", ".nef", ".arw"),
)


def _find(pattern: str) -> list[Path]:
    path = home_expanded(pattern)
    # Before globbing, since names may have brackets in them.
    if path.is_file():
        return [path]
    if path.is_dir():
        there = _visible(path.iterdir())
        problem = f"the folder {path} has no images in it ({', '.join(IMAGE_SUFFIXES)})"
    else:
        there = _visible(Path(match) for match in glob.glob(_any_case(str(path)), recursive=True))
        problem = f"no image matches {path}" if glob.has_magic(pattern) else f"there is no {path}"
    images = [each for each in there if each.suffix.lower() in IMAGE_SUFFIXES]
    others = [each for each in there if each.suffix.lower() in _OTHER_PICTURES]
    if not images:
        # What is there tells best what was meant.
        beside = [] if path.is_dir() or not path.parent.is_dir() else path.parent.iterdir()
        near = there or _visible(beside)
        endings = Counter(each.suffix.lower() or each.name for each in near)
        counts = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(5))
        raise FileNotFoundError(f"{problem}; there is {counts}" if counts else problem)
    if others:
        warnings.warn(
            f"{pattern}: {len(images)} images are taken, and {len(others)} pictures left aside for "
            f"their ending, such as {others[0].name}; name a file itself to have it read",
            stacklevel=4,
        )
    return images


def _visible(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if path.is_file() and path.name[0] != ".")


def _any_case(pattern: str) -> str:
    """The pattern with an ending in capitals and in small letters."""
    stem, dot, ending = pattern.rpartition(".")
    if not dot or not ending.isalnum():
        return pattern
    return stem + dot + "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in ending)


def read_image(path: Path | str, image_range: Sequence[float] | None = None) -> np.ndarray:
    """Read an image file as RGB, the way up that its EXIF orientation says.

    Grey images get three equal channels, transparency is dropped. Grey images of more than 8 bits
    are stretched to 8 (`adaat_keras.deep_images`), and a warning says how: of 16 bits that are
    filled the upper eight are taken; else, as of a thermal camera, the values between the
    percentiles 0.5 and 99.5.

    Args:
        path: Any format that Pillow reads; `~` is the home folder.
        image_range: The two values that become black and white in images of more than 8 bits.

    Returns:
        uint8 `(height, width, 3)`, 0 to 255.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no image, is damaged, or has 32-bit pixels and no `image_range` is given.
    """
    pixels, used = _read(path, None if image_range is None else checked_range(image_range))
    if used is not None and image_range is None:
        warnings.warn(f"{path} has more than 8 bits: {told_range(used)}", stacklevel=2)
    return pixels


def _read(path: Path | str, image_range: Range | None) -> tuple[np.ndarray, Range | None]:
    """An image, and by what range it was stretched, if it was."""
    path = home_expanded(path)
    try:
        with Image.open(path) as file:
            narrowed = _loses_bits(file)
            image = ImageOps.exif_transpose(file)
            image.load()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}") from None
    except UnidentifiedImageError:
        raise ValueError(f"{path} is no image that Pillow can read") from None
    except (
        *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error),
        *(EOFError, OverflowError, ZeroDivisionError, Image.DecompressionBombError),
    ) as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from error
    if image.mode in ("I", "F") and image_range is None:
        raise ValueError(
            f"{path} has 32-bit pixels; say which values become black and white (--range LOW,HIGH, "
            "image_range=), or convert it to an 8-bit PNG or JPEG"
        )
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        # Pillow would clip to 255, which turns nearly everything white.
        deep = np.asarray(image)
        used = range_of(deep) if image_range is None else image_range
        return np.repeat(stretched(deep, used)[..., None], 3, axis=-1), used
    pixels = np.asarray(image.convert("RGB"))
    if narrowed and len(np.unique(pixels)) < _FEW_LEVELS:
        raise ValueError(
            f"{path} has colours of 16 bits of which the upper eight, all that Pillow reads, hold "
            f"{len(np.unique(pixels))} levels; stretch it to 8 bits, or write it as 16-bit grey"
        )
    return pixels, None


# Fewer than these of 256 are hardly a picture.
_FEW_LEVELS = 32


def _loses_bits(file: Image.Image) -> bool:
    """Whether Pillow reads colours of 16 bits as 8."""
    return file.mode.startswith("RGB") and any(";16" in str(tile[-1]) for tile in file.tile)


class Tiled:
    """Predicts as a model does, in square tiles, so that memory does not grow with the image.

    Neighbouring tiles overlap by a quarter; where they do, their outputs are averaged with
    weights that fall linearly to a tile's border. Instance normalization sees a tile in place of
    the image, so that the result differs from a prediction in one piece.

    Args:
        model: Takes `(1, height, width, 3)` in 0..255, puts out `(1, height, width, channels)`.
        tile: Height and width of a tile in pixels, at least 64.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> model = Tiled(build_ada_atdt(size="tiny"), tile=64)
        >>> model.predict_on_batch(np.zeros((1, 100, 150, 3), "float32")).shape
        (1, 100, 150, 11)
    """

    def __init__(self, model, tile: int):
        if tile < 64:
            raise ValueError(f"a tile must have at least 64 pixels, not {tile}")
        self.model = model
        self.tile = tile
        # The least height and width of an image; a tile is never smaller where the image is not.
        self.smallest = _smallest(model)

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        """The model's outputs for images `(batch, height, width, 3)`."""
        _, height, width, _ = images.shape
        rows, columns = self._starts(height), self._starts(width)
        total = weights = 0.0
        for top in rows:
            for left in columns:
                part = images[:, top : top + self.tile, left : left + self.tile]
                outputs = keras.ops.convert_to_numpy(self.model.predict_on_batch(part))
                weight = self._weight(*outputs.shape[1:3])[..., None]
                if np.isscalar(total):
                    total = np.zeros((len(images), height, width, outputs.shape[-1]), np.float32)
                    weights = np.zeros((height, width, 1), np.float32)
                total[:, top : top + self.tile, left : left + self.tile] += outputs * weight
                weights[top : top + self.tile, left : left + self.tile] += weight
        return total / weights

    def _starts(self, length: int) -> list[int]:
        """Where tiles begin along one side: evenly spread, the last one ending with the image."""
        if length <= self.tile:
            return [0]
        count = 1 + -(-(length - self.tile) // (self.tile * 3 // 4))
        return [round(n * (length - self.tile) / (count - 1)) for n in range(count)]

    def _weight(self, height: int, width: int) -> np.ndarray:
        ramps = (np.minimum(np.arange(n) + 1, n - np.arange(n)) / n for n in (height, width))
        return np.outer(*ramps).astype(np.float32)


# Steps a metre of a 16-bit depth PNG.
DEPTH_UNITS = {"mm": 1000, "cm": 100}
_LARGEST = 65535


def write_predictions(
    model: keras.Model | Tiled,
    task: "str | dict | Task",
    paths: list[Path],
    out: Path | str,
    depth_unit: str = "mm",
    image_range: Sequence[float] | None = None,
) -> list[Path]:
    """Predict a task for image files of any size, and write the predictions.

    For `NAME.jpg`, labels become `NAME_TASK.png`: classes as 8-bit ids, a measure such as depth as
    16 bits in `depth_unit`, 0 = invalid. Vectors such as normals become `NAME_TASK.npy`, float32.
    `NAME_TASK_color.png` is for the eye. All have the image's size.

    Args:
        model: Takes `(1, height, width, 3)`, values 0 to 255; puts out what the task's decoder
            does. `Tiled` predicts large images in parts.
        task: The task that it predicts, as `adaat_keras.tasks.get` takes it: `model.to_task`.
        paths: Image files (see `read_image`); `find_images` lists a folder's.
        out: Folder for the files; made if it does not exist.
        depth_unit: `"mm"` ends at 65.535 m and `"cm"` at 655.35 m; the networks reach 100 m.
            Depth beyond the end is written as invalid, and one line on stderr says how much.
        image_range: As `read_image` takes it; one line on stderr says what became of images of
            more than 8 bits.

    Returns:
        The files written, two for each image.

    Raises:
        FileNotFoundError: A path does not exist; nothing is written.
        ValueError: No paths; two images, or an image and a prediction, would overwrite each
            other; a file is no image or too small for the network; no such task or unit.

    Example:
        >>> from adaat_keras.inference import find_images
        >>> images = find_images(["photos"])  # doctest: +SKIP
        >>> write_predictions(model, model.to_task, images, "out")  # doctest: +SKIP
    """
    task = tasks.get(task)
    check_name("depth unit", depth_unit, list(DEPTH_UNITS))
    image_range = None if image_range is None else checked_range(image_range)
    paths, out = [home_expanded(path) for path in paths], home_expanded(out)
    _check(paths, out, task)
    written, beyond = [], []
    ranges: dict[Path, Range] = {}
    for path in paths:
        image, used = _read(path, image_range)
        if used is not None:
            ranges[path] = used
        labels = task.decode(_predict(model, path, image))
        pixels = labels
        if labels.dtype.kind == "f" and not task.components:
            pixels = _encode(labels, DEPTH_UNITS[depth_unit])
            beyond.append(np.mean(pixels == 0))
        for target, content in zip(
            _targets(path, out, task), (pixels, task.colorize(labels)), strict=True
        ):
            _write(target, content)
            written.append(target)
    if ranges:
        _tell_ranges(ranges, len(paths), image_range)
    if any(beyond):
        _warn(np.mean(beyond), depth_unit)
    return written


def _smallest(model: keras.Model | Tiled) -> int:
    """The least height and width that the model says it takes."""
    return getattr(model, "smallest", 1)


def _predict(model: keras.Model | Tiled, path: Path, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    if min(height, width) < _smallest(model):
        raise ValueError(
            f"the network cannot take {path}: {width} x {height} pixels, and it needs at least "
            f"{_smallest(model)} in width and height"
        )
    return keras.ops.convert_to_numpy(model.predict_on_batch(image[None].astype(np.float32)))[0]


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


def _tell_ranges(ranges: dict[Path, Range], count: int, given: Range | None) -> None:
    """Say in a line what became of images of more than 8 bits."""
    path, used = next(iter(ranges.items()))
    line = f"{len(ranges)} of {count} images have more than 8 bits, such as 16-bit grey: "
    if given is not None:
        line += told_range(given)
    else:
        first = f"in {path.name} {told_range(used)}"
        line += f"each is stretched by its own values ({first}); --range LOW,HIGH takes one for all"
    print(line, file=sys.stderr)


def _targets(path: Path, out: Path, task: "Task") -> tuple[Path, Path]:
    # No PNG that every program reads holds three numbers of more than 8 bits.
    kinds = (".npy" if task.components else ".png", "_color.png")
    return tuple(out / f"{path.stem}_{task.name}{kind}" for kind in kinds)


def _check(paths: list[Path], out: Path, task: "Task") -> None:
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
