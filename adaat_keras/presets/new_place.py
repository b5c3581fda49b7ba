"""Where a new preset goes."""

from pathlib import Path

from adaat_keras.presets.manifest import WEIGHTS


def new_place(name: str, weights: Path | str | None = None) -> Path:
    """The folder of a preset that is to be written.

    Args:
        name: The preset's.
        weights: The folder of all presets; the package's by default.

    Raises:
        FileExistsError: There is something already.
        ValueError: The name is a path.
    """
    if Path(name).name != name:
        raise ValueError(f"a preset's name is a plain one, not {name!r}; --weights takes a folder")
    folder = Path(weights or WEIGHTS) / name
    if folder.exists():
        raise FileExistsError(f"{folder} exists; delete it, or choose another --name")
    return folder
