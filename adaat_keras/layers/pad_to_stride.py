"""Padding to a multiple of a network's stride."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("adaat_keras")
class PadToStride(keras.layers.Layer):
    """Pads an image at its lower and right border, by reflection, to a multiple of the stride.

    `(batch, height, width, channels)` in; height and width come out as the next multiples of
    `stride`. Both must be larger than the padding that they need, which `stride // 2 + 1` always
    is. `CropLike` takes the padding off a network's output again.

    Args:
        stride: What height and width must be multiples of.

    Example:
        >>> PadToStride(32)(keras.ops.ones((1, 375, 1242, 3))).shape
        TensorShape([1, 384, 1248, 3])
    """

    def __init__(self, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, inputs):
        """Pad the inputs."""
        static = inputs.shape[1:3]
        if None not in static and not any(n % self.stride for n in static):
            return inputs
        size = tf.shape(inputs)[1:3]
        missing = tf.math.floormod(-size, self.stride)
        small = f"an image needs more than {self.stride // 2} pixels in height and width to be "
        with tf.control_dependencies(
            [
                tf.debugging.assert_less(
                    missing, size, small + f"padded to a multiple of {self.stride}"
                )
            ]
        ):
            padded = tf.pad(
                inputs, [[0, 0], [0, missing[0]], [0, missing[1]], [0, 0]], mode="REFLECT"
            )
        return tf.ensure_shape(padded, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape):
        """The inputs' shape, height and width rounded up where they are known."""
        batch, *size, channels = input_shape
        return (batch, *(None if n is None else n + -n % self.stride for n in size), channels)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "stride": self.stride}
