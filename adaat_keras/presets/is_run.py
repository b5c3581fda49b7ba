"""Tells a finished run from a preset."""

from pathlib import Path

from adaat_keras.models.preset_format import DETAILS
from adaat_keras.presets.manifest import read_manifest

MODEL = "model.keras"


def is_run(preset: Path | str) -> bool:
    """Whether this is the folder of a finished run; a preset's name always is that preset."""
    folder = Path(preset)
    if str(preset) in read_manifest():
        return False
    return (folder / MODEL).exists() and not (folder / DETAILS).exists()
