"""The encoder E of a base model."""

import keras

from adaat_keras.layers import InstanceNormalization, ReflectionPadding, ResidualBlock
from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class Encoder(Network):
    """Turns an image into features at a quarter of its size (the paper's E).

    CycleGAN's ResNet generator up to its last residual block: c7s1-64, d128, d256, R256 x 6, with
    reflection padding, instance normalization and ReLU (section 4.2; 7.46 million parameters).
    The features are the sum that the last block leaves: neither normalized nor rectified.

    Input: `(batch, height, width, 3)`, values 0 to 255 (scaled to -1..1 inside), height and width
    multiples of 4. Output: `(batch, height / 4, width / 4, 4 * base_filters)`.

    Args:
        base_filters: Channels of the first convolution.
        residual_blocks: Number of residual blocks.

    Example:
        >>> Encoder(base_filters=4, residual_blocks=1)(keras.ops.ones((1, 32, 64, 3))).shape
        TensorShape([1, 8, 16, 16])
    """

    arguments = ("base_filters", "residual_blocks")
    architecture = "residual"
    stride = 4

    def __init__(self, base_filters: int = 64, residual_blocks: int = 6, dtype=None, **kwargs):
        # === Layers ===
        rescale = keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype, name="rescale")
        stem = keras.layers.Conv2D(base_filters, 7, dtype=dtype, name="stem")
        downs = [
            keras.layers.Conv2D(
                filters, 3, strides=2, padding="same", dtype=dtype, name=f"down_{filters}"
            )
            for filters in (2 * base_filters, 4 * base_filters)
        ]
        blocks = [
            ResidualBlock(4 * base_filters, dtype=dtype, name=f"residual_block_{n + 1}")
            for n in range(residual_blocks)
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, 3), name="image")
        x = stem(ReflectionPadding(3, dtype=dtype)(rescale(inputs)))
        x = keras.layers.ReLU(dtype=dtype)(InstanceNormalization(dtype=dtype)(x))
        for down in downs:
            x = keras.layers.ReLU(dtype=dtype)(InstanceNormalization(dtype=dtype)(down(x)))
        for block in blocks:
            x = block(x)
        super().__init__(inputs=inputs, outputs=x, dtype=dtype, **kwargs)

        # === Config ===
        self.base_filters = base_filters
        self.residual_blocks = residual_blocks

    @property
    def features(self) -> int:
        """Channels of the output."""
        return 4 * self.base_filters
