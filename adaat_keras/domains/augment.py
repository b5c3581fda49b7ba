"""Augmentation of training images: crops, colours, styles."""

from collections.abc import Callable

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
        room, f"a frame is smaller than the crop of {size} pixels: crop less (crop=, --crop)"
    )
    with tf.control_dependencies([check] if check is not None else []):
        offset = tf.random.stateless_uniform([2], seed, maxval=tf.int32.max, dtype=tf.int32) % room
    crops = {}
    for key, value in frame.items():
        crop = value[offset[0] : offset[0] + size, offset[1] : offset[1] + size]
        crops[key] = tf.ensure_shape(crop, (size, size, *value.shape[2:]))
    return crops


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
    # `tf.cond` computes the changes only if needed: hue and saturation take half of a crop's time.
    return tf.cond(chosen, lambda: _changed(image, seeds), lambda: tf.clip_by_value(image, 0, 255))


def _changed(image: tf.Tensor, seeds: list[tf.Tensor]) -> tf.Tensor:
    image = tf.image.stateless_random_brightness(image / 255, 0.2, seeds[0])
    image = tf.image.stateless_random_contrast(image, 0.8, 1.2, seeds[1])
    image = tf.image.stateless_random_saturation(image, 0.6, 1.4, seeds[2])
    image = tf.image.stateless_random_hue(image, 0.05, seeds[3])
    return 255 * tf.clip_by_value(image, 0, 1)


_KNOTS = 5


def restyle(image: tf.Tensor, seed: tf.Tensor, probability: float = 0.5) -> tf.Tensor:
    """Change the style of an image with the given probability, else apply `augment`.

    In this order: the image is partly or, sometimes, completely desaturated; its tones are mapped
    by a random curve, slightly different for red, green and blue, which may darken, flatten or
    invert them; noise is added. The geometry does not change, so that all labels stay valid.
    (Beyond the paper; similar to random tone curves in medical imaging and to domain
    randomization.)

    Args:
        image: `(height, width, 3)` in 0..255, any type.
        seed: Integer tensor of shape `(2,)`; the same seed gives the same picture.
        probability: How often the style changes.

    Returns:
        float32 `(height, width, 3)` in 0..255.

    Example:
        >>> restyle(tf.zeros((4, 4, 3), tf.uint8), tf.constant([1, 2])).dtype
        tf.float32
    """
    *seeds, last, mild = tf.unstack(tf.random.split(seed, 7))
    chosen = tf.random.stateless_uniform([], last) < probability
    return tf.cond(chosen, lambda: _restyled(image, seeds), lambda: augment(image, mild))


def _restyled(image: tf.Tensor, seeds: list[tf.Tensor]) -> tf.Tensor:
    image = tf.cast(image, "float32") / 255
    share = tf.maximum(tf.random.stateless_uniform([], seeds[0], -0.5, 1.5), 0)
    grey = tf.reduce_sum(image * [0.299, 0.587, 0.114], axis=-1, keepdims=True)
    image += tf.minimum(share, 1) * (grey - image)
    image = _through(_curves(seeds[1:3]), image)
    sigma = tf.random.stateless_uniform([], seeds[3], 0, 0.05)
    image += sigma * tf.random.stateless_normal(tf.shape(image), seeds[4])
    return 255 * tf.clip_by_value(image, 0, 1)


def _curves(seeds: list[tf.Tensor]) -> tf.Tensor:
    """Random tone curves at evenly spaced knots, `(knots, 3)`, between identity and noise."""
    strength, *shared = tf.unstack(tf.random.stateless_uniform([_KNOTS + 1], seeds[0]))
    own = tf.random.stateless_uniform([_KNOTS, 3], seeds[1])
    identity = tf.linspace(0.0, 1.0, _KNOTS)[:, None]
    return identity + strength * (0.7 * tf.stack(shared)[:, None] + 0.3 * own - identity)


def _through(curves: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
    """Map every channel by its curve, linear between the knots."""
    place = image * (_KNOTS - 1)
    near = (tf.maximum(1 - tf.abs(place - knot), 0) * curves[knot] for knot in range(_KNOTS))
    return tf.add_n(list(near))


def unchanged(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """The image as it is, float32."""
    return tf.cast(image, "float32")


# "color" is the paper's.
AUGMENTATIONS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "none": unchanged,
    "color": augment,
    "style": restyle,
}
