"""Spatial attention on a skip connection."""

import keras


@keras.saving.register_keras_serializable("adaat_keras")
class SpatialAttention(keras.layers.Layer):
    """Weights every location of a skip connection by what the upward path asks for there.

    `skip * sigmoid(conv_1x1(relu(conv_3x3(relu(conv_3x3([skip, up]))))))`: 2C to 2C to C to 1
    channels. Takes `[skip, up]`, both `(batch, height, width, filters)`, and returns the weighted
    skip in the same shape. Source: the paper's section 4.3 names spatial attention and Table 1
    gives its size; the layers are ours, fitted to that size.

    Args:
        filters: Channels C of `skip` and of `up`.

    Example:
        >>> skip = up = keras.ops.ones((1, 8, 8, 4))
        >>> SpatialAttention(4)([skip, up]).shape
        TensorShape([1, 8, 8, 4])
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        policy = self.dtype_policy
        self.concatenate = keras.layers.Concatenate(dtype=policy)
        self.mix = keras.layers.Conv2D(
            2 * filters, 3, padding="same", activation="relu", dtype=policy
        )
        self.reduce = keras.layers.Conv2D(
            filters, 3, padding="same", activation="relu", dtype=policy
        )
        self.score = keras.layers.Conv2D(1, 1, activation="sigmoid", dtype=policy)

    def build(self, input_shape):
        """Create the three convolutions' weights."""
        size = tuple(input_shape[0][:-1])
        self.mix.build((*size, 2 * self.filters))
        self.reduce.build((*size, 2 * self.filters))
        self.score.build((*size, self.filters))

    def call(self, inputs):
        """Weight the skip connection."""
        skip, _ = inputs
        return skip * self.score(self.reduce(self.mix(self.concatenate(inputs))))

    def compute_output_shape(self, input_shape):
        """The skip's shape."""
        return input_shape[0]

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters}
