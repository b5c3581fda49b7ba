"""Instance normalization without learnt scale or offset."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("adaat_keras")
class InstanceNormalization(keras.layers.Layer):
    """Normalizes every channel of every image to mean 0 and variance 1 over its pixels.

    `y = (x - mean(x)) / sqrt(var(x) + epsilon)`, the moments taken over height and width; shapes
    `(batch, height, width, channels)` in and out. It has no weights, as in CycleGAN's generator.

    Equal to `keras.layers.GroupNormalization(groups=-1, center=False, scale=False)`. Where the
    batch size is known, each image goes through TensorFlow's fused batch normalization, which
    costs about half as much; otherwise the moments are computed in the open.

    Args:
        epsilon: Added to the variance.

    Example:
        >>> InstanceNormalization()(keras.random.normal((2, 8, 8, 3))).shape
        TensorShape([2, 8, 8, 3])
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        """Normalize the inputs."""
        if isinstance(inputs, tf.Tensor) and inputs.shape[0] is not None:
            return tf.concat([self._fused(image) for image in tf.split(inputs, inputs.shape[0])], 0)
        return self._plain(inputs)

    def _fused(self, image):
        channels = image.shape[-1]
        one, zero = tf.ones([channels]), tf.zeros([channels])
        return tf.raw_ops.FusedBatchNormV3(
            x=image, scale=one, offset=zero, mean=[], variance=[], epsilon=self.epsilon
        ).y

    def _plain(self, inputs):
        x = keras.ops.cast(inputs, "float32")
        mean, variance = keras.ops.moments(x, axes=(1, 2), keepdims=True)
        normalized = (x - mean) * keras.ops.rsqrt(variance + self.epsilon)
        return keras.ops.cast(normalized, inputs.dtype)

    def compute_output_shape(self, input_shape):
        """The inputs' shape."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}
