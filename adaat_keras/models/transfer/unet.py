"""The transfer function G as a U-Net."""

import keras

from adaat_keras.layers import ResidualBlock, SpatialAttention
from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class Unet(Network):
    """Turns features of one task into features of another, by a U-Net (the paper's G, `U-Net`).

    Three levels down, two residual blocks at the bottom, three levels up with skip connections
    (section 4.3). A 3x3 convolution 256 -> 128; stride-2 3x3 convolutions 128 -> 256 -> 512 ->
    1024; up by 2x2 transposed convolutions, the skip concatenated, a 3x3 convolution; a linear
    1x1 convolution to 256: 53,223,296 parameters. The paper gives the total alone: the layers
    are ours, fitted to it.

    Input and output: `(batch, height, width, features)`, height and width multiples of 8 from 16
    on.

    Args:
        features: Channels of the features of both tasks.

    Example:
        >>> Unet(features=16)(keras.ops.ones((1, 16, 32, 16))).shape
        TensorShape([1, 16, 32, 16])
    """

    arguments = ("features",)
    kind = "unet"
    stride = 8
    attention = False

    def __init__(self, features: int = 256, dtype=None, **kwargs):
        narrow = features // 2
        widths = (narrow, 2 * narrow, 4 * narrow, 8 * narrow)

        # === Layers ===
        def convolution(filters, name, strides=1):
            return keras.layers.Conv2D(
                filters,
                3,
                strides=strides,
                padding="same",
                activation="relu",
                dtype=dtype,
                name=name,
            )

        def transposed(filters):
            return keras.layers.Conv2DTranspose(
                filters, 2, strides=2, dtype=dtype, name=f"up_{filters}"
            )

        head = keras.layers.Conv2D(features, 1, dtype=dtype, name="head")

        # === Functional Model ===
        inputs = keras.Input((None, None, features), name="features")
        x = convolution(narrow, "narrow")(inputs)
        skips = []
        for width in widths[1:]:
            skips.append(x)
            x = convolution(width, f"down_{width}", strides=2)(x)
        for n in range(2):
            x = ResidualBlock(widths[-1], dtype=dtype, name=f"residual_block_{n + 1}")(x)
        for width, skip in zip(reversed(widths[:-1]), reversed(skips), strict=True):
            x = transposed(width)(x)
            if self.attention:
                skip = SpatialAttention(width, dtype=dtype, name=f"attention_{width}")([skip, x])
            x = keras.layers.Concatenate(dtype=dtype)([skip, x])
            x = convolution(width, f"merge_{width}")(x)
        super().__init__(inputs=inputs, outputs=head(x), dtype=dtype, **kwargs)

        # === Config ===
        self.features = features
