"""How a preset is measured again."""

import shlex


def evaluate_command(known: dict, address: str) -> str:
    """The command as it is typed; none where there is nothing to score against.

    Args:
        known: What is known of the preset, as `publish` writes it.
        address: What `load` finds it by.

    Example:
        >>> evaluate_command({"metrics": {"mean_iou": 0.4}, "split": "val"}, "my presets/streets")
        "adaat-keras evaluate 'my presets/streets' --split val"
    """
    if not known["metrics"]:
        return ""
    split = "" if known["split"] == "test" else f" --split {known['split']}"
    return f"adaat-keras evaluate {shlex.quote(address)}{split}"
