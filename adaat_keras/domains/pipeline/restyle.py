"""Style augmentation: other tones, other colours, another sensor."""

import tensorflow as tf

from adaat_keras.domains.pipeline.augment import augment

_KNOTS = 5


def restyle(image: tf.Tensor, seed: tf.Tensor, probability: float = 0.5) -> tf.Tensor:
    """Change the style of an image with the given probability, or else what `augment` changes.

    In this order: part of the colour is taken away, all of it now and then; the tones go through a
    random curve, which may darken, flatten or invert them, and differs a little between red,
    green and blue; noise is added. What stays is where things are. Labels hold, those of depth
    too. (Beyond the paper; the idea is that of random tone curves in medical imaging and of
    domain randomization.)

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
    """The tones `(knots, 3)` that evenly spaced tones become, somewhere from identity to noise."""
    strength, *shared = tf.unstack(tf.random.stateless_uniform([_KNOTS + 1], seeds[0]))
    own = tf.random.stateless_uniform([_KNOTS, 3], seeds[1])
    identity = tf.linspace(0.0, 1.0, _KNOTS)[:, None]
    return identity + strength * (0.7 * tf.stack(shared)[:, None] + 0.3 * own - identity)


def _through(curves: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
    """Every channel through its curve, linear between the knots."""
    place = image * (_KNOTS - 1)
    near = (tf.maximum(1 - tf.abs(place - knot), 0) * curves[knot] for knot in range(_KNOTS))
    return tf.add_n(list(near))
