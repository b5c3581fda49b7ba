"""A residual block of CycleGAN's generator."""

import keras

from adaat_keras.layers.instance_normalization import InstanceNormalization
from adaat_keras.layers.reflection_padding import ReflectionPadding


@keras.saving.register_keras_serializable("adaat_keras")
class ResidualBlock(keras.layers.Layer):
    """Adds to its input what two 3x3 convolutions make of it.

    `y = x + norm(conv(relu(norm(conv(x)))))`, with reflection padding and instance normalization;
    `(batch, height, width, filters)` in and out, height and width at least 2. Source: CycleGAN's
    `R256`, which the paper's encoder is made of (section 4.2).

    Args:
        filters: Channels of the input and of both convolutions.

    Example:
        >>> ResidualBlock(4)(keras.ops.ones((1, 8, 8, 4))).shape
        TensorShape([1, 8, 8, 4])
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        # The inner layers' weights belong to this block, so its policy is theirs.
        policy = self.dtype_policy
        self.padding_1 = ReflectionPadding(1, dtype=policy)
        self.convolution_1 = keras.layers.Conv2D(filters, 3, dtype=policy)
        self.normalization_1 = InstanceNormalization(dtype=policy)
        self.padding_2 = ReflectionPadding(1, dtype=policy)
        self.convolution_2 = keras.layers.Conv2D(filters, 3, dtype=policy)
        self.normalization_2 = InstanceNormalization(dtype=policy)

    def build(self, input_shape):
        """Create both convolutions' weights."""
        self.convolution_1.build(input_shape)
        self.convolution_2.build(input_shape)

    def call(self, inputs):
        """Apply the block."""
        x = self.convolution_1(self.padding_1(inputs))
        x = keras.ops.relu(self.normalization_1(x))
        x = self.convolution_2(self.padding_2(x))
        return inputs + self.normalization_2(x)

    def compute_output_shape(self, input_shape):
        """The inputs' shape."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters}
