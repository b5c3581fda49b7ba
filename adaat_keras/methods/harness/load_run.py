"""A finished run's model from its folder."""

from pathlib import Path

import keras

from adaat_keras import methods
from adaat_keras.methods.harness.needed_by import check_trained
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.models.ada_atdt import read_ada_atdt


def load_run(directory: Path | str) -> tuple[RunConfig, keras.Model]:
    """The configuration of a run, and the network that predicts its task 2.

    Raises:
        FileNotFoundError: The folder holds no finished run.
        ValueError: Its configuration or its model cannot be read, or it predicts by networks that
            nobody has trained.
    """
    folder = RunFolder(directory)
    for file in (folder.config, folder.model):
        if not file.exists():
            raise FileNotFoundError(
                f"{file} does not exist: {directory} holds no finished run; "
                "`adaat-keras train --directory` makes one"
            )
    config = folder.read_config()
    model = read_ada_atdt(folder.model)
    predictor = methods.get(config.method).predictor(model)
    check_trained(predictor, model, directory)
    return config, predictor
