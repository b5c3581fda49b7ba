"""What is read of a frame."""


def keys_of(task: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The keys of a frame's image and its labels of no task, one or several.

    Example:
        >>> keys_of(None), keys_of("depth"), keys_of(("depth", "semantic"))
        (('image',), ('image', 'depth'), ('image', 'depth', 'semantic'))
    """
    if task is None:
        return ("image",)
    return ("image", task) if isinstance(task, str) else ("image", *task)
