"""What is predicted, one file a task. `get("semantic")` gives the task."""

import importlib
from collections.abc import Mapping

from adaat_keras.registry import Registry, checked_place
from adaat_keras.tasks.task import Task

_registry = Registry(
    "task",
    {
        "depth": "adaat_keras.tasks.depth:Depth",
        "normals": "adaat_keras.tasks.normals:Normals",
        "semantic": "adaat_keras.tasks.semantic:Semantic",
    },
    group="adaat_keras.tasks",
)
_NAMES = {place: name for name, place in _registry.builtin.items()}
# Their classes, imported when they are first asked for.
_CLASSES = {"Depth": "depth", "Normals": "normals", "Semantic": "semantic"}

__all__ = [*_CLASSES, "Task", "get", "names", "serialize"]


def get(what: str | Mapping | type[Task] | Task, **options) -> Task:
    """The task for a name, a location, a class or the result of `serialize`.

    Args:
        what: A name from `names()`; the location `"module:Name"` or `"path/to/file.py:Name"` of a
            class, of a function that returns a task, or of a task; a class; the result of
            `serialize`; or a task, which is returned unchanged.
        options: Arguments of the task's class, e.g. `classes="cityscapes"`.

    Raises:
        ValueError: There is no such task, or it cannot be made with these options.

    Example:
        >>> get("semantic", classes="cityscapes").channels
        19
        >>> get({"place": "semantic", "config": {"classes": {"road": "road", "rest": "*"}}}).classes
        2
    """
    if isinstance(what, Mapping):
        if "place" not in what or set(what) - {"place", "config"}:
            raise ValueError(
                f"a task as a dictionary has a 'place' and a 'config', not {sorted(map(str, what))}"
            )
        return _made(what["place"], {**what.get("config", {}), **options}, stored=True)
    return _made(what, options)


def _made(what: str | type[Task] | Task, options: dict, stored: bool = False) -> Task:
    thing = _registry.get(what) if isinstance(what, str) else what
    if isinstance(thing, Task):
        if options:
            raise ValueError(f"{what!r} is a task already, it takes no options: {options}")
        return thing
    try:
        task = thing.from_config(options) if stored else thing(**options)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"the task {what!r} cannot be made with {options}: {error}") from error
    if not isinstance(task, Task):
        raise ValueError(f"{what!r} is no task: a task derives from adaat_keras.tasks.Task")
    return task


def serialize(task: Task) -> str | dict:
    """A task in a form that can be written as JSON and that `get` reads back.

    Returns:
        The name of a built-in task with default options; else `{"place": ..., "config": {...}}`,
        where the place is a name or the location of the class.

    Raises:
        ValueError: The class is defined in a function.

    Example:
        >>> serialize(get("depth"))
        'depth'
        >>> get(serialize(get("semantic", classes="cityscapes"))).class_names[-1]
        'bicycle'
    """
    place = checked_place("task", type(task))
    name = _NAMES.get(place)
    config = task.get_config()
    return name if name and not config else {"place": name or place, "config": config}


def names() -> list[str]:
    """The names of all tasks.

    Example:
        >>> names()
        ['depth', 'normals', 'semantic']
    """
    return _registry.names()


def __getattr__(name: str):
    if name in _CLASSES:
        return getattr(importlib.import_module(f"{__name__}.{_CLASSES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_CLASSES})
