"""Surface normals from dense depth."""

import tensorflow as tf

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
        >>> (wall[1, 1] + 0.0).numpy().tolist(), wall[0, 1].numpy().tolist()
        ([0.0, 0.0, -1.0], [0.0, 0.0, 0.0])
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
