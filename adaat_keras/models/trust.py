"""Security checks for presets and `.keras` files from others, before they are loaded.

A preset's configuration names classes and numbers; a `.keras` file is an archive. Whatever they
contain, no untrusted code is run, no other file is read, and no model is built that is larger than
the weights that come with it.
"""

import json
import threading
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import keras

from adaat_keras.registry import imported, is_declared, module_name

SMALL = 2**20
"""Bytes: no configuration or description of a preset is larger."""

# Keras' modules whose classes a network may use.
_MODELING = ("layers", "models", "initializers", "regularizers", "constraints", "dtype_policies")
# Classes in them that run code, or read files named in the configuration.
_UNSAFE = (
    *("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
    *("StringLookup", "IntegerLookup", "TextVectorization"),
)

_UNTRUSTED = (
    "do not trust it unless the class is yours. If it is, import its file first (in Python, or "
    "with `adaat-keras --import FILE.py ...`)"
)


def check_classes(config: Any, file: Path | str) -> None:
    """Raise a `ValueError` if a Keras configuration names untrusted classes.

    It may name classes of Keras, of this package, and those that this process has imported and
    registered already. Call it before deserialization. Both names by which Keras looks up a class
    are checked: its module with its name, and its registered name.

    Args:
        config: As `keras.saving.serialize_keras_object` returned it, from JSON.
        file: Its file, for the message.

    Example:
        >>> check_classes({"class_name": "system", "module": "os", "config": {}}, "config.json")
        Traceback (most recent call last):
        ...
        ValueError: config.json asks for os.system; a preset may name the classes of adaat_keras \
and of Keras, and those that you have imported yourself: do not trust it unless the class is \
yours. If it is, import its file first (in Python, or with `adaat-keras --import FILE.py ...`)
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
            f"and those that you have imported yourself: {_UNTRUSTED}"
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
    """Whether this is a safe class of Keras; lower-case names are functions."""
    name, module = str(config["class_name"]), str(config.get("module")).split(".")
    part = [each for each in module if each != "src"][1:2]
    return (
        module[0] == "keras"
        and (not part or part[0] in _MODELING)
        and config.get("registered_name") in (None, name)
        and name[:1].isupper()
        and name not in _UNSAFE
    )


def _is_imported(config: dict) -> bool:
    """Whether this is a class that the user's own code has registered with Keras.

    By that name Keras finds it first. The file may lie in another folder than it did.
    """
    name = config.get("registered_name")
    registered = keras.saving.get_registered_object(name) if isinstance(name, str) else None
    return isinstance(registered, type) and (
        (module_name(registered.__module__), registered.__name__)
        == (module_name(str(config.get("module"))), config["class_name"])
    )


def check_place(what: Any, file: Path | str) -> None:
    """Raise a `ValueError` if a task, or another class given by location, is untrusted.

    Published files may contain `"module:Class"` or `"file.py:Class"`. Allowed are this package's
    tasks and domains, those that installed packages declare as entry points, and what this process
    has imported already, if it is a subclass of this package's or Keras' classes (or an
    `Architecture`) and not Keras' own.

    Args:
        what: A name, a location, or a dictionary with a `"place"`.
        file: Its file, for the message.

    Example:
        >>> check_place("semantic", "preset.json")
        >>> check_place({"place": "os:system", "config": {"command": "ls"}}, "preset.json")
        Traceback (most recent call last):
        ...
        ValueError: preset.json asks for os:system; a preset may name the classes of adaat_keras, \
and those that you have imported yourself: do not trust it unless the class is yours. If it is, \
import its file first (in Python, or with `adaat-keras --import FILE.py ...`)
    """
    place = str(what.get("place", "") if isinstance(what, dict) else what)
    if ":" not in place:
        return
    module, _, name = place.rpartition(":")
    if module.startswith(("adaat_keras.tasks.", "adaat_keras.domains.")) or is_declared(place):
        return
    found = getattr(imported(module), name, None)
    # The bases of a class; the type of other objects, such as an `Architecture`.
    kinds = found.__mro__[1:] if isinstance(found, type) else type(found).__mro__
    derives = any(kind.__module__.startswith(("adaat_keras.", "keras.")) for kind in kinds)
    # Keras' own read files and run code that they are given, such as `TFSMLayer`.
    of_keras = getattr(found, "__module__", "").startswith("keras.")
    if of_keras or not derives:
        raise ValueError(
            f"{file} asks for {place}; a preset may name the classes of adaat_keras, and those "
            f"that you have imported yourself: {_UNTRUSTED}"
        )


# Limits on constructor arguments. The paper's networks have 6 blocks; thousands would take minutes
# to build.
_MOST = {"residual_blocks": 32}


def count_parameters(config: dict) -> int:
    """The number of parameters of the model in a configuration, without allocating them.

    Keras builds the model in a separate thread, in a scope in which variables have shapes but no
    values. Raises whatever Keras raises.

    Args:
        config: A configuration that passed `check_classes`.

    Example:
        >>> huge = keras.Sequential([keras.Input((10**6,)), keras.layers.Dense(1)])
        >>> config = keras.saving.serialize_keras_object(huge)
        >>> config["config"]["layers"][1]["config"]["units"] = 10**6
        >>> count_parameters(config)
        1000001000000
    """
    found: list[int | Exception] = []
    # Classes registered with Keras are local to a thread, so they are passed on.
    known = {name: keras.saving.get_registered_object(name) for name in _registered(config)}
    known = {name: thing for name, thing in known.items() if thing is not None}

    def put_together() -> None:
        try:
            with keras.StatelessScope(initialize_variables=False):
                model = keras.saving.deserialize_keras_object(config, known, safe_mode=True)
                found.append(model.count_params())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=put_together)
    thread.start()
    thread.join()
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _registered(config) -> set[str]:
    """All registered names in a configuration."""
    if isinstance(config, list):
        return set().union(*map(_registered, config))
    if not isinstance(config, dict):
        return set()
    name = config.get("registered_name")
    inside = set().union(*map(_registered, config.values()))
    return inside | {name} if isinstance(name, str) else inside


def check_numbers(config: Any, file: Path | str) -> None:
    """Raise a `ValueError` if a configuration has more blocks than any sensible network."""
    inside = config.values() if isinstance(config, dict) else config
    if isinstance(config, dict):
        for name, most in _MOST.items():
            value = config.get(name, 0)
            if not isinstance(value, int) or value > most:
                raise ValueError(f"{file} asks for {name} of {value!r}, {most} at most are read")
    for value in inside if isinstance(config, dict | list) else ():
        check_numbers(value, file)


# Minimum bytes per parameter: trained weights compress to a half to a fifth of their size at best,
# so a smaller file cannot hold trained weights. `_SPARE` parameters are exempt.
_SHARE, _SPARE = 1 / 64, 2**26


def check_size(parameters: int, weights: Path, size: int | None = None) -> None:
    """Raise a `ValueError` unless the size of a weight file is plausible for a model.

    Args:
        parameters: The model's number of parameters, from `count_parameters`.
        weights: The weight file.
        size: The file's size in bytes, if known.

    Example:
        >>> check_size(10**12, Path("weights.h5"), size=10**6)
        Traceback (most recent call last):
        ...
        ValueError: weights.h5 has 1000000 bytes, and its configuration asks for 1000000000000 \
parameters: nothing was built; do not trust it
    """
    size = weights.stat().st_size if size is None else size
    if parameters * _SHARE > size + _SPARE * _SHARE or size > most_bytes(parameters):
        raise ValueError(
            f"{weights} has {size} bytes, and its configuration asks for {parameters} parameters: "
            "nothing was built; do not trust it"
        )


def most_bytes(parameters: int) -> int:
    """The maximum size of a weight file in bytes: twice that of the weights as float64, plus 1 MiB.

    Example:
        >>> most_bytes(0)
        1048576
    """
    return 2 * 8 * parameters + SMALL


def check_archive(path: Path) -> None:
    """Check a `.keras` file before Keras unpacks it.

    Raises:
        ValueError: It unpacks to far more than its size, or the model's size does not match its
            weights; names the file.
        zipfile.BadZipFile: It is not a zip archive.
    """
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        unpacked = sum(member.file_size for member in members.values())
        # Keras does not compress its archives.
        if unpacked > 4 * size + SMALL or len(members) > _MOST_MEMBERS:
            raise ValueError(
                f"{path} would unpack {size} bytes to {unpacked}, in {len(members)} files; do not "
                "trust it"
            )
        weights = members.get("model.weights.h5")
        if "config.json" not in members or weights is None:
            # Keras will report what is missing.
            return
        with archive.open(weights) as member, h5py.File(member, "r") as opened:
            opened.visititems(partial(_check_stored, path))
        if members["config.json"].file_size > SMALL:
            raise ValueError(
                f"{path}: its config.json has more than {SMALL} bytes; do not trust it"
            )
        config = json.loads(archive.read("config.json"))
    check_numbers(config, path)
    try:
        parameters = count_parameters(config)
    except Exception:
        # Keras will fail to build the model, too, and report why.
        return
    check_size(parameters, path, weights.file_size)


_MOST_MEMBERS = 100


def _check_stored(path: Path, name: str, thing: h5py.Dataset | h5py.Group) -> None:
    """Raise a `ValueError` for an array that is larger than its stored data."""
    if isinstance(thing, h5py.Dataset) and thing.nbytes > thing.id.get_storage_size():
        raise ValueError(f"{path}: {name} says to be larger than it is; do not trust it")
