"""Where images come from, one file a domain. `get("streets_real", split="train")` opens one.

Nothing here imports TensorFlow until a domain is opened: the processes that render the streets
import this package too.
"""

from typing import TYPE_CHECKING

from adaat_keras.domains.street_world import variants
from adaat_keras.registry import Registry, check_name

if TYPE_CHECKING:
    from adaat_keras.domains.domain import Domain

_registry = Registry("domain", "adaat_keras.domains", base="domain")


def names() -> list[str]:
    """Every domain's name; the embedded streets come in several variants."""
    return sorted({*_registry.names(), *variants.VARIANTS} - {"streets"})


def get(name: "str | Domain", **options) -> "Domain":
    """The domain of this name, opened with its own options (`split=`, `root=`, ...)."""
    if not isinstance(name, str):
        return name
    check_name("domain", name, names())
    if name in variants.VARIANTS:
        return _registry.get("streets")(name, **options)
    return _registry.get(name)(**options)


def stand_in(name: str, split: str) -> str:
    """The split in which a domain has the labels that one looks for in this split."""
    check_name("domain", name, names())
    module = "streets" if name in variants.VARIANTS else name
    return _registry.get(module).stands_in.get(split, split)


def __getattr__(name: str):
    """The domains' classes by their own names, imported when they are first asked for."""
    for module in _registry.names():
        if module.replace("_", "") == name.lower():
            return _registry.get(module)
    raise AttributeError(f"module 'adaat_keras.domains' has no attribute {name!r}")
