"""A run's scores, trained only if they are not there yet."""

import json
from pathlib import Path

from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.train_from_config import train_from_config
from adaat_keras.training.devices import this_machine


def run_once(
    config: RunConfig, path: Path, store: Path | str, devices: str = "1", verbose: int = 1
) -> dict:
    """Train and score a run unless its folder is finished, and give what `metrics.json` holds.

    Raises:
        ValueError: The folder holds a run of another configuration, or `TF_CONFIG` names several
            machines.
    """
    _, machines = this_machine()
    if machines > 1:
        raise ValueError(
            f"TF_CONFIG names {machines} machines, on which `adaat-keras train` alone runs: train "
            "each run with it, with this one's --store, or unset TF_CONFIG"
        )
    folder = RunFolder(path)
    folder.check(config)
    if not folder.finished:
        train_from_config(config, path, store, devices, verbose)
    return json.loads(folder.metrics.read_text())
