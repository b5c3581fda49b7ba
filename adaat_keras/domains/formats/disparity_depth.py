"""Depth from the 16-bit disparity of Cityscapes and KITTI."""

import tensorflow as tf


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
