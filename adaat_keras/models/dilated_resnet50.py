"""The encoder of AT/DT: a dilated ResNet-50."""

import keras

from adaat_keras.layers import BottleneckBlock, InstanceNormalization
from adaat_keras.models.network import Network

# Of the four stages at full depth; the third one's is the `residual_blocks` that they scale with.
DEPTHS = (3, 4, 6, 3)
STRIDES = (1, 2, 2, 1)
DILATIONS = (1, 1, 2, 4)


@keras.saving.register_keras_serializable("adaat_keras")
class DilatedResnet50(Network):
    """Turns an image into features at a sixteenth of its size (AT/DT's E; Ramirez et al. 2019).

    ResNet-50 (He et al. 2016) without its head: a 7x7 convolution and a maximum at stride 2 each,
    four stages of bottleneck blocks, 2048 channels. The last stage keeps its size; the last two
    are dilated by 2 and 4, as in AT/DT's code.

    Normalization is this package's, without weights, so that an image means the same in training,
    in a frozen encoder, and beside images of another domain; batch normalization, as in
    `keras.applications.ResNet50`, would mix the domains of a batch in its averages. Hence
    23,481,472 parameters, those of the convolutions: with 4 more for each of the 26,560 normalized
    channels it is the 23,587,712 of `keras.applications`.

    Where ours departs otherwise: weights start at random, AT/DT's from ImageNet; ReLU and
    identity shortcuts are He's, AT/DT's code has ELU and projects every shortcut.

    Input: `(batch, height, width, 3)`, values 0 to 255 (scaled to -1..1 inside), height and width
    multiples of 16. Output: `(batch, height / 16, width / 16, 32 * base_filters)`, 0 or more.

    Args:
        base_filters: Channels of the first convolution.
        residual_blocks: Blocks of the third stage. The others have 1/2, 2/3 and 1/2 as many, at
            least one: 3, 4, 6, 3 in ResNet-50.

    Example:
        >>> encoder = DilatedResnet50(base_filters=4, residual_blocks=1)
        >>> encoder(keras.ops.ones((1, 64, 128, 3))).shape
        TensorShape([1, 4, 8, 128])
    """

    arguments = ("base_filters", "residual_blocks")
    architecture = "dilated_resnet50"
    stride = 16

    def __init__(self, base_filters: int = 64, residual_blocks: int = 6, dtype=None, **kwargs):
        depths = [max(1, round(residual_blocks * depth / DEPTHS[2])) for depth in DEPTHS]

        # === Layers ===
        rescale = keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype, name="rescale")
        stem = keras.layers.Conv2D(
            base_filters, 7, strides=2, padding="same", dtype=dtype, name="stem"
        )
        pool = keras.layers.MaxPooling2D(3, strides=2, padding="same", dtype=dtype, name="pool")
        blocks = [
            BottleneckBlock(
                base_filters * 2**stage,
                strides=1 if n else STRIDES[stage],
                dilation=DILATIONS[stage],
                dtype=dtype,
                name=f"stage_{stage + 1}_block_{n + 1}",
            )
            for stage, depth in enumerate(depths)
            for n in range(depth)
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, 3), name="image")
        x = InstanceNormalization(dtype=dtype)(stem(rescale(inputs)))
        x = pool(keras.layers.ReLU(dtype=dtype)(x))
        for block in blocks:
            x = block(x)
        super().__init__(inputs=inputs, outputs=x, dtype=dtype, **kwargs)

        # === Config ===
        self.base_filters = base_filters
        self.residual_blocks = residual_blocks

    @property
    def features(self) -> int:
        """Channels of the output."""
        return 32 * self.base_filters
