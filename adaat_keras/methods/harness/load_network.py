"""Weights from a file into a network."""

import zipfile
from pathlib import Path

import keras


def load_network(path: Path, network: keras.Model) -> None:
    """Give a network the weights of a saved one of the same architecture.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no Keras model, or one of another architecture.
    """
    saved = read_model(path)
    theirs, ours = ([w.shape for w in n.weights] for n in (saved, network))
    if theirs != ours:
        at = next((i for i, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), None)
        what = f"{len(theirs)} weights, not {len(ours)}"
        if at is not None:
            what = f"weight {network.weights[at].path} has shape {theirs[at]}, not {ours[at]}"
        raise ValueError(
            f"{path} is of another architecture than {network.name}: {what}; build the model "
            "with the size and tasks that the file was saved with"
        )
    network.set_weights(saved.get_weights())


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
