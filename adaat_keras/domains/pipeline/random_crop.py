"""Random crops of a frame."""

import tensorflow as tf


def random_crop(frame: dict[str, tf.Tensor], size: int, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Crop image and labels of a frame at the same random place.

    Args:
        frame: Tensors `(height, width, ...)` of one height and width, at least `size`.
        size: Height and width of the crop in pixels.
        seed: Integer tensor of shape `(2,)`; the same seed crops at the same place.

    Example:
        >>> frame = {"image": tf.zeros((8, 9, 3)), "depth": tf.zeros((8, 9))}
        >>> random_crop(frame, 4, tf.constant([1, 2]))["depth"].shape
        TensorShape([4, 4])
    """
    room = tf.shape(frame["image"])[:2] - size + 1
    check = tf.debugging.assert_positive(
        room, f"a frame is smaller than the crop of {size} pixels; choose a smaller --crop"
    )
    with tf.control_dependencies([check] if check is not None else []):
        offset = tf.random.stateless_uniform([2], seed, maxval=tf.int32.max, dtype=tf.int32) % room
    crops = {}
    for key, value in frame.items():
        crop = value[offset[0] : offset[0] + size, offset[1] : offset[1] + size]
        crops[key] = tf.ensure_shape(crop, (size, size, *value.shape[2:]))
    return crops
