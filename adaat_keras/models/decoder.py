"""The decoder D of a base model."""

import keras

from adaat_keras.layers import InstanceNormalization, ReflectionPadding
from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class Decoder(Network):
    """Turns features into a dense prediction at the image's size (the paper's D).

    The end of CycleGAN's ResNet generator with a linear output: u128, u64, c7s1-K (section 4.2;
    0.37 million parameters with one channel).

    Input: features `(batch, height / 4, width / 4, 4 * base_filters)`. Output:
    `(batch, height, width, channels)`, float32: class logits, or depth / 100 m.

    Args:
        channels: Output channels K.
        base_filters: Channels before the last convolution.

    Example:
        >>> Decoder(11, base_filters=4)(keras.ops.ones((1, 8, 16, 16))).shape
        TensorShape([1, 32, 64, 11])
    """

    arguments = ("channels", "base_filters")

    def __init__(self, channels: int, base_filters: int = 64, dtype=None, **kwargs):
        # === Layers ===
        ups = [
            keras.layers.Conv2DTranspose(
                filters, 3, strides=2, padding="same", dtype=dtype, name=f"up_{filters}"
            )
            for filters in (2 * base_filters, base_filters)
        ]
        head = keras.layers.Conv2D(channels, 7, dtype=dtype, name="head")

        # === Functional Model ===
        inputs = keras.Input((None, None, 4 * base_filters), name="features")
        x = inputs
        for up in ups:
            x = keras.layers.ReLU(dtype=dtype)(InstanceNormalization(dtype=dtype)(up(x)))
        x = head(ReflectionPadding(3, dtype=dtype)(x))
        # Losses and metrics want float32, whatever the precision of the layers.
        outputs = keras.layers.Activation("linear", dtype="float32", name="prediction")(x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.channels = channels
        self.base_filters = base_filters
