"""Padding to a multiple of a network's stride."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("adaat_keras")
class PadToStride(keras.layers.Layer):
    """Pads an image at its lower and right border, by reflection, to a multiple of the stride.

    `(batch, height, width, channels)` in; height and width come out as the next multiples of
    `stride`, and must not be smaller than it. `CropLike` takes the padding off a network's output
    again.

    Args:
        stride: What height and width must be multiples of.

    Raises:
        ValueError: An image is too small (`tf.errors.InvalidArgumentError` inside a graph that
            does not know its size).

    Example:
        >>> PadToStride(32)(keras.ops.ones((1, 375, 1242, 3))).shape
        TensorShape([1, 384, 1248, 3])
    """

    def __init__(self, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, inputs):
        """Pad the inputs."""
        problem = f"an image needs at least {self.stride} pixels in height and width"
        static = inputs.shape[1:3]
        if None not in static:
            if min(static) < self.stride:
                raise ValueError(f"{problem}; this one has {static[0]} x {static[1]}")
            if not any(n % self.stride for n in static):
                return inputs
        size = tf.shape(inputs)[1:3]
        check = tf.debugging.assert_greater_equal(size, self.stride, problem)
        with tf.control_dependencies([check] if check is not None else []):
            rows, columns = tf.unstack(tf.math.floormod(-size, self.stride))
            padded = tf.pad(inputs, [[0, 0], [0, rows], [0, columns], [0, 0]], mode="REFLECT")
        return tf.ensure_shape(padded, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape):
        """The inputs' shape, height and width rounded up where they are known."""
        batch, *size, channels = input_shape
        return (batch, *(None if n is None else n + -n % self.stride for n in size), channels)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "stride": self.stride}
