"""A trained network from a run's folder, or from a preset."""

from pathlib import Path

import keras

from adaat_keras import methods
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.needed_by import check_trained
from adaat_keras.methods.harness.origin import Origin
from adaat_keras.models.preset_format import DETAILS, read_details, read_preset
from adaat_keras.presets import find_preset, read_manifest


def load_predictor(what: Path | str) -> tuple[Origin, keras.Model]:
    """The network that predicts task 2 by the method that trained it, and where it is from.

    Args:
        what: A run's folder, or a preset as `adaat_keras.load` takes it.

    Raises:
        FileNotFoundError: The folder holds no finished run.
        ValueError: There is no such preset, it is of a later version, or it cannot be read.
    """
    named = str(what) in read_manifest()
    if not named and Path(what).is_dir() and not (Path(what) / DETAILS).exists():
        config, predictor = load_run(what)
        return Origin.of(config.to_dict()), predictor
    folder = find_preset(what)
    model = read_preset(folder)
    origin = read_origin(folder)._replace(to_task=model.to_task)
    try:
        predictor = methods.get(origin.method).predictor(model)
    except ValueError as error:
        raise ValueError(f"{folder / DETAILS}: {error}; or upgrade adaat_keras") from error
    check_trained(predictor, model, what)
    return origin, predictor


def read_origin(folder: Path) -> Origin:
    """What a preset says of its training, as far as this version knows it."""
    run = read_details(folder).get("run", {})
    if not isinstance(run, dict):
        raise ValueError(f"{folder / DETAILS}: its run is {run!r}, no configuration; delete it")
    return Origin.of(run)
