"""What is looked at before a run trains, and how errors from within TensorFlow are told."""

import shutil
from pathlib import Path

import tensorflow as tf

from adaat_keras.models import AdaAtdt
from adaat_keras.runs.config import RunConfig
from adaat_keras.training.devices import Machines, this_machine


def check_room(folder: Path, model: AdaAtdt) -> None:
    """Raise an `OSError` if the disk has no room for what a run leaves."""
    # All networks three times over (store, folder, model), and two states with Adam's two slots.
    needed = 9 * 4 * sum(network.count_params() for network in model.networks.values()) + 20 * 2**20
    place = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OSError(
            f"{place} has {free / 2**20:.0f} MB of room left, and a run of these networks needs "
            f"about {needed / 2**20:.0f} MB: make room, or choose another --directory"
        )


def check_scope(model: AdaAtdt, strategy: tf.distribute.Strategy) -> None:
    """Raise a `ValueError` unless the model was built under the strategy."""
    if not strategy.extended.variable_created_in_scope(model.weights[0].value):
        raise ValueError(
            "this model was built outside the strategy, or inside one that is not passed: build or "
            "load it `with strategy.scope():`, and pass that strategy"
        )


def check_batch(config: RunConfig, devices: int) -> None:
    """Raise a `ValueError` unless every device gets an image of each domain."""
    batch_size = config.training.batch_size
    if batch_size % (2 * devices):
        raise ValueError(
            f"batch_size must be a multiple of {2 * devices}, two images on each of the {devices} "
            f"devices, not {batch_size}"
        )


def check_machines(machines: Machines) -> None:
    """Raise a `ValueError` unless the strategy knows all the machines that `TF_CONFIG` names."""
    _, named = this_machine()
    if named > 1 and machines.count != named:
        raise ValueError(
            f"TF_CONFIG names {named} machines, but this strategy knows {machines.count}: build "
            "the model under `strategy_for` of `adaat_keras.training.devices` and pass that on, "
            "or unset TF_CONFIG"
        )
