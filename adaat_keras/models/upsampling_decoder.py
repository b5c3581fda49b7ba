"""The decoder of AT/DT."""

import keras

from adaat_keras.layers import InstanceNormalization
from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class UpsamplingDecoder(Network):
    """Turns features at a sixteenth of the image's size into a dense prediction (AT/DT's D).

    Four times: nearest neighbours twice as large, two 3x3 convolutions of 128, 64, 32, 16
    channels; then a linear 3x3 convolution. No skips from the encoder (Ramirez et al. 2019; 2.7
    million parameters). Where ours departs: AT/DT's code narrows to the K outputs before its last
    convolution, with ELU and without normalization.

    Input: features `(batch, height / 16, width / 16, 32 * base_filters)`. Output:
    `(batch, height, width, channels)`, float32: class logits, or depth / 100 m.

    Args:
        channels: Output channels K.
        base_filters: Of the encoder; the first convolution has twice as many.

    Example:
        >>> UpsamplingDecoder(11, base_filters=4)(keras.ops.ones((1, 4, 8, 128))).shape
        TensorShape([1, 64, 128, 11])
    """

    arguments = ("channels", "base_filters")

    def __init__(self, channels: int, base_filters: int = 64, dtype=None, **kwargs):
        # === Layers ===
        options = {"kernel_size": 3, "padding": "same", "dtype": dtype}
        widths = [max(1, 2 * base_filters // 2**n) for n in range(4)]
        convolutions = [
            [
                keras.layers.Conv2D(width, name=f"level_{n + 1}_{part}", **options)
                for part in ("up", "refine")
            ]
            for n, width in enumerate(widths)
        ]
        head = keras.layers.Conv2D(channels, name="head", **options)

        # === Functional Model ===
        inputs = keras.Input((None, None, 32 * base_filters), name="features")
        x = inputs
        for level in convolutions:
            x = keras.layers.UpSampling2D(2, dtype=dtype)(x)
            for convolution in level:
                x = InstanceNormalization(dtype=dtype)(convolution(x))
                x = keras.layers.ReLU(dtype=dtype)(x)
        # Losses and metrics want float32, whatever the precision of the layers.
        outputs = keras.layers.Activation("linear", dtype="float32", name="prediction")(head(x))
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.channels = channels
        self.base_filters = base_filters
