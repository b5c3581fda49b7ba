"""A run's scores, trained only if they are not there yet."""

import json
from pathlib import Path

from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.train_from_config import train_from_config


def run_once(
    config: RunConfig, path: Path, store: Path | str, devices: str = "1", verbose: int = 1
) -> dict:
    """Train and score a run unless its folder is finished, and give what `metrics.json` holds.

    Raises:
        ValueError: The folder holds a run of another configuration.
    """
    folder = RunFolder(path)
    folder.check(config)
    if not folder.finished:
        train_from_config(config, path, store, devices, verbose)
    return json.loads(folder.metrics.read_text())
