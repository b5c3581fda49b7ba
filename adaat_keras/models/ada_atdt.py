"""The complete ADA-AT/DT model: six networks, and the path through them that predicts."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras

from adaat_keras.camera import Camera
from adaat_keras.files import home_expanded
from adaat_keras.layers import CropLike, Tensor
from adaat_keras.models import transfer as transfers
from adaat_keras.models.base_model import (
    AtCamera,
    BaseModel,
    FlatPredict,
    Network,
    at_scale,
    pad_for,
)
from adaat_keras.models.domain_classifier import DomainClassifier
from adaat_keras.models.hub import upload_preset
from adaat_keras.models.preset_format import read_model, read_preset, write_preset
from adaat_keras.models.preset_places import MODEL, find_preset, is_run
from adaat_keras.models.sizes import size_name
from adaat_keras.registry import check_name

NETWORKS = ("encoder_1", "decoder_1", "domain_classifier", "encoder_2", "decoder_2", "transfer")
# The possible predictors of task 2, and the networks that each uses.
PREDICTORS = {
    "transfer": ("encoder_1", "transfer", "decoder_2"),
    "base_model_2": ("encoder_2", "decoder_2"),
}


@keras.saving.register_keras_serializable("adaat_keras")
class AdaAtdt(FlatPredict, AtCamera, keras.Model):
    """Predicts task 2 where only task 1 has labels: `D2(G(E1(x)))` (the paper's equation 4).

    Methods that train no transfer function predict with base model 2, `D2(E2(x))`; `predictor` says
    which of the two is used by `model(x)`, `predict`, `fit`, `evaluate` and exports, and is saved.
    (The symbolic `model.outputs` are always those of equation 4.) All six networks are attributes,
    and are saved with the model. Height and width must be at least `smallest`; images are padded
    by reflection, and predictions cropped back.

    With a `camera`, images are resized to the scale that the networks were trained at, and
    predictions are resized back (see `adaat_keras.models.base_model.at_scale`). Set
    `model.camera = None` to predict at the images' own scale.

    Input: `(batch, height, width, 3)`, values 0 to 255. Output: `(batch, height, width, K)`, the
    outputs of decoder 2: class logits, or depth / 100 m (`adaat_keras.tasks.get(to_task)` decodes
    them).

    Args:
        encoder_1, decoder_1: Base model of task 1 (E1, D1), trained on both domains.
        domain_classifier: Tells the domains apart from encoder 1's features (C).
        encoder_2, decoder_2: Base model of task 2 (E2, D2), trained on the source domain.
        transfer: Turns encoder 1's features into encoder 2's (G).
        from_task, to_task: Tasks 1 and 2 as `adaat_keras.tasks.serialize` returns them: a name, or
            a dictionary that can be written as JSON.
        untrained: Names of the networks that are known to be untrained.
        predictor: What predicts task 2: `"transfer"` or `"base_model_2"`.
        camera: The camera of the training images; `None` if unknown.

    Attributes:
        origin: The preset or the run's folder that the weights were loaded from, if any.

    Raises:
        ValueError: There is no such predictor.

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
        from_task: str | dict,
        to_task: str | dict,
        untrained: Sequence[str] = (),
        predictor: str = "transfer",
        camera: Camera | dict | None = None,
        **kwargs,
    ):
        check_name("predictor", predictor, list(PREDICTORS))

        # === Functional Model ===
        image = keras.Input((None, None, 3), name="image")
        padded = pad_for(encoder_1, transfer, name="pad")(image)
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
        # As a string, since Keras would wrap a dictionary in a class of its own.
        self._tasks = json.dumps([from_task, to_task])
        self._predictor = predictor
        self.camera = camera
        self.untrained = tuple(untrained)
        self.origin: str | None = None

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Predict along the path that `predictor` names, at the camera's scale."""
        if self.predictor == "transfer":
            predict = partial(super().call, training=training, mask=mask)
        else:
            predict = partial(self._by_base_model_2, training=training)
        return at_scale(predict, inputs, self.camera)

    def _by_base_model_2(self, inputs, training=None):
        """`D2(E2(x))`, computed layer by layer, since this model's graph is the other path."""
        image = keras.ops.convert_to_tensor(inputs, self.inputs[0].dtype)
        # The same stride for both paths, as in training, where all stages see frames of one size.
        pad = pad_for(self.encoder_2, stride=self.stride, dtype=self.get_layer("pad").dtype_policy)
        features = self.encoder_2(pad(image), training=training)
        outputs = self.decoder_2(features, training=training)
        return self.get_layer("crop")([outputs, image])

    @property
    def predictor(self) -> str:
        """What predicts task 2: `"transfer"` or `"base_model_2"`; settable."""
        return self._predictor

    @predictor.setter
    def predictor(self, name: str) -> None:
        check_name("predictor", name, list(PREDICTORS))
        if name != self._predictor:
            self._predictor = name
            self._forget_compiled()

    @property
    def from_task(self) -> str | dict:
        """Task 1, for `adaat_keras.tasks.get`."""
        return json.loads(self._tasks)[0]

    @property
    def to_task(self) -> str | dict:
        """Task 2, for `adaat_keras.tasks.get`."""
        return json.loads(self._tasks)[1]

    @property
    def stride(self) -> int:
        """Height and width are padded to multiples of this, in training and in testing."""
        return self.encoder_1.stride * self.transfer.stride

    @property
    def smallest(self) -> int:
        """Minimum height and width of an image."""
        return self.smallest_for(self.predictor)

    def smallest_for(self, predictor: str) -> int:
        """Minimum height and width of an image for a given predictor."""
        if predictor == "base_model_2":
            return pad_for(self.encoder_2, stride=self.stride).smallest
        return self.get_layer("pad").smallest

    @property
    def networks(self) -> dict[str, keras.Model]:
        """The six networks by name."""
        return {name: getattr(self, name) for name in NETWORKS}

    @property
    def options(self) -> dict[str, str | dict]:
        """The arguments with which `adaat_keras.build_ada_atdt` builds these networks."""
        encoder = self.encoder_1
        return {
            "from_task": self.from_task,
            "to_task": self.to_task,
            "transfer": transfers.name_of(type(self.transfer)),
            "size": size_name(encoder.base_filters, encoder.residual_blocks),
            "architecture": encoder.architecture,
        }

    @property
    def base_model_1(self) -> BaseModel:
        """Predicts task 1 from images of any size, `D1(E1(x))`; shares this model's weights."""
        parts = (self.encoder_1, self.decoder_1, self.camera, self.stride)
        return BaseModel(*parts, name="base_model_1")

    @property
    def base_model_2(self) -> BaseModel:
        """Predicts task 2 without transfer, `D2(E2(x))`; shares this model's weights."""
        parts = (self.encoder_2, self.decoder_2, self.camera, self.stride)
        return BaseModel(*parts, name="base_model_2")

    def check_trained(self, where: Path | str) -> None:
        """Raise a `ValueError` that names `where` if networks that predict are untrained."""
        missing = sorted({*PREDICTORS[self.predictor]} & {*self.untrained})
        if missing:
            raise ValueError(
                f"{where} predicts by networks that nobody has trained: {', '.join(missing)}; "
                f"train them first: `adaat-keras train --weights {where}`"
            )

    @classmethod
    def from_preset(cls, preset: Path | str) -> "AdaAtdt":
        """Load the model of a preset or of a finished run, like `adaat_keras.load`.

        Args:
            preset: A name (`adaat_keras.list_presets()`), a folder that `save_to_preset` wrote,
                the address of such a folder (`https://...`), a repository of Hugging Face
                (`hf://user/repo`), or the folder of a finished run.

        Returns:
            The model, which predicts task 2 as the method that trained it does, and can be trained
            further with `adaat_keras.fit_ada_atdt`.

        Raises:
            ValueError: There is no such preset, it is damaged, from a later version, or names code
                to run; or the networks that predict have not been trained yet in the run.
            FileNotFoundError: A file is missing.

        Example:
            >>> AdaAtdt.from_preset("streets_semantic_to_depth_small").to_task
            'depth'
        """
        model = read_networks(preset)
        if is_run(preset):
            model.check_trained(preset)
        return model

    def save_to_preset(self, place: Path | str, /, **details) -> None:
        """Save the six networks for `from_preset`, with weights as float16.

        Uploading to a Hugging Face repository needs the extra `[hub]` and your access token. The
        repository is created if necessary, with your account's default visibility; files of an
        earlier preset are replaced in a new commit. A model card is added: that of a published
        preset if the model is still identical to it, else a new one that describes the model.

        Args:
            place: A folder, or a repository: `hf://user/repo`.
            details: Anything that can be written as JSON, saved beside the networks.

        Raises:
            FileExistsError: The folder has files of something else, such as a run's.
            ImportError: `huggingface_hub` is not installed.
            PermissionError: There is no token, or it has no write access.
            ValueError: A weight is not finite or too large for float16, or the upload fails.

        Example:
            >>> from adaat_keras import load
            >>> model = load("streets_depth_to_semantic_small")
            >>> model.save_to_preset("hf://user/repo")  # doctest: +SKIP
        """
        if str(place).startswith("hf://"):
            upload_preset(self, str(place), details)
        else:
            write_preset(self, place, details)

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
            "untrained": list(self.untrained),
            "predictor": self.predictor,
            "camera": self.camera and self.camera.get_config(),
            **networks,
        }

    @classmethod
    def from_config(cls, config: dict) -> "AdaAtdt":
        """The model that `get_config` describes, with new weights."""
        config = _current(config)
        networks = {name: keras.saving.deserialize_keras_object(config[name]) for name in NETWORKS}
        return cls(**{**config, **networks})


def _current(config: dict) -> dict:
    """A configuration in this version's form.

    Older versions call `untrained` `fresh`, and lack `predictor`, which is base model 2 if it was
    trained and the transfer function was not.
    """
    config = dict(config)
    config.setdefault("untrained", config.pop("fresh", ()))
    trained = set(NETWORKS) - set(config["untrained"])
    alone = "transfer" not in trained and trained.issuperset(PREDICTORS["base_model_2"])
    config.setdefault("predictor", "base_model_2" if alone else "transfer")
    return config


def read_networks(preset: Path | str) -> AdaAtdt:
    """Load a model like `from_preset`, but also from a run whose predictor is still untrained."""
    run = is_run(preset)
    folder = home_expanded(preset)
    model = read_ada_atdt(folder / MODEL) if run else read_preset(find_preset(preset))
    model.origin = str(folder) if folder.is_dir() else str(preset)
    return model


def read_ada_atdt(path: Path) -> AdaAtdt:
    """The `AdaAtdt` in a `.keras` file; raises as `read_model`, and for any other model."""
    model = read_model(path)
    if not isinstance(model, AdaAtdt):
        raise ValueError(f"{path} holds a {type(model).__name__}, not an AdaAtdt")
    return model
