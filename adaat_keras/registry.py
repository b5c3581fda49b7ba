"""Finds the things of one kind by name: the file's name is the thing's name."""

import importlib
import pkgutil
from pathlib import Path


class Registry:
    """The classes of one kind, one file each, imported only when asked for.

    A module `unet_attention.py` in the package holds the class `UnetAttention` (capitals do not
    matter); nothing else has to be edited when a file is added.

    Args:
        kind: What the things are called in an error message, e.g. `"task"`.
        package: The package's dotted name.
        base: The module that holds the kind's base class, which is not one of its things.

    Example:
        >>> Registry("task", "adaat_keras.tasks", base="task").names()
        ['depth', 'normals', 'semantic']
    """

    def __init__(self, kind: str, package: str, base: str | None = None):
        self.kind = kind
        self.package = package
        self.base = base

    def names(self) -> list[str]:
        """Every name of this kind, sorted."""
        folder = Path(__file__).parent.joinpath(*self.package.split(".")[1:])
        modules = pkgutil.iter_modules([str(folder)])
        return sorted(m.name for m in modules if not m.ispkg and m.name != self.base)

    def get(self, name: str) -> type:
        """The class of this name; a `ValueError` that lists the names if there is none."""
        check_name(self.kind, name, self.names())
        things = vars(importlib.import_module(f"{self.package}.{name}"))
        return next(thing for key, thing in things.items() if key.lower() == name.replace("_", ""))


def check_name(kind: str, name: str, names: list[str]) -> None:
    """Raise a `ValueError` that lists the existing `names` unless `name` is one of them."""
    if name not in names:
        raise ValueError(f"unknown {kind} {name!r}; choose one of: {', '.join(names)}")


def split_names(text: str) -> list[str]:
    """The names in `NAME,NAME`.

    Example:
        >>> split_names("adversarial,transfer")
        ['adversarial', 'transfer']
    """
    return [name for name in text.split(",") if name]
