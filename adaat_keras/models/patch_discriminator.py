"""The discriminator of CycleGAN."""

import keras

from adaat_keras.layers import InstanceNormalization
from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class PatchDiscriminator(Network):
    """Tells of every 70 x 70 pixels whether they are from a real image (Isola, Zhu et al. 2017).

    PatchGAN: 4x4 convolutions C64-C128-C256-C512 with strides 2, 2, 2, 1, instance normalization
    from the second on, LeakyReLU 0.2, and one to a map of logits.

    Input: `(batch, height, width, 3)`, values 0 to 255. Output: `(batch, ceil(height / 8),
    ceil(width / 8), 1)`, float32, high for real.

    Args:
        base_filters: Channels of the first convolution.

    Example:
        >>> PatchDiscriminator(base_filters=4)(keras.ops.ones((1, 32, 64, 3))).shape
        TensorShape([1, 4, 8, 1])
    """

    arguments = ("base_filters",)

    def __init__(self, base_filters: int = 64, dtype=None, **kwargs):
        # === Layers ===
        rescale = keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype, name="rescale")
        widths = [base_filters * factor for factor in (1, 2, 4, 8)] + [1]
        convolutions = [
            keras.layers.Conv2D(
                width, 4, strides=stride, padding="same", dtype=dtype, name=f"convolution_{n + 1}"
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
