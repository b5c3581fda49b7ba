"""Trains a method, whole: its steps, its scores, its pictures."""

import zipfile
from pathlib import Path

import tensorflow as tf

from adaat_keras import methods
from adaat_keras.files import remove_halves, written_whole
from adaat_keras.methods.harness.chosen_steps import chosen_steps, frozen
from adaat_keras.methods.harness.plain_errors import plain_errors
from adaat_keras.methods.harness.report import report
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.harness.train_step import Place, train_step
from adaat_keras.methods.steps.step import Step
from adaat_keras.models import AdaAtdt
from adaat_keras.models.ada_atdt import read_ada_atdt
from adaat_keras.training.callbacks import read_history
from adaat_keras.training.devices import Machines, lost_machine, this_machine


def train_method(
    config: RunConfig,
    model: AdaAtdt,
    directory: Path | str,
    store: Path | str | None = None,
    strategy: tf.distribute.Strategy | None = None,
    verbose: int = 1,
) -> dict[str, dict[str, list[float]]]:
    """Train a model by the configuration's method, or go on where a killed run stopped.

    Turns on TensorFlow's op determinism in this process, so that a run that was killed ends in the
    same weights as one that was not.

    On several machines all make this call; they validate together, and the first one alone writes,
    scores and draws.

    Args:
        config: What to do.
        model: The networks, which are trained in place. A run that goes on takes the weights
            that it was begun with from its folder.
        directory: The run's folder.
        store: Folder in which several runs keep the steps that they have in common; the run's
            own by default.
        strategy: TensorFlow's strategy under whose scope the model was built.
        verbose: As in `keras.Model.fit`; on machines other than the first it is 0.

    Returns:
        The history: for every step, the values of every epoch by name.

    Raises:
        ValueError: The folder holds a run of another configuration, the data is not in order, the
            batch cannot be shared by the devices, or the machines differ in what they do.
        FloatingPointError: A loss became NaN or infinite.
        ConnectionError: Another machine has stopped.
    """
    tf.config.experimental.enable_op_determinism()
    strategy = strategy or tf.distribute.get_strategy()
    check_batch(config, strategy.num_replicas_in_sync)
    folder = RunFolder(directory)
    folder.check(config)
    check_scope(model, strategy)
    setup = Setup(config, model, strategy)
    check_machines(setup.machines)
    setup.machines.agree(f"whether {folder.path} is finished", int(folder.finished))
    if folder.finished:
        if verbose and setup.machines.first:
            print(f"{folder.path} holds this very run, finished: its weights are taken", flush=True)
        take_weights(model, folder)
        if setup.machines.first:
            mend(model, folder)
        return by_step(read_history(folder.history))
    with lost_machine(setup.machines):
        run(setup, folder, Path(store or folder.state), verbose if setup.machines.first else 0)
    return by_step(read_history(folder.history))


def run(setup: Setup, folder: RunFolder, store: Path, verbose: int) -> None:
    """Train the method's steps and leave what a run leaves."""
    model, machines = setup.model, setup.machines
    method = methods.get(setup.config.method)
    every_step = method.steps(setup)
    steps = chosen_steps(every_step, setup.config.steps, setup.config.freeze, model)
    ours = {name for step in steps for name in step.networks}
    if not folder.begun:
        try_data(setup, steps)
    if machines.first:
        folder.claim(setup.config)
    begin_with_the_same_weights(model, folder.state / "initial.weights.h5", machines)
    seconds = None
    with frozen(model, setup.config.freeze):
        for number, step in enumerate(steps, 1):
            place = Place(number, len(steps), seconds)
            seconds = train_step(setup, step, folder, place, store, verbose)
    model.origin = str(folder.path)
    model.fresh = tuple(name for name in model.fresh if name not in ours)
    if machines.first:
        with written_whole(folder.model) as temporary:
            model.save(temporary)
        # What a step left out would have trained may have come trained with the model.
        brought = {name for step in every_step for name in step.networks} & set(model.networks)
        trained = brought - set(model.fresh) | ours
        with plain_errors("report"):
            report(setup, method.predictor(model), trained, folder, verbose)
        remove_halves(folder.path)
    # A machine that went away would stop the first.
    machines.wait()


def take_weights(model: AdaAtdt, folder: RunFolder) -> None:
    """Give a model what a finished run came to."""
    saved = read_ada_atdt(folder.model)
    for name, network in model.networks.items():
        network.set_weights(saved.networks[name].get_weights())
    model.origin, model.fresh = str(folder.path), saved.fresh


def mend(model: AdaAtdt, folder: RunFolder) -> None:
    """Save those networks again whose files in the run's folder are damaged."""
    for name, network in model.networks.items():
        file = folder.network(name)
        if file.exists() and not zipfile.is_zipfile(file):
            with written_whole(file) as temporary:
                network.save(temporary)


def check_scope(model: AdaAtdt, strategy: tf.distribute.Strategy) -> None:
    """Raise a `ValueError` unless the model was built under the strategy."""
    if not strategy.extended.variable_created_in_scope(model.weights[0].value):
        raise ValueError(
            "this model was built outside the strategy, or inside one that is not passed: build or "
            "load it `with strategy.scope():`, and pass that strategy"
        )


def check_batch(config: RunConfig, devices: int) -> None:
    """Raise a `ValueError` unless every device gets an image of each domain."""
    if config.batch_size % (2 * devices):
        raise ValueError(
            f"batch_size must be a multiple of {2 * devices}, two images on each of the {devices} "
            f"devices, not {config.batch_size}"
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


def try_data(setup: Setup, steps: list[Step]) -> None:
    """Read a batch of all data, so that what is wrong with it is told before any training."""
    for role in ("source", "target"):
        setup.domain(role, setup.config.split)
    for step in steps:
        for batches in (step.batches(0), step.validation()):
            with plain_errors(step.name):
                next(iter(batches))


def begin_with_the_same_weights(model: AdaAtdt, path: Path, machines: Machines) -> None:
    """Keep the model's first weights, or bring those of the run that goes on back."""
    if machines.first and not path.exists():
        with written_whole(path) as temporary:
            model.save_weights(temporary)
    machines.wait()
    machines.wait_for(path)
    model.load_weights(path)


def by_step(rows: list[dict]) -> dict[str, dict[str, list[float]]]:
    """A history's rows as lists of values."""
    history = {}
    for row in rows:
        values = history.setdefault(row["step"], {})
        for name, value in row.items():
            if name not in ("step", "epoch"):
                values.setdefault(name, []).append(float(value))
    return history
