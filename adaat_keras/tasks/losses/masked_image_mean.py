"""The mean over an image's valid pixels."""

import keras
from keras import ops


def masked_image_mean(
    values: keras.KerasTensor,
    valid: keras.KerasTensor,
    weights: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    """Mean of every image over its valid pixels, 0 where there is none.

    Args:
        values: `(batch, height, width)`, finite wherever it is valid.
        valid: Booleans `(batch, height, width)`.
        weights: What each pixel counts, `(batch, height, width)`; alike by default.

    Returns:
        `(batch,)`.

    Example:
        >>> masked_image_mean(ops.array([[[3.0, 9.0]]]), ops.array([[[True, False]]])).numpy()
        array([3.], dtype=float32)
    """
    counts = ops.cast(valid, values.dtype)
    if weights is not None:
        counts *= ops.cast(weights, values.dtype)
    total = ops.sum(ops.where(valid, values, 0) * counts, axis=(1, 2))
    count = ops.sum(counts, axis=(1, 2))
    return total / ops.where(count > 0, count, 1)
