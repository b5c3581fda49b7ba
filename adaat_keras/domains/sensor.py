"""Simulated depth sensors, which measure depth only in parts of a frame.

Each function turns perfect depth into what a sensor would measure, deterministically by its seed.
"""

from collections.abc import Callable

import tensorflow as tf

# Metres between the cameras, as Cityscapes' 0.21; pixels of disparity.
_BASELINE = 0.21
_STEPS = 256
_ERROR = 0.25
# Of an image's pixels, those of blobs in which nothing is matched.
_UNMATCHED = 0.12
# A cell of the noise that makes the blobs, in pixels.
_CELL = 8

# Degrees below the optical axis at which the lines of the LiDAR lie, metres of error and of reach.
_FIRST, _LAST, _LINES = -2.0, 24.0, 16
_NOISE = 0.03
_REACH = 80.0
_LOST = 0.2


def stereo(depth: tf.Tensor, focal_length: float, seed: tf.Tensor) -> tf.Tensor:
    """Depth by block matching between two cameras 0.21 m apart.

    Disparity, focal length * baseline / depth, has noise of a quarter of a pixel, and is quantized
    to 1/256. There is no measurement where the right camera does not see a point (occluded, or
    beyond its border), below one pixel of disparity, and in blobs, an eighth of the image, that
    simulate surfaces without texture.

    Args:
        depth: float32 `(height, width)`, metres, 0 = invalid.
        focal_length: Pixels.
        seed: Integer scalar.

    Returns:
        float32 `(height, width)`, metres, 0 = invalid.

    Example:
        >>> wall = stereo(tf.fill((32, 64), 5.0), focal_length=100.0, seed=tf.constant(1))
        >>> bool(tf.reduce_all(wall[:, :4] == 0))  # beyond the right camera's border
        True
    """
    seeds = tf.unstack(tf.random.split(tf.stack([tf.cast(seed, "int32"), 0]), 3))
    valid = depth > 0
    reach = focal_length * _BASELINE
    disparity = tf.where(valid, reach / tf.where(valid, depth, 1.0), 0.0)
    column = tf.range(tf.shape(depth)[1], dtype=tf.float32)[None, :] - disparity
    # A point is hidden by points to its right in the left image that are to its left in the right.
    nearest = tf.math.cumulative_logsumexp(-50 * column, axis=1, exclusive=True, reverse=True)
    seen = (column >= 0) & (-nearest / 50 > column)
    noisy = disparity + _ERROR * tf.random.stateless_normal(tf.shape(depth), seeds[0])
    noisy = tf.round(noisy * _STEPS) / _STEPS
    known = valid & seen & (noisy >= 1) & ~_blobs(tf.shape(depth), _UNMATCHED, seeds[1])
    return tf.where(known, reach / tf.maximum(noisy, 1.0), 0.0)


def lidar(depth: tf.Tensor, focal_length: float, seed: tf.Tensor) -> tf.Tensor:
    """Depth from a LiDAR with 16 lines at the camera's position.

    The lines are spread evenly from 2 degrees above the optical axis to 24 below. The noise is
    3 cm; a fifth of the points, and all beyond 80 m, are missing. In `streets_real`, 12 lines are
    in the image, and 7 % of the pixels are known.

    Args:
        depth, focal_length, seed: As `stereo` takes them.

    Returns:
        float32 `(height, width)`, metres, 0 = invalid.

    Example:
        >>> wall = lidar(tf.fill((64, 64), 5.0), focal_length=50.0, seed=tf.constant(1))
        >>> 0.02 < float(tf.reduce_mean(tf.cast(wall > 0, "float32"))) < 0.3
        True
    """
    seeds = tf.unstack(tf.random.split(tf.stack([tf.cast(seed, "int32"), 1]), 2))
    height = tf.cast(tf.shape(depth)[0], tf.float32)
    angles = tf.linspace(_FIRST, _LAST, _LINES) * (3.14159265 / 180)
    rows = tf.cast(tf.round(height / 2 + focal_length * tf.tan(angles) - 0.5), tf.int32)
    on_line = tf.reduce_any(tf.range(tf.shape(depth)[0])[:, None] == rows[None, :], axis=1)
    back = tf.random.stateless_uniform(tf.shape(depth), seeds[0]) >= _LOST
    known = (depth > 0) & (depth < _REACH) & on_line[:, None] & back
    noisy = depth + _NOISE * tf.random.stateless_normal(tf.shape(depth), seeds[1])
    return tf.where(known, noisy, 0.0)


def _blobs(shape: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
    """Booleans of this shape, true in random blobs that cover this share."""
    cells = shape // _CELL + 2
    noise = tf.random.stateless_normal(tf.concat([[1], cells, [1]], 0), seed)
    smooth = tf.image.resize(noise, shape + 2 * _CELL, method="bicubic")[0, :, :, 0]
    smooth = smooth[_CELL : _CELL + shape[0], _CELL : _CELL + shape[1]]
    ranked = tf.sort(tf.reshape(smooth, [-1]))
    count = tf.cast(tf.size(ranked), tf.float32)
    return smooth < ranked[tf.cast(share * count, tf.int32)]


def perfect(depth: tf.Tensor, focal_length: float, seed: tf.Tensor) -> tf.Tensor:
    """Depth as it is."""
    return depth


SENSORS: dict[str, Callable[[tf.Tensor, float, tf.Tensor], tf.Tensor]] = {
    "perfect": perfect,
    "stereo": stereo,
    "lidar": lidar,
}
