"""Resizing depth, of which only some pixels are valid."""

from collections.abc import Callable

import tensorflow as tf

from adaat_keras.domains.pipeline.nearest import nearest_index


def nearest_valid(depth: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resize by taking the valid pixel nearest to each new pixel's centre, within its cell.

    A new pixel's cell is all old pixels whose centres lie in it; where there are none, as when
    enlarging, the nearest one. Distance is Euclidean, in old pixels; of equally near ones the
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
    # In every column first, which leaves little to compare by both offsets; in 32 bits, since
    # this is where the time goes.
    depth, dy = _shrink(depth, size[0], lambda _, dy: tf.cast(tf.abs(dy), tf.int32), tf.int32)
    depth, dy = tf.transpose(depth), tf.transpose(dy)

    def distance(index: tf.Tensor, dx: tf.Tensor) -> tf.Tensor:
        # Each offset lacks a division by its own new size: times the other one's, all is whole.
        down = tf.cast(tf.gather(dy, index), tf.int64) * size[1]
        return tf.square(down) + tf.square(dx * size[0])

    return tf.transpose(_shrink(depth, size[1], distance, tf.int64)[0])


def _shrink(
    values: tf.Tensor,
    new: int,
    distance: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    dtype: tf.DType,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Bring the first axis to length `new`: the nearest valid value of each cell.

    Args:
        values: `(old, any)`.
        new: Number of cells.
        distance: From the index of an old pixel for each cell, `(new,)`, and the offset of its
            centre from the cell's in half old pixels times `new`, `(new, 1)`, to what decides.
        dtype: Of the distance.

    Returns:
        The values and their distances, `(new, any)` each; value 0 where none is valid.
    """
    old = tf.shape(values, tf.int64)[0]
    first, last = _cells(old, new)
    middle = (2 * tf.range(new, dtype=tf.int64) + 1) * old

    def visit(back, best, nearest):
        # From the last of each cell backwards, so that the last wins where two are equally near.
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
    # The first old pixel whose centre is not before the left edge of each new one, and of the end.
    edges = (2 * tf.range(new + 1, dtype=tf.int64) * old + new - 1) // (2 * new)
    middle = nearest_index(old, new)
    enlarged = old < new
    return tf.where(enlarged, middle, edges[:-1]), tf.where(enlarged, middle, edges[1:] - 1)
