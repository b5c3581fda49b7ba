"""Trains a method, whole: its steps, its scores, its pictures."""

from pathlib import Path

import tensorflow as tf

from adaat_keras import methods
from adaat_keras.files import written_whole
from adaat_keras.methods.harness.chosen_steps import chosen_steps, frozen
from adaat_keras.methods.harness.history import read_history
from adaat_keras.methods.harness.plain_errors import plain_errors
from adaat_keras.methods.harness.report import report
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.harness.train_step import Place, train_step
from adaat_keras.methods.steps.step import Step
from adaat_keras.models import AdaAtdt


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

    Args:
        config: What to do.
        model: The networks, which are trained in place. A run that goes on takes the weights
            that it was begun with from its folder.
        directory: The run's folder.
        store: Folder in which several runs keep the steps that they have in common; the run's
            own by default.
        strategy: TensorFlow's strategy under whose scope the model was built.
        verbose: As in `keras.Model.fit`.

    Returns:
        The history: for every step, the values of every epoch by name.

    Raises:
        ValueError: The folder holds a run of another configuration, the data is not in order, or
            the batch cannot be shared by the devices.
        FloatingPointError: A loss became NaN or infinite.
    """
    tf.config.experimental.enable_op_determinism()
    strategy = strategy or tf.distribute.get_strategy()
    check_batch(config, strategy.num_replicas_in_sync)
    folder = RunFolder(directory)
    folder.check(config)
    setup = Setup(config, model, strategy)
    method = methods.get(config.method)
    every_step = method.steps(setup)
    steps = chosen_steps(every_step, config.steps, config.freeze, model)
    if not folder.begun:
        try_data(setup, steps)
    folder.claim(config)
    begin_with_the_same_weights(model, folder.state / "initial.weights.h5")
    store = Path(store or folder.state)
    seconds = None
    with frozen(model, config.freeze):
        for number, step in enumerate(steps, 1):
            place = Place(number, len(steps), seconds)
            seconds = train_step(setup, step, folder, place, store, verbose)
    if not folder.finished:
        with written_whole(folder.model) as temporary:
            model.save(temporary)
    # What a step left out would have trained came trained with the model.
    trained = {name for step in every_step for name in step.networks}
    with plain_errors("report"):
        report(setup, method.predictor(model), trained, folder, verbose)
    return by_step(read_history(folder.history))


def check_batch(config: RunConfig, devices: int) -> None:
    """Raise a `ValueError` unless every device gets an image of each domain."""
    if config.batch_size % (2 * devices):
        raise ValueError(
            f"batch_size must be a multiple of {2 * devices}, two images on each of the {devices} "
            f"devices, not {config.batch_size}"
        )


def try_data(setup: Setup, steps: list[Step]) -> None:
    """Read a batch of all data, so that what is wrong with it is told before any training."""
    for role in ("source", "target"):
        setup.domain(role, setup.config.split)
    for step in steps:
        for batches in (step.batches(0), step.validation()):
            with plain_errors(step.name):
                next(iter(batches))


def begin_with_the_same_weights(model: AdaAtdt, path: Path) -> None:
    """Keep the model's first weights, or bring those of the run that goes on back."""
    if path.exists():
        model.load_weights(path)
        return
    with written_whole(path) as temporary:
        model.save_weights(temporary)


def by_step(rows: list[dict]) -> dict[str, dict[str, list[float]]]:
    """A history's rows as lists of values."""
    history = {}
    for row in rows:
        values = history.setdefault(row["step"], {})
        for name, value in row.items():
            if name not in ("step", "epoch"):
                values.setdefault(name, []).append(float(value))
    return history
