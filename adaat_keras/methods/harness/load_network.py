"""Weights from a file into a network."""

from pathlib import Path

import keras

from adaat_keras.models.preset_format import read_model


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
