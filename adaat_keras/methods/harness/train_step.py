"""Trains one step of a method, from wherever it was left."""

import filecmp
import hashlib
import json
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import keras

from adaat_keras.files import remove_halves, write_json, written_whole
from adaat_keras.methods.harness.load_network import load_network
from adaat_keras.methods.harness.plain_errors import plain_errors
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.harness.versions import versions
from adaat_keras.methods.steps.step import Step
from adaat_keras.training.callbacks import (
    History,
    ShortProgress,
    StopOnNan,
    TimeLeft,
    merge_history,
    read_history,
)
from adaat_keras.training.checkpoint import Checkpoint
from adaat_keras.training.trainer import NetworkTrainer

SHARED_OPTIONS = (
    "size",
    "epochs",
    "steps_per_epoch",
    "batch_size",
    "crop",
    "height",
    "width",
    "crops_per_frame",
    "learning_rate",
    "schedule",
    "augmentation",
    "seed",
    "precision",
)


class Place(NamedTuple):
    """A step's place in its run: its number, from 1, of how many, and how long an epoch takes."""

    number: int
    count: int
    seconds: float | None = None


def train_step(
    setup: Setup, step: Step, folder: RunFolder, place: Place, store: Path, verbose: int = 1
) -> float | None:
    """Train a step's networks, unless the store holds them, and put them into model and folder.

    A step's home in the store is named by a digest of all that decides its result: options, data,
    and the weights that it begins with. So runs that share a store share equal steps, and a run
    that was killed finds its own.

    Args:
        setup: Model and data.
        step: What to train.
        folder: The run's folder.
        place: Which step of the run this is.
        store: Folder of the steps' homes.
        verbose: As in `keras.Model.fit`.

    Returns:
        Seconds that an epoch took, as far as this process knows.
    """
    with setup.strategy.scope():
        trainer = step.make_trainer()
    clock = TimeLeft(
        f"step {place.number} of {place.count}, {step.name}",
        setup.config.epochs,
        epochs_after=(place.count - place.number) * setup.config.epochs,
        seconds=place.seconds,
        verbose=verbose,
    )
    home = store / f"{step.name}-{digest(setup, step, trainer)}"
    files = {name: home / f"{name}.keras" for name in step.networks}
    done = all(file.exists() for file in (home / "done.json", *files.values()))
    machines = setup.machines
    machines.agree(f"what step {step.name!r} is", int(home.name[-15:], 16))
    machines.agree(f"whether step {step.name!r} is done", done)
    if not done:
        callbacks = [clock, StopOnNan(step.name, home / "checkpoint")]
        if machines.first:
            logs = keras.callbacks.TensorBoard(folder.logs / step.name, write_graph=False)
            callbacks += [logs, History(step.name, home / "history.csv", folder.history)]
        if verbose == 1:
            callbacks.append(ShortProgress())
        finish(setup, step, trainer, home, callbacks, verbose)
        machines.wait()
    for name, file in files.items():
        machines.wait_for(file)
        load_network(file, setup.networks[name])
    if machines.first:
        for name, file in files.items():
            copy_if_different(file, folder.network(name))
        merge_history(folder.history, read_history(home / "history.csv"))
    return clock.seconds


def finish(
    setup: Setup,
    step: Step,
    trainer: NetworkTrainer,
    home: Path,
    callbacks: list,
    verbose: int,
) -> None:
    """Train what is left of a step, then save its networks and its log in its home."""
    config = setup.config
    checkpoint = Checkpoint(home / "checkpoint")
    begun = checkpoint.restore(trainer)
    setup.machines.agree(f"the epochs of step {step.name!r} that are done", begun)
    validation, validation_steps = setup.shared_out(step.validation())
    start = time.monotonic()
    with plain_errors(step.name):
        trainer.fit(
            setup.for_devices(step.batches(begun * config.steps_per_epoch)),
            initial_epoch=begun,
            epochs=config.epochs,
            steps_per_epoch=config.steps_per_epoch,
            validation_data=validation,
            validation_steps=validation_steps,
            # The log first: a state without its row would leave a hole.
            callbacks=[*callbacks, *([checkpoint] if setup.machines.first else [])],
            shuffle=False,
            verbose=verbose,
        )
    if not setup.machines.first:
        return
    for name in step.networks:
        with written_whole(home / f"{name}.keras") as temporary:
            setup.networks[name].save(temporary)
    seconds = time.monotonic() - start
    write_json(home / "done.json", {"seconds": round(seconds, 1), "from_epoch": begun})
    shutil.rmtree(checkpoint.folder)
    remove_halves(home)


def copy_if_different(file: Path, to: Path) -> None:
    """Copy a file unless `to` has the same content already."""
    if not to.exists() or not filecmp.cmp(file, to, shallow=False):
        with written_whole(to) as temporary:
            shutil.copyfile(file, temporary)


def digest(setup: Setup, step: Step, trainer: NetworkTrainer) -> str:
    """A name for all that decides the step's result."""
    options = setup.config.to_dict()
    chosen = {name: options[name] for name in (*SHARED_OPTIONS, *step.depends_on)}
    if setup.config.freeze:
        chosen["freeze"] = sorted(setup.config.freeze)
    if layers := frozen_layers(setup, step):
        chosen["frozen_layers"] = layers
    what = [step.name, chosen, list(versions().values())]
    sha = hashlib.sha256(json.dumps(what, sort_keys=True).encode())
    for weight in trainer.get_weights():
        sha.update(weight.tobytes())
    return sha.hexdigest()[:16]


def frozen_layers(setup: Setup, step: Step) -> dict[str, list[int]]:
    """The numbers of the layers that a user has frozen, in those networks that have any."""
    numbers = {
        name: [
            number
            for number, layer in enumerate(setup.networks[name]._flatten_layers())
            if not layer.trainable
        ]
        for name in step.networks
    }
    return {name: frozen for name, frozen in numbers.items() if frozen}
