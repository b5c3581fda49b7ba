"""Colour augmentation of the images that networks are trained on."""

import tensorflow as tf


def augment(image: tf.Tensor, seed: tf.Tensor, probability: float = 0.5) -> tf.Tensor:
    """Change brightness and colour of an image with the given probability.

    Brightness by up to 20 % of the range, saturation by a factor of 0.6 to 1.4, hue by up to
    5 % of the circle, contrast by 0.8 to 1.2 (section 4.1 of the paper names brightness and
    colour with probability 0.5, no ranges: these are ours). The same seed gives the same picture.

    Args:
        image: `(height, width, 3)` in 0..255, any type.
        seed: Integer tensor of shape `(2,)`.
        probability: How often an image is changed at all.

    Returns:
        float32 `(height, width, 3)` in 0..255.

    Example:
        >>> augment(tf.zeros((4, 4, 3), tf.uint8), tf.constant([1, 2])).dtype
        tf.float32
    """
    *seeds, last = tf.unstack(tf.random.split(seed, 5))
    image = tf.cast(image, "float32")
    chosen = tf.random.stateless_uniform([], last) < probability
    # A branch, not a choice between both results: hue and saturation cost half of a crop's time.
    return tf.cond(chosen, lambda: _changed(image, seeds), lambda: tf.clip_by_value(image, 0, 255))


def _changed(image: tf.Tensor, seeds: list[tf.Tensor]) -> tf.Tensor:
    image = tf.image.stateless_random_brightness(image / 255, 0.2, seeds[0])
    image = tf.image.stateless_random_contrast(image, 0.8, 1.2, seeds[1])
    image = tf.image.stateless_random_saturation(image, 0.6, 1.4, seeds[2])
    image = tf.image.stateless_random_hue(image, 0.05, seeds[3])
    return 255 * tf.clip_by_value(image, 0, 1)
