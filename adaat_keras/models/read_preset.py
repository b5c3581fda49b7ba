"""A model from a preset's folder."""

import hashlib
import json
from pathlib import Path

import keras

from adaat_keras.models.check_classes import check_classes
from adaat_keras.models.preset_format import CONFIG, WEIGHTS, read_details, weights_sha256
from adaat_keras.models.read_weights import read_weights


def read_preset(folder: Path | str) -> keras.Model:
    """The model in a preset's folder, as `write_preset` wrote it.

    Nothing in it is run and nothing outside it is read: the configuration may name the classes of
    this package and of Keras alone, and weights are plain arrays.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is damaged, of a later version, or asks for anything else.
    """
    folder = Path(folder)
    details = read_details(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).exists():
            raise FileNotFoundError(f"{folder / name} does not exist; fetch the preset again")
    sha256 = weights_sha256(folder)
    if sha256 != details["sha256"]:
        raise ValueError(
            f"{folder / WEIGHTS} is damaged: its sha256 is {sha256}, not {details['sha256']}; "
            "fetch the preset again"
        )
    config = hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest()
    if config != details.get("config_sha256", config):
        raise ValueError(
            f"{folder / CONFIG} is not the one that was published: its sha256 is {config}, not "
            f"{details['config_sha256']}; fetch the preset again"
        )
    model = built(folder / CONFIG)
    read_weights(folder / WEIGHTS, model.networks)
    return model


def built(file: Path) -> keras.Model:
    """The untrained model that a configuration describes."""
    try:
        config = json.loads(file.read_text())
    except ValueError as error:
        raise ValueError(
            f"{file} is no JSON: {error}; delete it, and fetch the preset again"
        ) from error
    check_classes(config, file)
    try:
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        _ = model.networks
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{file} describes no model of this package: {reason}") from error
    return model
