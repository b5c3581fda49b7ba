"""The 24-bit depth of SYNTHIA-SF and CARLA."""

import tensorflow as tf

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
