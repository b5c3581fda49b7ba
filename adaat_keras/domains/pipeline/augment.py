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
    seeds = tf.random.split(seed, 5)
    image = tf.cast(image, "float32") / 255
    changed = tf.image.stateless_random_brightness(image, 0.2, seeds[0])
    changed = tf.image.stateless_random_contrast(changed, 0.8, 1.2, seeds[1])
    changed = tf.image.stateless_random_saturation(changed, 0.6, 1.4, seeds[2])
    changed = tf.image.stateless_random_hue(changed, 0.05, seeds[3])
    chosen = tf.random.stateless_uniform([], seeds[4]) < probability
    return 255 * tf.clip_by_value(tf.where(chosen, changed, image), 0, 1)
