"""A bottleneck block of ResNet-50."""

import keras

from adaat_keras.layers.instance_normalization import InstanceNormalization


@keras.saving.register_keras_serializable("adaat_keras")
class BottleneckBlock(keras.layers.Layer):
    """Adds to its input what a narrow 3x3 convolution between two 1x1 makes of it.

    `y = relu(shortcut(x) + norm(conv1x1(relu(norm(conv3x3(relu(norm(conv1x1(x)))))))))`, with
    instance normalization; the shortcut is the identity, or a normalized 1x1 convolution where the
    block changes channels or size. `(batch, height, width, any)` in, `(batch, height / strides,
    width / strides, 4 * filters)` out. Source: ResNet-50 (He et al. 2016), which AT/DT's encoder is
    made of.

    Args:
        filters: Channels of the 3x3 convolution, a quarter of the output's.
        strides: Of the first 1x1 convolution and the shortcut.
        dilation: Of the 3x3 convolution.

    Example:
        >>> BottleneckBlock(4, strides=2)(keras.ops.ones((1, 8, 8, 6))).shape
        TensorShape([1, 4, 4, 16])
    """

    def __init__(self, filters: int, strides: int = 1, dilation: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = strides
        self.dilation = dilation
        # The inner layers' weights belong to this block, so its policy is theirs.
        policy = {"dtype": self.dtype_policy}
        self.narrow = keras.layers.Conv2D(filters, 1, strides=strides, **policy)
        self.middle = keras.layers.Conv2D(
            filters, 3, padding="same", dilation_rate=dilation, **policy
        )
        self.widen = keras.layers.Conv2D(4 * filters, 1, **policy)
        self.normalization = InstanceNormalization(**policy)
        self.projection = None

    def build(self, input_shape):
        """Create the convolutions' weights, and a projection where the shortcut needs one."""
        self.narrow.build(input_shape)
        narrow = (*input_shape[:-1], self.filters)
        self.middle.build(narrow)
        self.widen.build(narrow)
        if self.strides != 1 or input_shape[-1] != 4 * self.filters:
            self.projection = keras.layers.Conv2D(
                4 * self.filters, 1, strides=self.strides, dtype=self.dtype_policy
            )
            self.projection.build(input_shape)

    def call(self, inputs):
        """Apply the block."""
        x = keras.ops.relu(self.normalization(self.narrow(inputs)))
        x = keras.ops.relu(self.normalization(self.middle(x)))
        x = self.normalization(self.widen(x))
        shortcut = self.normalization(self.projection(inputs)) if self.projection else inputs
        return keras.ops.relu(shortcut + x)

    def compute_output_shape(self, input_shape):
        """The inputs' shape over the strides, with four times the filters."""
        batch, *size, _ = input_shape
        return (batch, *(n and -(-n // self.strides) for n in size), 4 * self.filters)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        own = {"filters": self.filters, "strides": self.strides, "dilation": self.dilation}
        return {**super().get_config(), **own}
