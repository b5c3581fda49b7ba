"""Finds things by name: the package's own, an installed package's, or a user's class by its place.

Nothing is ever added by writing into this package: a name is one of the package's own, one that
another package declares as an entry point, `"module:Class"`, or `"path/to/file.py:Class"`.
"""

import functools
import hashlib
import importlib
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any


class Registry:
    """The classes of one kind by name, imported only when asked for.

    Args:
        kind: What the things are called in an error message, e.g. `"task"`.
        builtin: Names to `"module:Class"`.
        group: Entry-point group in which other packages declare more of them, if any.

    Example:
        >>> Registry("task", {"depth": "adaat_keras.tasks.depth:Depth"}).get("depth").__name__
        'Depth'
    """

    def __init__(self, kind: str, builtin: Mapping[str, str], group: str | None = None):
        self.kind = kind
        self.builtin = dict(builtin)
        self.group = group

    def names(self) -> list[str]:
        """Every name of this kind, sorted."""
        return sorted({*self.builtin, *_declared(self.group)})

    def names_of(self, place: str) -> list[str]:
        """The names of the class at this place."""
        declared = {name: point.value for name, point in _declared(self.group).items()}
        return [name for name, at in {**declared, **self.builtin}.items() if at == place]

    def get(self, name: str) -> type:
        """The class of this name, or at this place.

        Raises:
            ValueError: There is none; lists the names.
        """
        if name in self.builtin:
            return load_object(self.builtin[name])
        if name in _declared(self.group):
            point = _declared(self.group)[name]
            return load_object(point.value, f"{self.kind} {name!r}, which is declared as")
        if ":" in name:
            return load_object(name, self.kind)
        check_name(self.kind, name, self.names())
        raise AssertionError("check_name raises for names that do not exist")


@functools.cache
def _declared(group: str | None) -> dict:
    """Entry points of a group by name."""
    return {} if group is None else {point.name: point for point in entry_points(group=group)}


def is_declared(place: str) -> bool:
    """Whether an installed package declares this place as an entry point of ours.

    Example:
        >>> is_declared("os:system")
        False
    """
    groups = ("adaat_keras.domains", "adaat_keras.tasks")
    return any(place == point.value for group in groups for point in _declared(group).values())


def load_object(place: str, kind: str = "object") -> Any:
    """What `"module:Name"` or `"path/to/file.py:Name"` stands for.

    Raises:
        ValueError: There is no such module, file or name, or it cannot be imported; says why.

    Example:
        >>> load_object("collections:OrderedDict").__name__
        'OrderedDict'
    """
    # From the right, since a path on Windows begins with a drive.
    module, _, name = place.rpartition(":")
    if not module:
        raise ValueError(f"{kind} {place!r}: a place is module:Name or file.py:Name")
    loaded = load_module(module, f"{kind} {place!r}")
    if not hasattr(loaded, name):
        there = ", ".join(sorted(key for key in vars(loaded) if not key.startswith("_")))
        raise ValueError(f"{kind} {place!r}: {module} has no {name!r}; it has: {there}")
    return getattr(loaded, name)


def load_module(module: str, what: str = "import") -> ModuleType:
    """The module of this name, or in this file.

    Args:
        module: `"package.module"` or `"path/to/file.py"`.
        what: What it is imported for, for messages.

    Raises:
        ValueError: There is no such module or file, or it cannot be imported; says why.

    Example:
        >>> load_module("collections").__name__
        'collections'
    """
    file = Path(module).expanduser() if module.endswith(".py") else None
    known = imported(module)
    if known is not None:
        if file and not file.exists():
            warnings.warn(
                f"{what}: there is no file {file}; {known.__file__}, which is imported, is taken "
                "in its place",
                stacklevel=2,
            )
        return known
    if file and not file.is_file():
        raise ValueError(f"{what}: there is no file {file}")
    try:
        return _load_file(file) if file else importlib.import_module(module)
    # Whatever is wrong in a user's file.
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise ValueError(f"{what}: {module!r} cannot be imported: {why}") from error


