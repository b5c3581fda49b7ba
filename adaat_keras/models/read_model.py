"""A model from a `.keras` file."""

import zipfile
from pathlib import Path

import keras


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
