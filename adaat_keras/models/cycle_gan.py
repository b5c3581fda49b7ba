"""CycleGAN's networks (Zhu et al. 2017)."""

import keras

from adaat_keras.layers import InstanceNormalization
from adaat_keras.models.base_model import AnyDtype, Decoder, Encoder, Network


@keras.saving.register_keras_serializable("adaat_keras")
class Generator(Network):
    """Translates images of one domain to the style of another (Zhu et al. 2017).

    CycleGAN's ResNet generator: `Encoder` and `Decoder`, followed by a tanh.

    Input and output: `(batch, height, width, 3)`, values 0 to 255, height and width multiples of
    4.

    Args:
        base_filters: Channels of the first convolution; 64 in CycleGAN.
        residual_blocks: Number of residual blocks; 9 in CycleGAN at 256 x 256, 6 at 128 x 128.

    Example:
        >>> Generator(base_filters=4, residual_blocks=1)(keras.ops.ones((1, 32, 64, 3))).shape
        TensorShape([1, 32, 64, 3])
    """

    arguments = ("base_filters", "residual_blocks")
    stride = 4
    smallest = 8

    def __init__(
        self,
        base_filters: int = 64,
        residual_blocks: int = 6,
        dtype: AnyDtype | None = None,
        **kwargs,
    ):
        # === Layers ===
        encoder = Encoder(base_filters, residual_blocks, dtype=dtype, name="encoder")
        decoder = Decoder(3, base_filters, dtype=dtype, name="decoder")

        # === Functional Model ===
        inputs = keras.Input((None, None, 3), name="image")
        x = decoder(encoder(inputs))
        x = keras.layers.Activation("tanh", dtype="float32")(x)
        outputs = keras.layers.Rescaling(127.5, 127.5, dtype="float32", name="translation")(x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.base_filters = base_filters
        self.residual_blocks = residual_blocks


@keras.saving.register_keras_serializable("adaat_keras")
class PatchDiscriminator(Network):
    """Classifies overlapping patches of 70 x 70 pixels as real or fake (Isola, Zhu et al. 2017).

    PatchGAN: 4x4 convolutions C64-C128-C256-C512 with strides 2, 2, 2, 1, instance normalization
    from the second on and LeakyReLU 0.2, and a last 4x4 convolution to a map of logits.

    Input: `(batch, height, width, 3)`, values 0 to 255. Output: `(batch, ceil(height / 8),
    ceil(width / 8), 1)`, float32, high for real.

    Args:
        base_filters: Channels of the first convolution.

    Example:
        >>> PatchDiscriminator(base_filters=4)(keras.ops.ones((1, 32, 64, 3))).shape
        TensorShape([1, 4, 8, 1])
    """

    arguments = ("base_filters",)

    def __init__(self, base_filters: int = 64, dtype: AnyDtype | None = None, **kwargs):
        # === Layers ===
        rescale = keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype, name="rescale")
        widths = [base_filters * factor for factor in (1, 2, 4, 8)] + [1]
        convolutions = [
            keras.layers.Conv2D(
                width,
                4,
                strides=stride,
                padding="same",
                data_format="channels_last",
                dtype=dtype,
                name=f"convolution_{n + 1}",
            )
            for n, (width, stride) in enumerate(zip(widths, (2, 2, 2, 1, 1), strict=True))
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, 3), name="image")
        x = rescale(inputs)
        for n, convolution in enumerate(convolutions[:-1]):
            x = convolution(x)
            if n:
                x = InstanceNormalization(dtype=dtype)(x)
            x = keras.layers.LeakyReLU(0.2, dtype=dtype)(x)
        x = convolutions[-1](x)
        outputs = keras.layers.Activation("linear", dtype="float32", name="logits")(x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.base_filters = base_filters
