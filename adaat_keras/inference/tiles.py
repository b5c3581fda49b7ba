"""Labels for images of any size; large ones are predicted in tiles to bound memory."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import keras
import numpy as np

from adaat_keras import tasks
from adaat_keras.models.base_model import check_images, to_scale

if TYPE_CHECKING:
    from adaat_keras.tasks.task import Task

# Pixels; twice a Cityscapes frame. At this size the small networks take 1.4 GB and the paper's
# 4 GB; a photo of 24 megapixels would take six times that.
LARGEST_IN_ONE_PIECE = 2048 * 2048
TILE = 1024
# Rows enlarged and decoded at a time.
_ROWS = 256


def tile_for(model: keras.Model, height: int, width: int) -> int | None:
    """The size of the tiles in which an image is predicted; `None` for one piece.

    A model with a `camera` never needs tiles: it resizes images to its training scale.

    Example:
        >>> tile_for(keras.Sequential(), 1024, 2048), tile_for(keras.Sequential(), 3000, 4000)
        (None, 1024)
    """
    if getattr(model, "camera", None) is not None:
        return None
    return TILE if height * width > LARGEST_IN_ONE_PIECE else None


class TooSmall(ValueError):
    """An image has fewer pixels in height or width than the network needs."""


def predict_labels(
    model: keras.Model, task: "str | dict | Task", images: np.ndarray, tile: int | None = None
) -> np.ndarray:
    """Predict a task for images of equal, arbitrary size.

    A model with a `camera` predicts at the scale it was trained at; its outputs are resized to the
    images' size and decoded, some rows at a time. Without a camera, images of more than
    2048 x 2048 pixels are predicted in tiles of 1024 x 1024 and decoded tile by tile, so that
    memory holds, besides image and labels, one tile's outputs and the overlap with its neighbours.

    Args:
        model: Takes `(batch, height, width, 3)` in 0..255, returns outputs that the task decodes.
        task: As `adaat_keras.tasks.get` takes it: `model.to_task`.
        images: `(batch, height, width, 3)`, 0 to 255, any dtype.
        tile: Height and width of tiles, at least 64, for images of any size at their own scale; an
            image that fits into one tile is predicted in one piece.

    Returns:
        Labels as the task decodes them, of the images' size: class ids `(batch, height, width)`
        for semantics, metres for depth.

    Raises:
        ValueError: The images or the tiles are too small, the images have another shape or
            integers above 255, or the model's outputs do not have the task's channels.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> model = build_ada_atdt("depth", "semantic", size="tiny")
        >>> predict_labels(model, model.to_task, np.zeros((1, 50, 70, 3), np.uint8)).shape
        (1, 50, 70)
    """
    task = tasks.get(task)
    images = np.asarray(images)
    check_images(images)
    height, width = images.shape[1:3]
    camera = getattr(model, "camera", None) if tile is None else None
    smallest, seen = getattr(model, "smallest", 1), (height, width)
    if camera is not None:
        seen = camera.scaled(height, width)
    if min(seen) < smallest:
        at = "" if seen == (height, width) else f", seen at {seen[1]} x {seen[0]}"
        raise TooSmall(
            f"{width} x {height} pixels{at}, and the network needs at least {smallest} in width "
            "and height"
        )
    if seen != (height, width):
        outputs = _outputs(model, keras.ops.convert_to_numpy(to_scale(images, camera)))
        rows = range(0, height, _ROWS)
        enlarged = (_enlarged(outputs, height, width, top, _ROWS) for top in rows)
        parts = [_decoded(task, part) for part in enlarged]
        return np.concatenate(parts, axis=1)
    tile = tile_for(model, height, width) if tile is None else tile
    if tile is None:
        return _decoded(task, _outputs(model, images))
    labels = None
    tiled = Tiled(_native(model), tile)
    for number, image in enumerate(images):
        for rows, columns, outputs in tiled.parts(image):
            decoded = _decoded(task, outputs)
            if labels is None:
                labels = np.empty((*images.shape[:3], *decoded.shape[2:]), decoded.dtype)
            labels[number, rows, columns] = decoded
    return labels


def _decoded(task: "Task", outputs: np.ndarray) -> np.ndarray:
    """Decode outputs to labels; a `ValueError` if their channels are not the task's."""
    if outputs.shape[-1] != task.channels:
        raise ValueError(
            f"the model puts out {outputs.shape[-1]} channels, and {task.name} has "
            f"{task.channels}: pass the task that it was trained for, model.to_task"
        )
    return task.decode(outputs)


