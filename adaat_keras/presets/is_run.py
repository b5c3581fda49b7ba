"""Tells a finished run from a preset."""

from pathlib import Path

from adaat_keras.models.preset_format import DETAILS

MODEL = "model.keras"


def is_run(preset: Path | str) -> bool:
    """Whether this is the folder of a finished run, rather than a preset."""
    folder = Path(preset)
    return (folder / MODEL).exists() and not (folder / DETAILS).exists()
