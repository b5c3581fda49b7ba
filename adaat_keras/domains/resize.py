"""Resizing of a domain's frames, without interpolating labels."""

from collections.abc import Callable

import tensorflow as tf

from adaat_keras.camera import Camera
from adaat_keras.deep_images import Range
from adaat_keras.domains.domain import Domain, check_forms
from adaat_keras.tasks.semantic import Semantic


def nearest(pixels: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resize by taking the pixel nearest to each new pixel's centre.

    In a tie, the pixel below or to the right is taken. The computation uses integers only, so that
    no rounding error shifts labels.

    Args:
        pixels: `(height, width, ...)`, any type.
        size: New height and width.

    Returns:
        `(*size, ...)` of the same type.

    Example:
        >>> nearest(tf.constant([[1, 2, 3]]), (1, 2)).numpy().tolist()
        [[1, 3]]
    """
    old = tf.shape(pixels, tf.int64)
    rows, columns = (nearest_index(old[axis], size[axis]) for axis in (0, 1))
    return tf.gather(tf.gather(pixels, rows), columns, axis=1)


def nearest_index(old: tf.Tensor, new: int) -> tf.Tensor:
    """For each of `new` pixels along an axis, the nearest of the `old` ones, int64 `(new,)`."""
    return (2 * tf.range(new, dtype=tf.int64) + 1) * old // (2 * new)


def nearest_valid(depth: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resize by taking the valid pixel nearest to each new pixel's centre, within its cell.

    A new pixel's cell consists of all old pixels whose centres lie in it or, if there are none, as
    when enlarging, of the nearest one. Distance is Euclidean, in old pixels; in a tie, the
    rightmost wins, then the lowest, as in `nearest`.

    Args:
        depth: `(height, width)`; a pixel is valid if it is above 0.
        size: New height and width.

    Returns:
        Shape `size`, of the same type; 0 where the cell holds no valid pixel.

    Example:
        >>> nearest_valid(tf.constant([[0.0, 7.0, 0.0, 0.0]]), (1, 2)).numpy().tolist()
        [[7.0, 0.0]]
    """
    # First along columns, which leaves few pixels to compare in both directions; in 32 bits, since
    # this step takes most of the time.
    depth, dy = _shrink(depth, size[0], lambda _, dy: tf.cast(tf.abs(dy), tf.int32), tf.int32)
    depth, dy = tf.transpose(depth), tf.transpose(dy)

    def distance(index: tf.Tensor, dx: tf.Tensor) -> tf.Tensor:
        # Each offset is scaled by its own new size; multiplying with the other one keeps integers.
        down = tf.cast(tf.gather(dy, index), tf.int64) * size[1]
        return tf.square(down) + tf.square(dx * size[0])

    return tf.transpose(_shrink(depth, size[1], distance, tf.int64)[0])


def _shrink(
    values: tf.Tensor,
    new: int,
    distance: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    dtype: tf.DType,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Resize the first axis to length `new` by taking the nearest valid value of each cell.

    Args:
        values: `(old, any)`.
        new: Number of cells.
        distance: A function that returns distances, given the index of an old pixel for each cell,
            `(new,)`, and the offset of its centre from the cell's, `(new, 1)`, in half old pixels
            times `new`.
        dtype: Of the distance.

    Returns:
        The values and their distances, `(new, any)` each; value 0 where none is valid.
    """
    old = tf.shape(values, tf.int64)[0]
    first, last = _cells(old, new)
    middle = (2 * tf.range(new, dtype=tf.int64) + 1) * old

    def visit(back, best, nearest):
        # Backwards from the last of each cell, so that the last one wins in a tie.
        index = tf.maximum(last - back, first)
        value = tf.gather(values, index)
        found = distance(index, ((2 * index + 1) * new - middle)[:, None])
        nearer = (value > 0) & (found < nearest)
        return back + 1, tf.where(nearer, value, best), tf.where(nearer, found, nearest)

    shape = tf.stack([new, tf.shape(values)[1]])
    start = (
        tf.zeros([], tf.int64),
        tf.zeros(shape, values.dtype),
        tf.fill(shape, tf.constant(dtype.max, dtype)),
    )
    most = (old + new - 1) // new
    _, best, nearest = tf.while_loop(lambda back, *_: back < most, visit, start)
    return best, nearest


def _cells(old: tf.Tensor, new: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The first and the last old pixel of each new one along an axis, `(new,)` each."""
    # The first old pixel whose centre is not before each new pixel's left edge, or the end.
    edges = (2 * tf.range(new + 1, dtype=tf.int64) * old + new - 1) // (2 * new)
    middle = nearest_index(old, new)
    enlarged = old < new
    return tf.where(enlarged, middle, edges[:-1]), tf.where(enlarged, middle, edges[1:] - 1)


def camera_of(domain: Domain) -> Camera:
    """The camera of a domain, with the size of its first frame.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((1, 8, 9, 3), np.uint8)
        >>> camera = camera_of(Domain.from_arrays(images, focal_length=7.0))
        >>> camera.height, camera.width, camera.focal_length
        (8, 9, 7.0)
    """
    image = domain.read(tf.constant(0, tf.int64), ("image",))["image"]
    height, width = (int(side) for side in tf.shape(image)[:2])
    return Camera(
        height,
        width,
        domain.focal_length,
        domain.principal_point,
        domain.camera_height,
        domain.image_range,
    )


class Resized(Domain):
    """A domain with all frames resized to one size.

    - `"image"`: bilinear with antialiasing, rounded.
    - `"depth"`: each pixel takes the valid depth nearest to its centre among the old pixels that it
      covers; 0 if none of them is valid. Depths are never averaged, sparse depth survives, and if
      all pixels are valid, this is plain nearest-neighbour resizing. Next to invalid pixels (sky,
      gaps), valid depth is extended by at most half a new pixel.
    - any other label: the pixel nearest to the centre.

    Height and width are scaled independently, so another aspect ratio distorts images; normals
    are not changed. The focal length is scaled with the width, as by `Camera.resized`.

    Args:
        domain: The domain to resize.
        height: Pixels, at least 1.
        width: Pixels, at least 1.

    Raises:
        ValueError: A height or width below 1.

    Example:
        >>> import tempfile
        >>> from adaat_keras.domains import Streets
        >>> options = {"frames": 1, "height": 32, "width": 64, "cache": tempfile.mkdtemp()}
        >>> frame = Resized(Streets("streets_sim", "val", **options), 12, 20)[0]
        >>> frame["image"].shape, frame["depth"].shape
        ((12, 20, 3), (12, 20))
    """

    _aside = (*Domain._aside, "_checked")

    def __init__(self, domain: Domain, height: int, width: int):
        if height < 1 or width < 1:
            raise ValueError(f"height and width must be at least 1, not {height} and {width}")
        self.domain = domain
        self.height, self.width = height, width
        self._checked: set[str] = set()
        self.name, self.tasks, self.dense = domain.name, domain.tasks, domain.dense
        self.label_names, self.all_told = domain.label_names, domain.all_told

    def __len__(self) -> int:
        return len(self.domain)

    @property
    def focal_length(self) -> float | None:
        """The domain's, in pixels of the new size."""
        known = self.domain.focal_length is not None
        return self._camera.focal_length if known else None

    @property
    def principal_point(self) -> tuple[float, float] | None:
        """The domain's, in pixels of the new size."""
        known = self.domain.principal_point is not None
        return self._camera.center if known else None

    @property
    def camera_height(self) -> float | None:
        """The domain's."""
        return self.domain.camera_height

    @property
    def image_range(self) -> Range | None:
        """The domain's."""
        return self.domain.image_range

    @property
    def _camera(self) -> Camera:
        return camera_of(self.domain).resized(self.height, self.width)

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise unless the domain has labels for the `keys`, in a form that can be resized.

        Raises:
            ValueError: As the domain does, or as `check_forms`.
        """
        self.domain.require(keys)
        # Checked once per key, since tracing `read` takes a while.
        new = tuple(key for key in keys if key not in self._checked)
        if new:
            check_forms(self.domain, new)
            self._checked.update(new)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), resized; raises as the domain does."""
        frame = self.domain.read(index, keys)
        return {key: self._resize(key, value) for key, value in frame.items()}

    def with_classes(self, task: Semantic) -> Domain:
        """The domain with these classes, resized alike."""
        domain = self.domain.with_classes(task)
        return self if domain is self.domain else Resized(domain, self.height, self.width)

    def _resize(self, key: str, value: tf.Tensor) -> tf.Tensor:
        size = (self.height, self.width)

        def resized():
            if key == "image":
                return tf.saturate_cast(
                    tf.round(tf.image.resize(value, size, antialias=True)), value.dtype
                )
            return (nearest_valid if key == "depth" else nearest)(value, size)

        if value.shape[:2].is_fully_defined():
            result = value if value.shape[:2] == size else resized()
        else:
            # The size may be known only when the graph runs, and frames may have it already.
            there = tf.reduce_all(tf.shape(value)[:2] == size)
            result = tf.cond(there, lambda: value, resized)
        return tf.ensure_shape(result, (*size, *value.shape[2:]))
