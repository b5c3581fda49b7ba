"""What a preset's networks were built from."""

import json
from pathlib import Path

from adaat_keras.models.preset_format import read_details
from adaat_keras.presets.find_preset import find_preset
from adaat_keras.presets.is_run import is_run

NAMES = ("from_task", "to_task", "transfer", "size", "classifier", "architecture")


def built_from(preset: Path | str) -> dict[str, str]:
    """The arguments of `build_ada_atdt` that give a preset's networks, read without building any.

    Empty where the preset does not say.

    Args:
        preset: As `load` takes it.

    Raises:
        ValueError: There is no such preset.

    Example:
        >>> built_from("streets_depth_to_semantic_small")["transfer"]
        'unet_attention'
    """
    if is_run(preset):
        known = json.loads((Path(preset) / "config.json").read_text())
    else:
        known = read_details(find_preset(preset)).get("options", {})
    return {name: known[name] for name in NAMES if name in known}
