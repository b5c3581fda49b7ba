"""A run as it is typed."""

import json
import shlex
from pathlib import Path

# Settings that the command line calls otherwise.
_OPTIONS = {"from_task": "from", "to_task": "to"}


def run_command(directory: Path | str, config: dict, command: str = "train") -> str:
    """The command that makes a run, one option a line.

    Args:
        directory: The run's folder.
        config: Options by name, as `RunConfig` names them.
        command: Of `adaat-keras`.

    Example:
        >>> print(run_command("runs/a", {"from_task": "depth", "gradient_reversal": False}))
        adaat-keras train \\
            --from depth \\
            --directory runs/a
    """
    options = {**config, "directory": str(directory)}
    flags = (_flag(name, value) for name, value in options.items())
    return " \\\n    ".join([f"adaat-keras {command}", *filter(None, flags)])


def _flag(name: str, value) -> str:
    """An option as it is typed; none for what is off or empty."""
    flag = f"--{_OPTIONS.get(name, name).replace('_', '-')}"
    if value is True:
        return flag
    if value is None or value is False or value in ({}, (), []):
        return ""
    if isinstance(value, tuple | list):
        value = ",".join(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{flag} {shlex.quote(text)}"
