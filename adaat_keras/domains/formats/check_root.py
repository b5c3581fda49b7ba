"""Whether a folder is a data set's root, or which one near it is."""

from collections.abc import Callable
from pathlib import Path


def check_root(
    name: str, root: Path | str | None, holds: Callable[[Path], bool], expected: str
) -> Path:
    """The root as a path, if it is one.

    Args:
        name: The domain's name, for messages.
        root: What the user gave.
        holds: Whether a folder is this data set's root.
        expected: What a root contains, in words.

    Raises:
        ValueError: No root was given; or it is not the data set's root, and the message says
            whether it is above or inside the right one, and which that is.
        FileNotFoundError: There is no such folder.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> (root / "training").mkdir()
        >>> check_root("kitti", root, lambda folder: (folder / "training").is_dir(), "") == root
        True
    """
    if root is None:
        raise ValueError(f"{name} needs root=, the folder that contains {expected}")
    root = Path(root).expanduser()
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; {name} needs root=")
    if holds(root):
        return root
    message = f"{root} is not {name}'s root, which contains {expected}"
    outside = next((folder for folder in root.absolute().parents if holds(folder)), None)
    if outside:
        raise ValueError(f"{message}: it lies inside the right folder; pass root={outside}")
    inside = next((folder for folder in _below(root, levels=2) if holds(folder)), None)
    if inside:
        raise ValueError(f"{message}: it is a parent of the right folder; pass root={inside}")
    raise ValueError(f"{message}; see the docstring of its class for the folder tree")


def check_folder(name: str, folder: Path | str) -> Path:
    """The folder as a path, if it exists; `name` is the argument that gave it.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder; correct {name}=")
    return folder


def _below(folder: Path, levels: int):
    """The folders inside this one, nearest first."""
    children = sorted(child for child in folder.iterdir() if child.is_dir())
    yield from children
    if levels > 1:
        for child in children:
            yield from _below(child, levels - 1)
