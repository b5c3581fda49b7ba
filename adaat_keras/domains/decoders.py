"""Decoding of label files' pixels, in graph operations."""

import numpy as np
import tensorflow as tf

from adaat_keras.domains.class_names import UNKNOWN


def map_classes(ids: tf.Tensor, table: np.ndarray, path: tf.Tensor) -> tf.Tensor:
    """Look every id up in a table of `IdSet.table`.

    Args:
        ids: uint8 `(height, width)`.
        table: uint8 `(256,)`.
        path: String scalar, the file to name if an id is unknown.

    Returns:
        uint8 `(height, width)`, classes, 255 = ignored.

    Raises:
        tf.errors.InvalidArgumentError: An id is outside the table; the message names the file.

    Example:
        >>> from adaat_keras.domains.class_names import ID_SETS
        >>> table = ID_SETS["carla_23"].table({"road": ("road",), "sky": ("sky",)})
        >>> map_classes(tf.constant([7, 13, 0], tf.uint8), table, tf.constant("a.png")).numpy()
        array([  0,   1, 255], dtype=uint8)
    """
    labels = tf.gather(tf.convert_to_tensor(table), tf.cast(ids, tf.int32))
    message = tf.strings.join(
        [path, ": has a label id outside its table; `adaat-keras data check` tells which"]
    )
    check = tf.debugging.Assert(tf.reduce_all(labels != UNKNOWN), [message])
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(labels)


FAR_PLANE = 1000.0
"""Metres: what the largest 24-bit number stands for, and where both renderers put the sky."""


def packed_depth(pixels: tf.Tensor) -> tf.Tensor:
    """Metres = (R + 256 G + 65536 B) / (256^3 - 1) * 1000.

    The sky lies at the far plane and stays there, 1000 m; the depth task leaves out what is
    beyond 100 m. Black (0 m) is invalid.

    Args:
        pixels: uint8 `(..., 3)`, the red channel lowest.

    Returns:
        float32 `(...)`, metres, 0 to 1000.

    Example:
        >>> packed_depth(tf.constant([[0, 0, 0], [255, 255, 255]], tf.uint8)).numpy().tolist()
        [0.0, 1000.0]
    """
    red, green, blue = (tf.cast(pixels[..., channel], tf.int32) for channel in range(3))
    code = red + 256 * green + 65536 * blue
    # float32 holds any code, but not its product with the factor.
    return tf.cast(tf.cast(code, tf.float64) * (FAR_PLANE / (256**3 - 1)), tf.float32)


def disparity_depth(pixels: tf.Tensor, focal_baseline: tf.Tensor, zero: int) -> tf.Tensor:
    """Metres = focal length * baseline / disparity, where disparity = (pixel - zero) / 256.

    Pixel 0 is invalid in both data sets. In Cityscapes pixel 1 is a disparity of 0, infinitely
    far; it is given as invalid too. Without its `zero` of 1, depth is wrong by 1 / 256 pixel.

    Args:
        pixels: uint16 `(height, width)`.
        focal_baseline: Focal length in pixels times baseline in metres, of that image's camera.
        zero: The pixel value of disparity 0: 1 in Cityscapes, 0 in KITTI.

    Returns:
        float32 `(height, width)`, metres, 0 = invalid.

    Example:
        >>> disparity_depth(tf.constant([0, 1, 257, 513], tf.uint16), 400.0, zero=1).numpy()
        array([  0.,   0., 400., 200.], dtype=float32)
    """
    disparity = tf.cast(tf.maximum(tf.cast(pixels, tf.int32) - zero, 0), tf.float32) / 256
    return tf.math.divide_no_nan(tf.cast(focal_baseline, tf.float32), disparity)


def kitti_depth(pixels: tf.Tensor) -> tf.Tensor:
    """Metres = pixel / 256; pixel 0 is invalid.

    Args:
        pixels: uint16 `(height, width)`.

    Returns:
        float32 `(height, width)`, metres, 0 = invalid.

    Example:
        >>> kitti_depth(tf.constant([0, 1, 2560], tf.uint16)).numpy().tolist()
        [0.0, 0.00390625, 10.0]
    """
    return tf.cast(pixels, tf.float32) / 256


# A pixel and its neighbours: left, right, above, below, as offsets of row and column.
_CROSS = ((0, 0), (0, -1), (0, 1), (-1, 0), (1, 0))
# How much the plane may change from one pixel to the next, as a share of itself. A crease or an
# edge changes it by about 1; what is round changes it by one over its radius in pixels.
_BEND = 0.2


def depth_normals(depth: tf.Tensor, focal_length: float) -> tf.Tensor:
    """The unit normal of the surface at each pixel, in the camera's axes.

    On a plane inverse depth is linear in the picture: with x and y the pixel's ray at a depth of
    1 m, `1 / Z = a x + b y + c`, and the normal that points towards the camera is
    `-(a, b, c) / |(a, b, c)|`. The slopes are central differences, which is the cross product of
    the differences of points, without its rounding errors far away.

    Args:
        depth: float32 `(height, width)`, metres along the optical axis; 0 or not finite = invalid.
        focal_length: Pixels, the same in both directions; the optical axis meets the centre.

    Returns:
        float32 `(height, width, 3)`: x right, y down, z forward. Zeros where a pixel or one of its
        four neighbours is invalid or outside, or where they do not lie on one plane: at edges,
        creases, and what is bent within few pixels.

    Example:
        >>> wall = depth_normals(tf.fill((3, 4), 7.0), focal_length=10.0)
        >>> bool((wall[1, 1] == [0.0, 0.0, -1.0]).numpy().all()), wall[0, 1].numpy().tolist()
        (True, [0.0, 0.0, 0.0])
    """
    valid = tf.math.is_finite(depth) & (depth > 0)
    inverse = tf.where(valid, 1 / tf.where(valid, depth, 1.0), 0.0)
    here, left, right, above, below = _shifted(inverse)
    x, y = (_rays(depth, axis, focal_length) for axis in (1, 0))
    a, b = focal_length * (right - left) / 2, focal_length * (below - above) / 2
    plane = tf.stack([a, b, here - a * x[None, :] - b * y[:, None]], axis=-1)
    size = tf.norm(plane, axis=-1)
    bends = tf.stack([left + right - 2 * here, above + below - 2 * here], axis=-1)
    flat = focal_length * tf.norm(bends, axis=-1) <= _BEND * size
    known = tf.reduce_all(tf.stack(_shifted(valid)), axis=0) & flat
    normals = -plane / tf.where(known, size, 1.0)[..., None]
    return tf.pad(tf.where(known[..., None], normals, 0.0), [[1, 1], [1, 1], [0, 0]])


def _shifted(pixels: tf.Tensor) -> list[tf.Tensor]:
    """All pixels but those at the border, and their neighbours at the same places."""
    height, width = tf.unstack(tf.shape(pixels))
    return [pixels[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx] for dy, dx in _CROSS]


def _rays(depth: tf.Tensor, axis: int, focal_length: float) -> tf.Tensor:
    """Where the rays of all pixels but the first and last meet a plane 1 m ahead, along an axis."""
    count = tf.shape(depth)[axis]
    centred = tf.range(1, count - 1, dtype=tf.int32)
    return (tf.cast(centred, tf.float32) + 0.5 - tf.cast(count, tf.float32) / 2) / focal_length
