"""The files of a preset: writing a model, and reading it back safely."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import h5py
import keras
import numpy as np

from adaat_keras.files import (
    Hdf5,
    check_not_anothers,
    home_expanded,
    read_json,
    written_whole,
)
from adaat_keras.models.plain_arrays import read_arrays
from adaat_keras.models.trust import (
    SMALL,
    check_archive,
    check_classes,
    check_numbers,
    check_place,
    check_size,
    count_parameters,
)

FORMAT = 1
CONFIG, WEIGHTS, DETAILS = "config.json", "weights.h5", "preset.json"


def write_preset(model: keras.Model, folder: Path | str, details: dict) -> None:
    """Write a model's configuration, weights and details.

    Weights are rounded (see `kept`) and compressed to 40 % of their size in float32. Scores of a
    preset should be measured with the rounded weights.

        config.json     the model as Keras serializes it
        weights.h5      its weights, by network and number
        preset.json     the format's version, the weights' sha256, the model's options, `details`

    Args:
        model: `AdaAtdt`, whose `networks` are saved one by one.
        folder: Where to write; files of an earlier preset there are replaced.
        details: Anything that can be written as JSON.

    Raises:
        FileExistsError: The folder has files of these names that are no preset's, such as a run's.
        ValueError: A weight is not finite, or too large.
    """
    folder, packed = home_expanded(folder), Hdf5()
    check_not_anothers(folder, (CONFIG, WEIGHTS), DETAILS, "a preset")
    with h5py.File(packed, "w") as file:
        for name, network in model.networks.items():
            for number, variable in enumerate(network.weights):
                trained = keras.ops.convert_to_numpy(variable)
                weight = kept(trained)
                if not (np.isfinite(trained).all() and np.isfinite(weight).all()):
                    raise ValueError(
                        f"{name}: {variable.path} holds a value that is not finite, or beyond "
                        "float16"
                    )
                how = {"compression": "gzip", "shuffle": True} if weight.ndim else {}
                file.create_dataset(f"{name}/{number:03}", data=weight, **how)
    config = _json(_without_training(keras.saving.serialize_keras_object(model)))
    own = {
        "format": FORMAT,
        "sha256": hashlib.sha256(packed.getbuffer()).hexdigest(),
        "config_sha256": hashlib.sha256(config).hexdigest(),
        "options": model.options,
    }
    # Files are renamed once all are written, the details last: without them, it is not a preset.
    contents = {DETAILS: _json(own | details | own), CONFIG: config, WEIGHTS: packed.getbuffer()}
    with ExitStack() as stack:
        for name, content in contents.items():
            stack.enter_context(written_whole(folder / name)).write_bytes(content)


def _json(value) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def weights_sha256(folder: Path) -> str:
    """The sha256 of a preset's weights."""
    return sha256_of(folder / WEIGHTS)


def sha256_of(file: Path) -> str:
    """The sha256 of a file, read in chunks."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def round_weights(model: keras.Model) -> None:
    """Round a model's weights as a preset does, to measure it before it is written."""
    for network in model.networks.values():
        network.set_weights([kept(weight) for weight in network.get_weights()])


def kept(weight: np.ndarray) -> np.ndarray:
    """A weight as a preset stores it: float16 without the last two bits, which are mere noise.

    The error is at most 0.25 %, or 1.2e-7 for weights below 6e-5.
    """
    with np.errstate(over="ignore"):
        bits = np.asarray(weight, np.float16).view(np.uint16)
    return ((bits + 2) & 0xFFFC).astype(np.uint16).view(np.float16)


def read_details(folder: Path | str) -> dict:
    """The content of a preset's `preset.json`.

    Raises:
        FileNotFoundError: The folder holds no preset.
        ValueError: It is from another version, or damaged.
    """
    file = Path(folder) / DETAILS
    if not file.exists():
        raise FileNotFoundError(f"{file} does not exist: {folder} holds no preset")
    try:
        details = read_json(file, SMALL)
        version, sha256 = details["format"], details["sha256"]
        options = dict(details.get("options", {}))
        if not isinstance(sha256, str):
            raise ValueError(f"sha256 is {sha256!r}")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file} is no preset's description: {error!r}; delete it, and fetch the preset again"
        ) from error
    if type(version) is not int or version != FORMAT:
        raise ValueError(
            f"{file} is of format {version!r}, this package reads {FORMAT}; "
            "upgrade adaat_keras, or fetch a preset of its version"
        )
    for name, value in options.items():
        if not isinstance(value, str if name == "size" else str | dict):
            raise ValueError(f"{file} says {name} {value!r}, which is no name; do not trust it")
        check_place(value, file)
    return {**details, "options": options}


