"""A finished run's model from its folder, or a preset's."""

from pathlib import Path

import keras

from adaat_keras import methods
from adaat_keras.methods.harness.load_network import read_model
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.models import AdaAtdt
from adaat_keras.models.preset_format import DETAILS, read_details
from adaat_keras.models.read_preset import read_preset
from adaat_keras.presets.find_preset import find_preset


def load_run(directory: Path | str) -> tuple[RunConfig, keras.Model]:
    """The configuration of a run, and the network that predicts its task 2.

    Args:
        directory: A run's folder, or a preset as `adaat_keras.load` takes it.

    Raises:
        FileNotFoundError: The folder holds no finished run.
        ValueError: Its configuration or its model cannot be read, or there is no such preset.
    """
    if not Path(directory).is_dir() or (Path(directory) / DETAILS).exists():
        return load_preset(directory)
    folder = RunFolder(directory)
    for file in (folder.config, folder.model):
        if not file.exists():
            raise FileNotFoundError(
                f"{file} does not exist: {directory} holds no finished run; "
                "`adaat-keras train --directory` makes one"
            )
    config = folder.read_config()
    model = read_model(folder.model)
    if not isinstance(model, AdaAtdt):
        raise ValueError(f"{folder.model} holds a {type(model).__name__}, not an AdaAtdt")
    return config, methods.get(config.method).predictor(model)


def load_preset(preset: Path | str) -> tuple[RunConfig, keras.Model]:
    """The configuration that a preset was trained with, as far as it says, and its predictor."""
    folder = find_preset(preset)
    model, details = read_preset(folder), read_details(folder)
    tasks = {"from_task": model.from_task, "to_task": model.to_task}
    config = RunConfig(**details.get("run", tasks))
    return config, methods.get(config.method).predictor(model)
