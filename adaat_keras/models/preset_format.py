"""The files of a preset: how a model is published, and how it is read back safely."""

import hashlib
import json
import sys
import zipfile
from contextlib import ExitStack
from pathlib import Path

import h5py
import keras
import numpy as np

from adaat_keras.files import Hdf5, written_whole

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
    folder, packed = Path(folder), Hdf5()
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
    config = _json(keras.saving.serialize_keras_object(model))
    own = {
        "format": FORMAT,
        "sha256": hashlib.sha256(packed.getbuffer()).hexdigest(),
        "config_sha256": hashlib.sha256(config).hexdigest(),
        "options": model.options,
    }
    # They take their places when all are written, in reverse: a preset without its details is none.
    contents = {DETAILS: _json(own | details | own), CONFIG: config, WEIGHTS: packed.getbuffer()}
    with ExitStack() as stack:
        for name, content in contents.items():
            stack.enter_context(written_whole(folder / name)).write_bytes(content)


def _json(value) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


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
        options = dict(details.get("options", {}))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file} is no preset's description: {error!r}; delete it, and fetch the preset again"
        ) from error
    if version != FORMAT:
        raise ValueError(
            f"{file} is of format {version!r}, this package reads {FORMAT}; "
            "upgrade adaat_keras, or fetch a preset of its version"
        )
    for value in options.values():
        check_place(value, file)
    return details


# Classes of Keras that run code or read files which come with the configuration.
_UNSAFE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")


def check_classes(config, file: Path | str) -> None:
    """Raise a `ValueError` if a Keras configuration asks for code that nobody here has vouched for.

    It may name the classes of Keras, of this package, and those that this process has imported
    and registered already. Called before anything is made of it. Both names count by which Keras
    looks a class up, its module's and the one that it is registered under.

    Args:
        config: What `keras.saving.serialize_keras_object` gave, from JSON.
        file: Where it is from, for the message.

    Example:
        >>> check_classes({"class_name": "system", "module": "os", "config": {}}, "config.json")
        Traceback (most recent call last):
        ...
        ValueError: config.json asks for os.system; a preset may name the classes of adaat_keras \
and of Keras, and those that you have imported yourself: do not trust it
    """
    if isinstance(config, list):
        for value in config:
            check_classes(value, file)
    if not isinstance(config, dict):
        return
    known = (_is_ours, _is_keras, _is_imported)
    if "class_name" in config and not any(test(config) for test in known):
        name = f"{config.get('module')}.{config['class_name']}"
        if config.get("registered_name") not in (None, config["class_name"]):
            name += f" (registered as {config['registered_name']})"
        raise ValueError(
            f"{file} asks for {name}; a preset may name the classes of adaat_keras and of Keras, "
            "and those that you have imported yourself: do not trust it"
        )
    for key, value in config.items():
        if key in ("from_task", "to_task"):
            check_place(value, file)
        check_classes(value, file)


def _is_ours(config: dict) -> bool:
    return (
        str(config.get("module")).startswith("adaat_keras.")
        and config.get("registered_name") == f"adaat_keras>{config['class_name']}"
    )


def _is_keras(config: dict) -> bool:
    """Whether this is a class of Keras; a function's name begins with a small letter."""
    name = str(config["class_name"])
    return (
        str(config.get("module")).partition(".")[0] == "keras"
        and config.get("registered_name") in (None, name)
        and name[:1].isupper()
        and name not in _UNSAFE
    )


def _is_imported(config: dict) -> bool:
    """Whether this is a class that the user's own code has registered with Keras."""
    registered = keras.saving.get_registered_object(config.get("registered_name"))
    return isinstance(registered, type) and (
        (registered.__module__, registered.__name__) == (config.get("module"), config["class_name"])
    )


