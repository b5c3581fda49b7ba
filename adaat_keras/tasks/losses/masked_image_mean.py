"""The mean over an image's valid pixels."""

import keras
from keras import ops


def masked_image_mean(values: keras.KerasTensor, valid: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of every image over its valid pixels, 0 where there is none.

    Args:
        values: `(batch, height, width)`, finite wherever it is valid.
        valid: Booleans `(batch, height, width)`.

    Returns:
        `(batch,)`.

    Example:
        >>> masked_image_mean(ops.array([[[3.0, 9.0]]]), ops.array([[[True, False]]])).numpy()
        array([3.], dtype=float32)
    """
    weights = ops.cast(valid, values.dtype)
    total = ops.sum(ops.where(valid, values, 0), axis=(1, 2))
    return total / ops.maximum(ops.sum(weights, axis=(1, 2)), 1)
