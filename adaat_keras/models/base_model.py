"""An encoder and a decoder as one network."""

import keras

from adaat_keras.layers import CropLike, PadToStride
from adaat_keras.models.network import Network


@keras.saving.register_keras_serializable("adaat_keras")
class BaseModel(keras.Model):
    """Predicts one task from an image of any size: `D(E(x))` (the paper's N1, N2; section 3.2).

    Input: `(batch, height, width, 3)`, values 0 to 255, height and width at least the
    encoder's stride. Output:
    `(batch, height, width, channels)`. Shares the two networks that it is given.

    Example:
        >>> from adaat_keras.models import Decoder, Encoder
        >>> model = BaseModel(Encoder(4, 1), Decoder(1, 4))
        >>> model(keras.ops.ones((1, 30, 50, 3))).shape
        TensorShape([1, 30, 50, 1])
    """

    def __init__(self, encoder: Network, decoder: Network, **kwargs):
        # === Functional Model ===
        image = keras.Input((None, None, 3), name="image")
        outputs = decoder(encoder(PadToStride(encoder.stride, name="pad")(image)))
        outputs = CropLike(name="crop", dtype="float32")([outputs, image])
        super().__init__(inputs=image, outputs=outputs, **kwargs)

        # === Config ===
        self.encoder = encoder
        self.decoder = decoder

    def get_config(self) -> dict:
        """The constructor's arguments, the networks serialized."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
        }

    @classmethod
    def from_config(cls, config: dict) -> "BaseModel":
        """The model that `get_config` describes, with fresh weights."""
        networks = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("encoder", "decoder")
        }
        return cls(**{**config, **networks})
