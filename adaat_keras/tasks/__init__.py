"""What is predicted, one file a task. `get("semantic")` gives the task."""

from adaat_keras.registry import Registry
from adaat_keras.tasks.task import Task

_registry = Registry("task", "adaat_keras.tasks", base="task")


def get(name: str | Task) -> Task:
    """The task of this name; a task is handed through."""
    return name if isinstance(name, Task) else _registry.get(name)()


def names() -> list[str]:
    """Every task's name."""
    return _registry.names()
