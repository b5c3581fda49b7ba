"""Where images come from, one file a domain. `get("streets_real", split="train")` opens one.

Nothing here imports TensorFlow until a domain is opened, since the processes that render the
streets import this package, too.
"""

from typing import TYPE_CHECKING

from adaat_keras.registry import Registry, checked_place
from adaat_keras.streets import VARIANTS

if TYPE_CHECKING:
    from adaat_keras.domains.domain import Domain

_CLASSES = {
    "Carla": "adaat_keras.domains.carla",
    "Cityscapes": "adaat_keras.domains.cityscapes",
    "Domain": "adaat_keras.domains.domain",
    "Folder": "adaat_keras.domains.folder",
    "Kitti": "adaat_keras.domains.kitti",
    "NoSplit": "adaat_keras.domains.domain",
    "Packed": "adaat_keras.domains.packed",
    "Streets": "adaat_keras.domains.streets",
    "SynthiaSF": "adaat_keras.domains.synthia_sf",
    "pairs_of_batches": "adaat_keras.domains.batches",
}
_registry = Registry(
    "domain",
    {
        "carla": "adaat_keras.domains.carla:Carla",
        "cityscapes": "adaat_keras.domains.cityscapes:Cityscapes",
        "folder": "adaat_keras.domains.folder:Folder",
        "kitti": "adaat_keras.domains.kitti:Kitti",
        "packed": "adaat_keras.domains.packed:Packed",
        "synthia_sf": "adaat_keras.domains.synthia_sf:SynthiaSF",
        **dict.fromkeys(VARIANTS, "adaat_keras.domains.streets:Streets"),
    },
    group="adaat_keras.domains",
)


def names() -> list[str]:
    """The names of all domains; the embedded streets have several variants.

    Example:
        >>> names()[:3]
        ['carla', 'cityscapes', 'folder']
    """
    return _registry.names()


def find(name: str) -> "type[Domain]":
    """The class of the domain with this name or location.

    Example:
        >>> find("kitti").__name__
        'Kitti'
    """
    return _registry.get(name)


def name_of(kind: "type[Domain]") -> str:
    """The name or the location by which `find` finds a class.

    Raises:
        ValueError: It has several names, or is defined in a function, where nothing finds it.

    Example:
        >>> name_of(find("kitti"))
        'kitti'
    """
    place = checked_place("domain", kind)
    known = _registry.names_of(place)
    if len(known) > 1:
        raise ValueError(
            f"{kind.__name__} has several variants: pass the name of one, {', '.join(known)}, or "
            f"an object, {kind.__name__}({known[0]!r})"
        )
    return known[0] if known else place


def get(what: "str | type[Domain] | Domain", **options) -> "Domain":
    """Open a domain, given by name, location or class, with its options.

    Args:
        what: A name from `names()`; the location `"module:Name"` or `"path/to/file.py:Name"` of a
            class, or of a function that returns a domain; a class; or a domain, which is returned
            unchanged.
        options: Arguments of its class: `split=`, `root=`, ...

    Raises:
        NoSplit: It has no such split.
        ValueError: There is no such domain, or it is open already and takes no options.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> len(get("streets_real", split="val", frames=1, height=16, width=32, cache=folder))
        1
    """
    from adaat_keras.domains.domain import Domain

    thing = find(what) if isinstance(what, str) else what
    if isinstance(thing, Domain):
        if set(options) - {"split"}:
            raise ValueError(f"{thing.name} is open already, it takes no options: {options}")
        return thing
    if not callable(thing):
        raise ValueError(f"{what!r} is {thing!r}, no domain: it derives from {__name__}.Domain")
    opened = thing(what, **options) if what in VARIANTS else thing(**options)
    if not isinstance(opened, Domain):
        raise ValueError(f"{what!r} gives {opened!r}, no domain: it derives from {__name__}.Domain")
    return opened


def stand_in(name: str, split: str) -> str:
    """The split that a domain uses in place of this one, if it lacks it or its labels.

    Example:
        >>> stand_in("kitti", "test"), stand_in("carla", "test")
        ('train', 'test')
    """
    return getattr(find(name), "stands_in", {}).get(split, split)


_FRAMES_OF = {"train": "training", "val": "validation", "test": "test"}


def stand_in_note(name: str, split: str) -> str | None:
    """A note on the split that stands in for this one; `None` if none does.

    Example:
        >>> stand_in_note("kitti", "test")
        "kitti has no labelled split 'test': these are its training images ('train')"
    """
    other = stand_in(name, split)
    if other == split:
        return None
    called = getattr(find(name), "name", name)
    images = f"its {_FRAMES_OF.get(other, other)} images ({other!r})"
    return f"{called} has no labelled split {split!r}: these are {images}"


def __getattr__(name: str):
    """Import the domains' classes, and `pairs_of_batches`, on first use."""
    if name in _CLASSES:
        import importlib

        return getattr(importlib.import_module(_CLASSES[name]), name)
    raise AttributeError(f"module 'adaat_keras.domains' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_CLASSES})
