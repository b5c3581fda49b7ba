"""What one calls a preset by."""

from pathlib import Path

from adaat_keras.presets.manifest import WEIGHTS


def address_of(folder: Path) -> str:
    """What `load` and the command line find a preset by: its name in the package, else its folder.

    Example:
        >>> address_of(WEIGHTS / "streets"), address_of(Path("presets/streets"))
        ('streets', 'presets/streets')
    """
    return folder.name if folder.parent.resolve() == WEIGHTS.resolve() else str(folder)
