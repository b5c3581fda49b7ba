"""What may happen to a training image, by name."""

from collections.abc import Callable

import tensorflow as tf

from adaat_keras.domains.pipeline.augment import augment
from adaat_keras.domains.pipeline.restyle import restyle


def unchanged(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """The image as it is, float32."""
    return tf.cast(image, "float32")


# "color" is the paper's.
AUGMENTATIONS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "none": unchanged,
    "color": augment,
    "style": restyle,
}
