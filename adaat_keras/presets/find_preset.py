"""Where a preset's files are."""

from pathlib import Path

from adaat_keras.models.preset_format import read_details
from adaat_keras.presets.fetch_preset import fetch_preset
from adaat_keras.presets.manifest import WEIGHTS, read_manifest

HUB = "https://huggingface.co/{repository}/resolve/main"


def find_preset(preset: Path | str) -> Path:
    """The folder of a preset by name, folder or address; what is elsewhere is fetched once.

    Raises:
        ValueError: There is no such preset (lists the names), or it is another than the manifest's.
    """
    entries = read_manifest()
    if preset in entries:
        entry = entries[preset]
        if "url" in entry:
            return fetch_preset(entry["url"], entry["sha256"])
        folder = WEIGHTS / entry["folder"]
        if read_details(folder)["sha256"] != entry["sha256"]:
            raise ValueError(f"{folder} is not what the manifest names; install adaat_keras again")
        return folder
    text = str(preset)
    if text.startswith("hf://"):
        return fetch_preset(HUB.format(repository=text.removeprefix("hf://").strip("/")))
    if "://" in text:
        return fetch_preset(text)
    if Path(preset).is_dir():
        return Path(preset)
    raise ValueError(
        f"unknown preset {text!r}: neither a folder nor one of: {', '.join(sorted(entries))}"
    )
