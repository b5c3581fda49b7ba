"""Refuses a configuration that asks for foreign classes."""

from pathlib import Path

# Classes of Keras that run code or read files which come with the configuration.
_UNSAFE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")


def check_classes(config, file: Path | str) -> None:
    """Raise a `ValueError` if a Keras configuration asks for more than Keras and this package.

    Called before anything is made of it. Both names count by which Keras looks a class up, its
    module's and the one that it is registered under.

    Args:
        config: What `keras.saving.serialize_keras_object` gave, from JSON.
        file: Where it is from, for the message.

    Example:
        >>> check_classes({"class_name": "system", "module": "os", "config": {}}, "config.json")
        Traceback (most recent call last):
        ...
        ValueError: config.json asks for os.system; a preset may name the classes of adaat_keras \
and of Keras alone, none that runs code: do not trust it
    """
    if isinstance(config, list):
        for value in config:
            check_classes(value, file)
    if not isinstance(config, dict):
        return
    if "class_name" in config and not (_is_ours(config) or _is_keras(config)):
        name = f"{config.get('module')}.{config['class_name']}"
        if config.get("registered_name") not in (None, config["class_name"]):
            name += f" (registered as {config['registered_name']})"
        raise ValueError(
            f"{file} asks for {name}; a preset may name the classes of adaat_keras and of Keras "
            "alone, none that runs code: do not trust it"
        )
    for value in config.values():
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
