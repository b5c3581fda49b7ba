"""One compiled call for images of every size."""

from collections.abc import Callable

import keras
import tensorflow as tf

from adaat_keras.layers import PadToStride


def any_size(network: keras.Model, stride: int = 1) -> Callable[[tf.Tensor], tf.Tensor]:
    """Compile a network once, for single images of any size, in inference mode.

    `model.predict` compiles anew for every size that it meets.

    Args:
        network: Takes `(1, height, width, 3)`, values 0 to 255.
        stride: What the network needs height and width to be multiples of; other sizes are padded
            by reflection at the lower and right border.

    Returns:
        A function of images `(1, height, width, 3)`, any type, 0 to 255, to float32 outputs.

    Example:
        >>> from adaat_keras.models import Encoder
        >>> call = any_size(Encoder(base_filters=4, residual_blocks=1), stride=4)
        >>> call(tf.zeros((1, 30, 50, 3), tf.uint8)).shape
        TensorShape([1, 8, 13, 16])
    """
    pad = PadToStride(stride)

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), "float32")])
    def compiled(images):
        return tf.cast(network(pad(images), training=False), "float32")

    return lambda images: compiled(tf.cast(images, "float32"))