class Tiled:
    """Runs a model on square tiles of an image, so that memory does not grow with the image.

    Neighbouring tiles overlap by at least a quarter; there, outputs are averaged with weights that
    fall linearly towards a tile's border. The result differs from a prediction in one piece, since
    instance normalization sees a tile instead of the image.

    Args:
        model: Takes `(1, height, width, 3)` in 0..255, returns `(1, height, width, channels)`.
        tile: Height and width of a tile in pixels, at least 64.

    Raises:
        ValueError: The tile is smaller than 64 pixels.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> tiled = Tiled(build_ada_atdt(size="tiny"), tile=64)
        >>> [outputs.shape for _, _, outputs in tiled.parts(np.zeros((64, 100, 3), np.uint8))]
        [(64, 36, 11), (64, 64, 11)]
    """

    def __init__(self, model: keras.Model, tile: int):
        if not isinstance(tile, int | np.integer) or tile < 64:
            raise ValueError(f"a tile must have at least 64 pixels, not {tile!r}")
        self.model = model
        self.tile = tile

    def parts(self, image: np.ndarray) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """Yield the outputs for an image `(height, width, 3)` in parts that cover each pixel once.

        A part is yielded once no later tile overlaps it. Besides the current tile, only the
        overlaps with tiles to the right and below are kept in memory.

        Returns:
            Rows, columns, and the outputs there, `(rows, columns, channels)`.
        """
        rows, columns = (list(self._spans(length)) for length in image.shape[:2])
        # The overlap with the row of tiles above, by column.
        above = [None] * len(columns)
        for top, next_top, shares_down in rows:
            beside = None
            for number, (left, next_left, shares_across) in enumerate(columns):
                part = image[None, top : top + self.tile, left : left + self.tile]
                block = _outputs(self.model, part)[0]
                block = block * np.outer(shares_down, shares_across)[..., None]
                if beside is not None:
                    block[:, : beside.shape[1]] += beside
                finished = block[:, : next_left - left]
                # Copies: a view would keep the whole block in memory.
                beside = block[:, next_left - left :].copy()
                if above[number] is not None:
                    finished[: len(above[number])] += above[number]
                above[number] = finished[next_top - top :].copy()
                yield slice(top, next_top), slice(left, next_left), finished[: next_top - top]

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        """The model's whole outputs for images `(batch, height, width, 3)`."""
        total = None
        for number, image in enumerate(images):
            for rows, columns, outputs in self.parts(image):
                if total is None:
                    total = np.empty((*images.shape[:3], outputs.shape[-1]), np.float32)
                total[number, rows, columns] = outputs
        return total

    def _spans(self, length: int) -> Iterator[tuple[int, int, np.ndarray]]:
        """For each tile along one side: its start, the next tile's start, its pixels' weights.

        At every pixel, the weights of all tiles sum to 1.
        """
        starts = self._starts(length)
        size = min(self.tile, length)
        ramp = (np.minimum(np.arange(size) + 1, size - np.arange(size)) / size).astype(np.float32)
        total = np.zeros(length, np.float32)
        for start in starts:
            total[start : start + size] += ramp
        for start, following in zip(starts, [*starts[1:], length], strict=True):
            yield start, following, ramp / total[start : start + size]

    def _starts(self, length: int) -> list[int]:
        """Where tiles begin along one side: evenly spread, the last one ending with the image."""
        if length <= self.tile:
            return [0]
        count = 1 + -(-(length - self.tile) // (self.tile * 3 // 4))
        return [round(n * (length - self.tile) / (count - 1)) for n in range(count)]


def _native(model: keras.Model) -> keras.Model:
    """The model without its camera, which would resize each tile; cached with its compilation."""
    if getattr(model, "camera", None) is None:
        return model
    if model not in _NATIVE:
        _NATIVE[model] = model.without_camera()
    if hasattr(model, "predictor"):
        _NATIVE[model].predictor = model.predictor
    return _NATIVE[model]


_NATIVE: WeakKeyDictionary[keras.Model, keras.Model] = WeakKeyDictionary()


def _enlarged(outputs: np.ndarray, height: int, width: int, top: int, rows: int) -> np.ndarray:
    """Rows `top` to `top + rows` of outputs `(batch, h, w, channels)` resized bilinearly."""
    old_height, old_width = outputs.shape[1:3]
    place = (np.arange(top, min(top + rows, height)) + 0.5) * old_height / height - 0.5
    outputs = _between(outputs, place, axis=1)
    return _between(outputs, (np.arange(width) + 0.5) * old_width / width - 0.5, axis=2)


def _between(values: np.ndarray, place: np.ndarray, axis: int) -> np.ndarray:
    """Interpolate linearly along an axis at fractional positions, clamped to its ends."""
    place = np.clip(place, 0, values.shape[axis] - 1)
    low = np.minimum(place.astype(int), max(values.shape[axis] - 2, 0))
    share = (place - low).astype(np.float32).reshape([-1 if n == axis else 1 for n in range(4)])
    high = np.minimum(low + 1, values.shape[axis] - 1)
    return values.take(low, axis) * (1 - share) + values.take(high, axis) * share


def _outputs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    outputs = keras.ops.convert_to_numpy(model.predict_on_batch(images.astype(np.float32)))
    # Under a strategy, every device predicts all images, and Keras concatenates the copies.
    return outputs[: len(images)]
