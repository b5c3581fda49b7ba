"""Resizing labels, which must not be mixed."""

import tensorflow as tf


def nearest(pixels: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resize by taking the pixel nearest to each new pixel's centre.

    A centre between two pixels takes the one below or to the right. Whole numbers alone decide,
    so that no rounding error moves a label at odd ratios.

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
