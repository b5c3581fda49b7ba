"""The list of the presets that come with the package."""

import json
from pathlib import Path

from adaat_keras.files import write_json

WEIGHTS = Path(__file__).parent.parent / "weights"


def read_manifest(weights: Path | None = None) -> dict[str, dict]:
    """What is known of each preset, by name; nothing where there are no weights.

    Raises:
        ValueError: The file is damaged.
    """
    file = (weights or WEIGHTS) / "manifest.json"
    if not file.exists():
        return {}
    try:
        return json.loads(file.read_text())
    except ValueError as error:
        raise ValueError(f"{file} is no JSON: {error}; install adaat_keras again") from error


def add_to_manifest(name: str, entry: dict, weights: Path | None = None) -> None:
    """Add or replace a preset's entry; the others stay."""
    entries = read_manifest(weights) | {name: entry}
    write_json((weights or WEIGHTS) / "manifest.json", dict(sorted(entries.items())))
