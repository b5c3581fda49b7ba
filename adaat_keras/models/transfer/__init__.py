"""Transfer functions, one file each. `get("unet_attention")` gives the class."""

import keras

from adaat_keras.registry import Registry

_registry = Registry("transfer function", "adaat_keras.models.transfer")


def get(name: str) -> type[keras.Model]:
    """The transfer function's class of this name."""
    return _registry.get(name)


def names() -> list[str]:
    """Every transfer function's name."""
    return _registry.names()
