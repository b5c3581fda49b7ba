"""The files of a preset: a model as it is published."""

import hashlib
import json
from pathlib import Path

import h5py
import keras
import numpy as np

from adaat_keras.files import write_json, written_whole

FORMAT = 1
CONFIG, WEIGHTS, DETAILS = "config.json", "weights.h5", "preset.json"


def write_preset(model: keras.Model, folder: Path | str, details: dict) -> None:
    """Write a model's configuration, its weights and what is known of it.

    Weights are rounded (`kept`) and packed, to 40 % of their size in float32: what is measured of
    a preset is measured of these.

        config.json     the model as Keras serializes it
        weights.h5      its weights, by network and number
        preset.json     the format's version, the weights' sha256, the model's options, `details`

    Args:
        model: `AdaAtdt`, whose `networks` are saved one by one.
        folder: Where to write; files of an earlier preset there are replaced.
        details: Anything that JSON takes.

    Raises:
        ValueError: A weight is not finite, or too large.
    """
    folder = Path(folder)
    with written_whole(folder / WEIGHTS) as temporary, h5py.File(temporary, "w") as file:
        for name, network in model.networks.items():
            for number, variable in enumerate(network.weights):
                trained = keras.ops.convert_to_numpy(variable)
                weight = kept(trained)
                if not (np.isfinite(trained).all() and np.isfinite(weight).all()):
                    raise ValueError(
                        f"{name}: {variable.path} holds a value that is not finite, or beyond "
                        "float16"
                    )
                packed = {"compression": "gzip", "shuffle": True} if weight.ndim else {}
                file.create_dataset(f"{name}/{number:03}", data=weight, **packed)
    write_json(folder / CONFIG, keras.saving.serialize_keras_object(model))
    # Last: a preset without it is none.
    own = {
        "format": FORMAT,
        "sha256": weights_sha256(folder),
        "config_sha256": hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest(),
        "options": model.options,
    }
    write_json(folder / DETAILS, own | details | own)


def weights_sha256(folder: Path) -> str:
    """The sha256 of a preset's weights."""
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def round_weights(model: keras.Model) -> None:
    """Make a model's weights what a preset keeps of them, so that it can be measured before."""
    for network in model.networks.values():
        network.set_weights([kept(weight) for weight in network.get_weights()])


def kept(weight: np.ndarray) -> np.ndarray:
    """What a preset keeps of a weight: float16 without its last two bits, mere noise.

    Within 0.25 % of it, or within 1.2e-7 where it is below 6e-5.
    """
    with np.errstate(over="ignore"):
        bits = np.asarray(weight, np.float16).view(np.uint16)
    return ((bits + 2) & 0xFFFC).astype(np.uint16).view(np.float16)


def read_details(folder: Path | str) -> dict:
    """What is known of a preset.

    Raises:
        FileNotFoundError: The folder holds no preset.
        ValueError: It is one of a later version, or damaged.
    """
    file = Path(folder) / DETAILS
    if not file.exists():
        raise FileNotFoundError(f"{file} does not exist: {folder} holds no preset")
    try:
        details = json.loads(file.read_text())
        version, _ = details["format"], details["sha256"]
        dict(details.get("options", {}))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file} is no preset's description: {error!r}; delete it, and fetch the preset again"
        ) from error
    if version != FORMAT:
        raise ValueError(
            f"{file} is of format {version!r}, this package reads {FORMAT}; "
            "upgrade adaat_keras, or fetch a preset of its version"
        )
    return details
