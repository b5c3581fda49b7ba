"""The domain classifier C."""

import keras

from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class DomainClassifier(Network):
    """Tells from which domain features come, at every location (the paper's C).

    4x4 convolutions 256 -> 512 -> 512 -> 256 -> 128 -> 1 with LeakyReLU 0.2, with strides
    4, 2, 1, 1, 1 (8.9 million parameters, so that E + D + C has Table 1's 16.8). The paper gives
    the total alone: the layers are ours, fitted to it, and the strides are chosen so that C adds
    little to the time of a training step.

    Input: features `(batch, height, width, features)`. Output: logits
    `(batch, ceil(height / 8), ceil(width / 8), 1)`, float32, high for the source domain A.

    Args:
        features: Channels of the encoder's features.

    Example:
        >>> DomainClassifier(features=16)(keras.ops.ones((1, 8, 16, 16))).shape
        TensorShape([1, 1, 2, 1])
    """

    arguments = ("features",)

    def __init__(self, features: int = 256, dtype=None, **kwargs):
        # === Layers ===
        widths = (2 * features, 2 * features, features, features // 2, 1)
        strides = (4, 2, 1, 1, 1)
        convolutions = [
            keras.layers.Conv2D(
                width, 4, strides=stride, padding="same", dtype=dtype, name=f"convolution_{n + 1}"
            )
            for n, (width, stride) in enumerate(zip(widths, strides, strict=True))
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, features), name="features")
        x = inputs
        for convolution in convolutions[:-1]:
            x = keras.layers.LeakyReLU(0.2, dtype=dtype)(convolution(x))
        x = convolutions[-1](x)
        outputs = keras.layers.Activation("linear", dtype="float32", name="domain_logits")(x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.features = features
