"""Checks before a run in a folder trains, in addition to `methods.checks`."""

import os
import shutil
from pathlib import Path

from adaat_keras.files import existing
from adaat_keras.models import AdaAtdt
from adaat_keras.training.devices import Machines, this_machine


def check_writable(folder: Path) -> None:
    """Raise a `PermissionError` if a run's folder cannot be made or written to."""
    place = existing(folder)
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(f"{place} cannot be written to; choose another directory")


def check_room(folder: Path, model: AdaAtdt) -> None:
    """Raise an `OSError` if the disk has no room for a run's files."""
    # Three copies of all networks (store, folder, model), and two states with Adam's two slots.
    needed = 9 * 4 * sum(network.count_params() for network in model.networks.values()) + 20 * 2**20
    place = existing(folder)
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OSError(
            f"{place} has {free / 2**20:.0f} MB of room left, and a run of these networks needs "
            f"about {needed / 2**20:.0f} MB: make room, or choose another directory"
        )


def check_one_machine() -> None:
    """Raise a `ValueError` if `TF_CONFIG` names several machines."""
    _, machines = this_machine()
    if machines > 1:
        raise ValueError(
            f"TF_CONFIG names {machines} machines, on which `adaat-keras train` alone runs: train "
            "each run with it, with this one's --store, or unset TF_CONFIG"
        )


def check_machines(machines: Machines) -> None:
    """Raise a `ValueError` unless the strategy includes all machines that `TF_CONFIG` names."""
    _, named = this_machine()
    if named > 1 and machines.count != named:
        raise ValueError(
            f"TF_CONFIG names {named} machines, but this strategy knows {machines.count}: build "
            "the model under `strategy_for` of `adaat_keras.training.devices` and pass that on, "
            "or unset TF_CONFIG"
        )