def read_weights(file: Path | str, networks: dict[str, keras.Model]) -> None:
    """Load the weights in a preset's file into networks.

    Only plain arrays of the expected shapes are read (see `plain_arrays`).

    Raises:
        ValueError: The file is damaged or holds other weights; names the file and the weight.
    """
    expected = {
        name: [(weight.path, tuple(weight.shape)) for weight in network.weights]
        for name, network in networks.items()
    }
    for name, weights in read_arrays(file, expected).items():
        networks[name].set_weights(weights)


def read_preset(folder: Path | str) -> keras.Model:
    """The model in a preset's folder, as `write_preset` wrote it.

    No code in it is run and no file outside it is read: `check_classes` and `check_place` say what
    the configuration may name, and weights are plain arrays. The model is built only after the
    files' hashes, and the size of the weights, have been checked.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is damaged, from another version, or names untrusted code.
    """
    folder = Path(folder)
    details = read_details(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder / name} does not exist; fetch the preset again")
    config = read_config(folder)
    expected = details.get("config_sha256")
    if expected is not None and (found := sha256_of(folder / CONFIG)) != expected:
        raise ValueError(
            f"{folder / CONFIG} is not the one that was published: its sha256 is {found}, not "
            f"{expected}; fetch the preset again"
        )
    check_size(parameters_of(config, folder / CONFIG), folder / WEIGHTS)
    sha256 = weights_sha256(folder)
    if sha256 != details["sha256"]:
        raise ValueError(
            f"{folder / WEIGHTS} is damaged: its sha256 is {sha256}, not {details['sha256']}; "
            "fetch the preset again"
        )
    model = _made(config, folder / CONFIG)
    size = details.get("options", {}).get("size", model.options["size"])
    if size != model.options["size"]:
        raise ValueError(
            f"{folder / DETAILS} says size {size!r}, but {CONFIG} beside it is of size "
            f"{model.options['size']!r}; fetch the preset again"
        )
    read_weights(folder / WEIGHTS, model.networks)
    return model


def read_config(folder: Path) -> dict:
    """A preset's configuration, checked to name trusted classes only.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is not JSON, or names untrusted code or absurd numbers; names the file.
    """
    file = Path(folder) / CONFIG
    try:
        config = _without_training(read_json(file, SMALL))
        check_classes(config, file)
        check_numbers(config, file)
    except RecursionError:
        raise ValueError(f"{file} is nested too deeply") from None
    return config


def _without_training(config):
    """A configuration without its optimizers and losses, which are not needed to predict."""
    if isinstance(config, list):
        return [_without_training(value) for value in config]
    if not isinstance(config, dict):
        return config
    return {k: _without_training(v) for k, v in config.items() if k != "compile_config"}


def parameters_of(config: dict, file: Path) -> int:
    """The number of parameters of the model in a configuration, without building it.

    Raises:
        ValueError: It describes no model of this package.
    """
    with _described(file):
        return count_parameters(config)


def built(file: Path) -> keras.Model:
    """The untrained model that a preset's configuration describes."""
    return _made(read_config(file.parent), file)


def _made(config: dict, file: Path) -> keras.Model:
    with _described(file):
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        _ = model.networks
    return model


@contextmanager
def _described(file: Path) -> Iterator[None]:
    """Turn any error that Keras raises for a configuration into one that names its file."""
    try:
        yield
    except MemoryError:
        raise
    # A configuration may contain anything, and classes may fail on it in any way.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:300] or type(error).__name__
        raise ValueError(f"{file} describes no model of this package: {reason}") from error


def read_model(path: Path) -> keras.Model:
    """The model in a `.keras` file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a Keras model, is damaged, has layers that are not imported, or
            unpacks to more than its size.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        check_archive(Path(path))
        return keras.saving.load_model(path, compile=False)
    except MemoryError:
        raise
    except Exception as error:
        # Keras' messages go on with the whole configuration.
        reason = str(error).strip().partition("\n")[0][:500] or type(error).__name__
        raise ValueError(f"{path} cannot be read as a Keras model: {reason}") from error
