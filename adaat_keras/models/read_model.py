"""A model from a `.keras` file."""

import zipfile
from pathlib import Path

import keras

from adaat_keras.models.ada_atdt import AdaAtdt


def read_model(path: Path) -> keras.Model:
    """The model in a `.keras` file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no Keras model, is damaged, or has layers that nobody has imported.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        # Keras' messages go on with the whole configuration.
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{path} cannot be read as a Keras model: {reason}") from error


def read_ada_atdt(path: Path) -> AdaAtdt:
    """The six networks in a `.keras` file; raises as `read_model`, and for any other model."""
    model = read_model(path)
    if not isinstance(model, AdaAtdt):
        raise ValueError(f"{path} holds a {type(model).__name__}, not an AdaAtdt")
    return model
