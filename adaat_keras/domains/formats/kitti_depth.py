"""The 16-bit depth maps of KITTI's depth completion and prediction sets."""

import tensorflow as tf


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
