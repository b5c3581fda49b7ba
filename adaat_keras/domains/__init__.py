"""Where images come from, one file a domain. `get("streets_real", split="train")` opens one.

Nothing here imports TensorFlow until a domain is opened: the processes that render the streets
import this package too.
"""

from typing import TYPE_CHECKING

from adaat_keras.registry import Registry
from adaat_keras.streets import VARIANTS

if TYPE_CHECKING:
    from adaat_keras.domains.domain import Domain

_CLASSES = {
    "Carla": "adaat_keras.domains.carla",
    "Cityscapes": "adaat_keras.domains.cityscapes",
    "Domain": "adaat_keras.domains.domain",
    "Kitti": "adaat_keras.domains.kitti",
    "Packed": "adaat_keras.domains.packed",
    "Streets": "adaat_keras.domains.streets",
    "SynthiaSF": "adaat_keras.domains.synthia_sf",
}
_registry = Registry(
    "domain",
    {
        "carla": "adaat_keras.domains.carla:Carla",
        "cityscapes": "adaat_keras.domains.cityscapes:Cityscapes",
        "kitti": "adaat_keras.domains.kitti:Kitti",
        "packed": "adaat_keras.domains.packed:Packed",
        "synthia_sf": "adaat_keras.domains.synthia_sf:SynthiaSF",
        **dict.fromkeys(VARIANTS, "adaat_keras.domains.streets:Streets"),
    },
    group="adaat_keras.domains",
)


def names() -> list[str]:
    """Every domain's name; the embedded streets come in several variants."""
    return _registry.names()


def find(name: str) -> "type[Domain]":
    """The class of the domain of this name."""
    return _registry.get(name)


def get(name: "str | Domain", **options) -> "Domain":
    """The domain of this name, opened with its own options (`split=`, `root=`, ...)."""
    if not isinstance(name, str):
        return name
    if name in VARIANTS:
        return _registry.get(name)(name, **options)
    return _registry.get(name)(**options)


def stand_in(name: str, split: str) -> str:
    """The split in which a domain has the labels that one looks for in this split."""
    return find(name).stands_in.get(split, split)


def __getattr__(name: str):
    """The domains' classes, imported when they are first asked for."""
    if name in _CLASSES:
        import importlib

        return getattr(importlib.import_module(_CLASSES[name]), name)
    raise AttributeError(f"module 'adaat_keras.domains' has no attribute {name!r}")
