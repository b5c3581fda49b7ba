"""The whole of ADA-AT/DT: six networks, of which the graph is the inference path."""

from collections.abc import Sequence
from pathlib import Path

import keras

from adaat_keras.layers import CropLike, PadToStride
from adaat_keras.models.base_model import BaseModel, Network
from adaat_keras.models.domain_classifier import DomainClassifier
from adaat_keras.models.preset_format import read_model, write_preset
from adaat_keras.models.sizes import size_name


@keras.saving.register_keras_serializable("adaat_keras")
class AdaAtdt(keras.Model):
    """Predicts task 2 where only task 1 has labels: `D2(G(E1(x)))` (the paper's equation 4).

    The model's graph is that path; the networks that it is trained with are its attributes, and
    are saved with it. Images of any size from the networks' stride on (32 x 32; AT/DT's 64 x 64)
    are padded by reflection to it and the prediction is cropped back.

    Input: `(batch, height, width, 3)`, values 0 to 255. Output: `(batch, height, width, K)`,
    what decoder 2 puts out (class logits, or depth / 100 m; `adaat_keras.tasks.get(to_task)`
    decodes it).

    Args:
        encoder_1, decoder_1: Base model of task 1 (E1, D1), trained on both domains.
        domain_classifier: Tells the domains apart from encoder 1's features (C).
        encoder_2, decoder_2: Base model of task 2 (E2, D2), trained on the source domain.
        transfer: Turns encoder 1's features into encoder 2's (G).
        from_task, to_task: Names of tasks 1 and 2, kept for those who load the model.
        fresh: Names of the networks that nobody has trained yet, as far as is known.

    Attributes:
        origin: The preset or the run's folder that the weights are from, if any.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> model = build_ada_atdt("depth", "semantic", size="tiny")
        >>> model.predict(keras.ops.ones((1, 50, 70, 3)), verbose=0).shape
        (1, 50, 70, 11)
    """

    def __init__(
        self,
        encoder_1: Network,
        decoder_1: Network,
        domain_classifier: DomainClassifier,
        encoder_2: Network,
        decoder_2: Network,
        transfer: Network,
        from_task: str,
        to_task: str,
        fresh: Sequence[str] = (),
        **kwargs,
    ):
        # === Functional Model ===
        image = keras.Input((None, None, 3), name="image")
        padded = PadToStride(encoder_1.stride * transfer.stride, name="pad")(image)
        outputs = decoder_2(transfer(encoder_1(padded)))
        outputs = CropLike(name="crop", dtype="float32")([outputs, image])
        super().__init__(inputs=image, outputs=outputs, **kwargs)

        # === Config ===
        self.encoder_1 = encoder_1
        self.decoder_1 = decoder_1
        self.domain_classifier = domain_classifier
        self.encoder_2 = encoder_2
        self.decoder_2 = decoder_2
        self.transfer = transfer
        self.from_task = from_task
        self.to_task = to_task
        self.origin: str | None = None
        self.fresh = tuple(fresh)

    @property
    def networks(self) -> dict[str, keras.Model]:
        """The six networks by name."""
        return {name: getattr(self, name) for name in NETWORKS}

    @property
    def options(self) -> dict[str, str]:
        """What `adaat_keras.build_ada_atdt` builds these networks from, by its arguments' names."""
        encoder = self.encoder_1
        return {
            "from_task": self.from_task,
            "to_task": self.to_task,
            "transfer": self.transfer.kind,
            "size": size_name(encoder.base_filters, encoder.residual_blocks),
            "classifier": self.domain_classifier.view,
            "architecture": encoder.architecture,
        }

    @property
    def base_model_1(self) -> BaseModel:
        """Task 1 from an image of any size: `D1(E1(x))`; shares this model's weights."""
        return BaseModel(self.encoder_1, self.decoder_1, name="base_model_1")

    @property
    def base_model_2(self) -> BaseModel:
        """Task 2 without transfer, from an image of any size: `D2(E2(x))`; shares the weights."""
        return BaseModel(self.encoder_2, self.decoder_2, name="base_model_2")

    def save_to_preset(self, folder: Path | str, **details) -> None:
        """Save the six networks as `adaat_keras.load` reads them, weights as float16.

        `details` is anything that JSON takes, kept beside them.
        """
        write_preset(self, folder, details)

    def get_config(self) -> dict:
        """The constructor's arguments, the networks serialized."""
        networks = {
            name: keras.saving.serialize_keras_object(network)
            for name, network in self.networks.items()
        }
        return {
            "name": self.name,
            "trainable": self.trainable,
            "from_task": self.from_task,
            "to_task": self.to_task,
            "fresh": list(self.fresh),
            **networks,
        }

    @classmethod
    def from_config(cls, config: dict) -> "AdaAtdt":
        """The model that `get_config` describes, with fresh weights."""
        networks = {name: keras.saving.deserialize_keras_object(config[name]) for name in NETWORKS}
        return cls(**{**config, **networks})


NETWORKS = ("encoder_1", "decoder_1", "domain_classifier", "encoder_2", "decoder_2", "transfer")


def read_ada_atdt(path: Path) -> AdaAtdt:
    """The six networks in a `.keras` file; raises as `read_model`, and for any other model."""
    model = read_model(path)
    if not isinstance(model, AdaAtdt):
        raise ValueError(f"{path} holds a {type(model).__name__}, not an AdaAtdt")
    return model
