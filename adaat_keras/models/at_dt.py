"""AT/DT's own networks (Ramirez et al. 2019)."""

import keras

from adaat_keras.layers import BottleneckBlock, Conv2D, InstanceNormalization, Upsampling
from adaat_keras.models.base_model import ACTIVATIONS, AnyDtype, Network
from adaat_keras.registry import check_name

# Blocks of the four stages at full depth; all scale with `residual_blocks`, the third stage's.
DEPTHS = (3, 4, 6, 3)
STRIDES = (1, 2, 2, 1)
DILATIONS = (1, 1, 2, 4)


@keras.saving.register_keras_serializable("adaat_keras")
class DilatedResnet50(Network):
    """Turns an image into features at a sixteenth of its size (AT/DT's E; Ramirez et al. 2019).

    ResNet-50 (He et al. 2016) without its head: a 7x7 convolution and a max pooling with stride 2
    each, four stages of bottleneck blocks, 2048 channels. The last stage has stride 1; the last two
    are dilated by 2 and 4, as in AT/DT's code.

    It uses instance normalization without weights, so that features of an image do not depend on
    training mode or on the rest of the batch; batch normalization, as in
    `keras.applications.ResNet50`, would mix the statistics of both domains. This leaves 23,481,472
    parameters, those of the convolutions; with 4 more for each of the 26,560 normalized channels,
    these are the 23,587,712 of `keras.applications`.

    Other deviations: initial weights are random, AT/DT's are from ImageNet; ReLU and identity
    shortcuts are He's, AT/DT's code has ELU and projects every shortcut.

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
    stride = smallest = 16

    def __init__(
        self,
        base_filters: int = 64,
        residual_blocks: int = 6,
        dtype: AnyDtype | None = None,
        **kwargs,
    ):
        depths = [max(1, round(residual_blocks * depth / DEPTHS[2])) for depth in DEPTHS]

        # === Layers ===
        rescale = keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype, name="rescale")
        options = {
            "strides": 2,
            "padding": "same",
            "data_format": "channels_last",
            "dtype": dtype,
        }
        stem = keras.layers.Conv2D(base_filters, 7, name="stem", **options)
        pool = keras.layers.MaxPooling2D(3, name="pool", **options)
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


@keras.saving.register_keras_serializable("adaat_keras")
class UpsamplingDecoder(Network):
    """Turns features at a sixteenth of the image's size into a dense prediction (AT/DT's D).

    Four levels of nearest-neighbour upsampling by 2 and two 3x3 convolutions, with 128, 64, 32 and
    16 channels, then a linear 3x3 convolution; no skips from the encoder (Ramirez et al. 2019; 2.7
    million parameters). Deviation: AT/DT's code reduces to the K outputs before its last
    convolution, with ELU and without normalization.

    Input: features `(batch, height / 16, width / 16, 32 * base_filters)`. Output:
    `(batch, height, width, channels)`, float32: class logits, or depth / 100 m.

    Args:
        channels: Output channels K.
        base_filters: Of the encoder; the first convolution has twice as many.
        activation: As `Decoder`'s.

    Example:
        >>> UpsamplingDecoder(11, base_filters=4)(keras.ops.ones((1, 4, 8, 128))).shape
        TensorShape([1, 64, 128, 11])
    """

    arguments = ("channels", "base_filters", "activation")

    def __init__(
        self,
        channels: int,
        base_filters: int = 64,
        dtype: AnyDtype | None = None,
        activation: str = "linear",
        **kwargs,
    ):
        check_name("activation", activation, list(ACTIVATIONS))

        # === Layers ===
        options = {"data_format": "channels_last", "dtype": dtype}
        widths = [max(1, 2 * base_filters // 2**n) for n in range(4)]
        convolutions = [
            [
                Conv2D(
                    width,
                    3,
                    repeat=part == "up",
                    padding="same",
                    name=f"level_{n + 1}_{part}",
                    **options,
                )
                for part in ("up", "refine")
            ]
            for n, width in enumerate(widths)
        ]
        head = keras.layers.Conv2D(channels, 3, padding="same", name="head", **options)

        # === Functional Model ===
        inputs = keras.Input((None, None, 32 * base_filters), name="features")
        x = inputs
        for level in convolutions:
            for convolution in level:
                x = InstanceNormalization(dtype=dtype)(convolution(x))
                x = keras.layers.ReLU(dtype=dtype)(x)
        # Losses and metrics want float32, whatever the precision of the layers.
        outputs = ACTIVATIONS[activation](dtype="float32", name="prediction")(head(x))
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.channels = channels
        self.base_filters = base_filters
        self.activation = activation


@keras.saving.register_keras_serializable("adaat_keras")
class SixConvolutions(Network):
    """Turns features of one task into features of another, as AT/DT does (Ramirez et al. 2019).

    Six 3x3 convolutions as wide as the features, with ELU in between: two with stride 2, then twice
    a nearest-neighbour upsampling by 2 followed by two with stride 1. 226.5 million parameters with
    AT/DT's 2048 channels, where Table 1 says 226.9. Deviation: the last convolution is linear; in
    AT/DT's code it is followed by ELU, like its features.

    Input and output: `(batch, height, width, features)`, height and width multiples of 4.

    Args:
        features: Channels of the features of both tasks.

    Example:
        >>> SixConvolutions(features=16)(keras.ops.ones((1, 8, 16, 16))).shape
        TensorShape([1, 8, 16, 16])
    """

    arguments = ("features",)
    kind = "six_convolutions"
    stride = smallest = 4

    def __init__(self, features: int = 2048, dtype: AnyDtype | None = None, **kwargs):
        # === Layers ===
        options = {"data_format": "channels_last", "dtype": dtype}
        strides = (2, 2, 1, 1, 1, 1)
        convolutions = [
            keras.layers.Conv2D(
                features,
                3,
                strides=stride,
                padding="same",
                activation="elu" if n < len(strides) - 1 else "linear",
                name=f"convolution_{n + 1}",
                **options,
            )
            for n, stride in enumerate(strides)
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, features), name="features")
        x = inputs
        for n, convolution in enumerate(convolutions):
            if n in (2, 4):
                x = Upsampling(2, **options)(x)
            x = convolution(x)
        super().__init__(inputs=inputs, outputs=x, dtype=dtype, **kwargs)

        # === Config ===
        self.features = features
