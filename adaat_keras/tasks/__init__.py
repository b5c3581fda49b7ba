"""What is predicted, one file a task. `get("semantic")` gives the task."""

from adaat_keras.registry import Registry
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


def get(name: str | Task) -> Task:
    """The task of this name; a task is handed through."""
    return name if isinstance(name, Task) else _registry.get(name)()


def names() -> list[str]:
    """Every task's name."""
    return _registry.names()
