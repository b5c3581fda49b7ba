"""The transfer function G as plain convolutions."""

import keras

from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class Conv(Network):
    """Turns features of one task into features of another, without skips (the paper's G, `conv`).

    Three stride-2 3x3 convolutions 256 -> 256 -> 512 -> 1024, three stride-2 3x3 transposed
    convolutions 1024 -> 512 -> 256 -> 256, ReLU between them, the last one linear (section 4.3;
    the paper gives neither widths nor a count).

    Input and output: `(batch, height, width, features)`, height and width multiples of 8.

    Args:
        features: Channels of the features of both tasks.

    Example:
        >>> Conv(features=16)(keras.ops.ones((1, 8, 16, 16))).shape
        TensorShape([1, 8, 16, 16])
    """

    arguments = ("features",)
    kind = "conv"
    stride = 8

    def __init__(self, features: int = 256, dtype=None, **kwargs):
        # === Layers ===
        options = {"kernel_size": 3, "strides": 2, "padding": "same", "dtype": dtype}
        downs = [
            keras.layers.Conv2D(width, activation="relu", name=f"down_{n + 1}", **options)
            for n, width in enumerate((features, 2 * features, 4 * features))
        ]
        activations = ("relu", "relu", "linear")
        ups = [
            keras.layers.Conv2DTranspose(
                width, activation=activations[n], name=f"up_{n + 1}", **options
            )
            for n, width in enumerate((2 * features, features, features))
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, features), name="features")
        x = inputs
        for layer in (*downs, *ups):
            x = layer(x)
        super().__init__(inputs=inputs, outputs=x, dtype=dtype, **kwargs)

        # === Config ===
        self.features = features