def imported(module: str) -> ModuleType | None:
    """The module of this name, or from this file, if this process has imported it.

    A file that is no longer where it was is known by its name.

    Example:
        >>> imported("sys").__name__, imported("somewhere/else.py")
        ('sys', None)
    """
    if not module.endswith(".py"):
        return sys.modules.get(module)
    file = Path(module).expanduser().resolve()
    if _name_of(file) in sys.modules:
        return sys.modules[_name_of(file)]
    # The script that is running is one of them: to import it again would run it again.
    modules = [each for each in [*sys.modules.values()] if getattr(each, "__file__", None)]
    named = (each for each in modules if os.path.basename(each.__file__) == file.name)
    alike = {Path(each.__file__).resolve(): each for each in named}
    if file in alike:
        return alike[file]
    return next(iter(alike.values())) if len(alike) == 1 and not file.exists() else None


# What is added to the name of a module that is loaded from its file.
_ADDED = re.compile("_[0-9a-f]{8}$")


def module_name(module: str) -> str:
    """A module's name, whether it was imported by it or loaded from its file, in any folder.

    Example:
        >>> module_name("gate_0a1b2c3d"), module_name("gate")
        ('gate', 'gate')
    """
    return _ADDED.sub("", module)


def _name_of(file: Path) -> str:
    """The name of the module that is loaded from a file."""
    return f"{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"


def _load_file(file: Path) -> ModuleType:
    """Import a file."""
    file = file.resolve()
    name = _name_of(file)
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    # Before it runs, as Python's own import does: its classes name their module.
    sys.modules[name] = module
    _FILES[name] = str(file)
    # For its neighbours, which it imports as a script does; where the folder is on the path
    # already, it stays in its place.
    added = [str(file.parent)] if str(file.parent) not in sys.path else []
    sys.path += added
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        for folder in added:
            sys.path.remove(folder)
    return module


# The files that modules were loaded from by their path, which no import would find.
_FILES: dict[str, str] = {}


def place_of(thing: type) -> str:
    """What `load_object` finds a class by.

    Example:
        >>> place_of(Registry)
        'adaat_keras.registry:Registry'
    """
    module = thing.__module__
    if module == "__main__" and hasattr(sys.modules[module], "__file__"):
        return f"{Path(sys.modules[module].__file__).resolve()}:{thing.__qualname__}"
    return f"{_FILES.get(module, module)}:{thing.__qualname__}"


def checked_place(kind: str, thing: type) -> str:
    """What `load_object` finds a class by, for whatever is to be read again.

    Raises:
        ValueError: It is defined in a function or a class, where nothing finds it.

    Example:
        >>> checked_place("task", Registry)
        'adaat_keras.registry:Registry'
    """
    if "." in thing.__qualname__:
        raise ValueError(
            f"the {kind} {thing.__name__} is defined in a function or a class, where nothing finds "
            "it again: define it at the top of a file or a notebook's cell"
        )
    return place_of(thing)


def check_name(kind: str, name: str, names: list[str]) -> None:
    """Raise a `ValueError` that lists the existing `names` unless `name` is one of them."""
    if name not in names:
        raise ValueError(f"unknown {kind} {name!r}; choose one of: {', '.join(names)}")


def split_names(text: str) -> list[str]:
    """The names in `NAME,NAME`; a comma inside of braces belongs to a name.

    Example:
        >>> split_names("adversarial, transfer")
        ['adversarial', 'transfer']
        >>> split_names('least_squares,mine.py:Hinge{"margin": 1, "softening": 0.1}')
        ['least_squares', 'mine.py:Hinge{"margin": 1, "softening": 0.1}']
    """
    names, depth = [""], 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if character == "," and not depth:
            names.append("")
        else:
            names[-1] += character
    return [name.strip() for name in names if name.strip()]


@functools.cache
def plain_name(name: str) -> str:
    """What of a name tells it from others: letters and digits, without capitals.

    Example:
        >>> plain_name("Traffic_Light") == plain_name("trafficlight") == plain_name("traffic light")
        True
    """
    return "".join(character for character in name.casefold() if character.isalnum())
