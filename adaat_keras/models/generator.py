"""The generator of CycleGAN."""

import keras

from adaat_keras.models.decoder import Decoder
from adaat_keras.models.encoder import Encoder
from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class Generator(Network):
    """Turns images of one domain into images that look like another's (Zhu et al. 2017).

    CycleGAN's ResNet generator, whose two parts are this package's encoder and decoder, with a
    tanh at its end.

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

    def __init__(self, base_filters: int = 64, residual_blocks: int = 6, dtype=None, **kwargs):
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
