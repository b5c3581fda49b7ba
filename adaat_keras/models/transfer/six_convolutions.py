"""The transfer function of AT/DT."""

import keras

from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class SixConvolutions(Network):
    """Turns features of one task into features of another, as AT/DT does (Ramirez et al. 2019).

    Six 3x3 convolutions as wide as the features: two at stride 2, then twice, after nearest
    neighbours twice as large, two at stride 1; ELU between them. 226.5 million parameters with
    AT/DT's 2048 channels, where Table 1 says 226.9. Where ours departs: the last one is linear,
    AT/DT's has ELU, as its features have.

    Input and output: `(batch, height, width, features)`, height and width multiples of 4.

    Args:
        features: Channels of the features of both tasks.

    Example:
        >>> SixConvolutions(features=16)(keras.ops.ones((1, 8, 16, 16))).shape
        TensorShape([1, 8, 16, 16])
    """

    arguments = ("features",)
    kind = "six_convolutions"
    stride = 4

    def __init__(self, features: int = 2048, dtype=None, **kwargs):
        # === Layers ===
        strides = (2, 2, 1, 1, 1, 1)
        convolutions = [
            keras.layers.Conv2D(
                features,
                3,
                strides=stride,
                padding="same",
                activation="elu" if n < len(strides) - 1 else "linear",
                dtype=dtype,
                name=f"convolution_{n + 1}",
            )
            for n, stride in enumerate(strides)
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, features), name="features")
        x = inputs
        for n, convolution in enumerate(convolutions):
            if n in (2, 4):
                x = keras.layers.UpSampling2D(2, dtype=dtype)(x)
            x = convolution(x)
        super().__init__(inputs=inputs, outputs=x, dtype=dtype, **kwargs)

        # === Config ===
        self.features = features
