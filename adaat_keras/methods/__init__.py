"""Methods, one file each: which steps, in which order, on what. `get("ada_atdt")` gives one.

- `method`: what every method offers.
- `steps/`: the training steps that methods are made of.
- `harness/`: runs a method, resumes it after a kill, scores it and draws its pictures.
"""

from typing import TYPE_CHECKING

from adaat_keras.registry import Registry

if TYPE_CHECKING:
    from adaat_keras.methods.method import Method

_registry = Registry("method", "adaat_keras.methods", base="method")


def get(name: str) -> "Method":
    """The method of this name."""
    return _registry.get(name)()


def names() -> list[str]:
    """Every method's name."""
    return _registry.names()