def check_place(what, file: Path | str) -> None:
    """Raise a `ValueError` if a task, or another class by its place, could be any code.

    A published file may say `"module:Class"` or `"file.py:Class"`, as a user may. It is taken
    where it is one of this package's, or a subclass of its or Keras' classes that this process
    has imported already.

    Args:
        what: A name, a place, or a dictionary with a place.
        file: Where it is from, for the message.

    Example:
        >>> check_place("semantic", "preset.json")
        >>> check_place({"place": "os:system", "config": {"command": "ls"}}, "preset.json")
        Traceback (most recent call last):
        ...
        ValueError: preset.json asks for os:system; a preset may name the classes of adaat_keras, \
and those that you have imported yourself: do not trust it
    """
    place = str(what.get("place", "") if isinstance(what, dict) else what)
    if ":" not in place:
        return
    module, _, name = place.rpartition(":")
    if module.startswith(("adaat_keras.tasks.", "adaat_keras.domains.")):
        return
    if module.endswith(".py"):
        path = str(Path(module).expanduser().resolve())
        loaded = [m for m in [*sys.modules.values()] if getattr(m, "__file__", None) == path]
    else:
        loaded = [sys.modules[module]] if module in sys.modules else []
    found = [getattr(m, name, None) for m in loaded]
    # Of a class what it derives from, of a thing such as an `Architecture` what it is.
    kinds = [c.__mro__[1:] if isinstance(c, type) else type(c).__mro__ for c in found]
    bases = [base.__module__ for kind in kinds for base in kind]
    if not any(base.startswith(("adaat_keras.", "keras.")) for base in bases):
        raise ValueError(
            f"{file} asks for {place}; a preset may name the classes of adaat_keras, and those "
            "that you have imported yourself: do not trust it"
        )


def read_weights(file: Path | str, networks: dict[str, keras.Model]) -> None:
    """Give networks the weights in a preset's file.

    Nothing but plain arrays of the expected shapes is read: HDF5 can point at other files of this
    machine, and a published file must not.

    Raises:
        ValueError: The file is damaged or holds other weights; names the file and the weight.
    """
    try:
        with h5py.File(file, "r") as opened:
            found = {name: _read(opened, name, network) for name, network in networks.items()}
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    for name, weights in found.items():
        networks[name].set_weights(weights)


def _read(file: h5py.File, name: str, network: keras.Model) -> list[np.ndarray]:
    count = len(file[name]) if _is_plain(file, name, h5py.Group) else 0
    if count != len(network.weights):
        raise ValueError(f"it holds {count} weights of {name}, not {len(network.weights)}")
    return [_array(file, f"{name}/{n:03}", weight) for n, weight in enumerate(network.weights)]


def _array(file: h5py.File, key: str, weight: keras.Variable) -> np.ndarray:
    if not _is_plain(file, key, h5py.Dataset):
        raise ValueError(f"{key} is no array of this file")
    if file[key].shape != tuple(weight.shape) or file[key].dtype.kind != "f":
        raise ValueError(
            f"{key} is {file[key].dtype} {file[key].shape}, but {weight.path} is "
            f"{weight.dtype} {tuple(weight.shape)}"
        )
    return file[key][()]


def _is_plain(file: h5py.File, key: str, kind: type) -> bool:
    """Whether the key is a hard link to a thing of this kind that lies in the file itself."""
    if not isinstance(file.get(key, getlink=True), h5py.HardLink):
        return False
    thing = file[key]
    elsewhere = isinstance(thing, h5py.Dataset) and (thing.external or thing.is_virtual)
    return isinstance(thing, kind) and not elsewhere


def read_preset(folder: Path | str) -> keras.Model:
    """The model in a preset's folder, as `write_preset` wrote it.

    Nothing in it is run and nothing outside it is read: what the configuration may name is told
    in `check_classes` and `check_place`, and weights are plain arrays.

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


def read_model(path: Path) -> keras.Model:
    """The model in a `.keras` file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no Keras model, is damaged, or has layers that nobody has imported.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        # Keras' messages go on with the whole configuration.
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{path} cannot be read as a Keras model: {reason}") from error
