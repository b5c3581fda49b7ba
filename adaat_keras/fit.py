"""Trains the networks of ADA-AT/DT on a pair of domains."""

from pathlib import Path

import tensorflow as tf

from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.train_method import train_method
from adaat_keras.models.ada_atdt import AdaAtdt


def fit_ada_atdt(
    model: AdaAtdt,
    source: str = "streets_sim",
    target: str = "streets_real",
    directory: Path | str = "runs/ada_atdt",
    store: Path | str | None = None,
    strategy: tf.distribute.Strategy | None = None,
    verbose: int = 1,
    **options,
) -> dict[str, dict[str, list[float]]]:
    """Train a model on a source domain with both tasks' labels and a target with task 1's.

    The labels of task 2 on the target are never read in training; the test split's, where they
    exist, score the result. A call that was killed goes on where it stopped when it is made
    again, and ends in the same weights.

    Args:
        model: What `build_ada_atdt` gives; trained in place.
        source, target: Domains A and B (`adaat_keras.domains.names()`).
        directory: The run's folder: log, networks, scores, pictures.
        store: Folder in which several runs keep the steps that they have in common.
        strategy: TensorFlow's strategy under whose scope the model was built.
        verbose: As in `keras.Model.fit`.
        **options: Further attributes of `RunConfig`: `epochs`, `steps_per_epoch`, `alpha`,
            `learning_rate`, `method`, `seed` and others. To fine-tune: `steps=("adversarial",
            "transfer")` trains these alone, `freeze=("decoder_1",)` leaves networks as they are.
            `weights` is what the model was loaded from.

    Returns:
        The history: for every step, the values of every epoch by name.

    Raises:
        ValueError: A name does not exist, the folder holds a run of another configuration, or a
            network that began anew would stay untrained.
        FloatingPointError: A loss became NaN or infinite.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> model = build_ada_atdt("depth", "semantic", size="small")
        >>> history = fit_ada_atdt(model, epochs=10, directory="runs/demo")  # doctest: +SKIP
        >>> history["adversarial"]["val_target_abs_rel"]  # doctest: +SKIP
    """
    origin = origin_of(model, directory)
    if options.setdefault("weights", origin) != origin:
        raise ValueError(
            f"weights is {options['weights']!r}, but this model's are {origin or 'new'}; leave "
            "weights out, or build the model with them"
        )
    config = RunConfig(
        source=source,
        target=target,
        **model.options,
        precision=model.encoder_1.dtype_policy.name,
        **options,
    )
    return train_method(config, model, directory, store, strategy, verbose)


def origin_of(model: AdaAtdt, directory: Path | str) -> str | None:
    """What a model's weights were when the run in this folder began."""
    folder = RunFolder(directory)
    if model.origin == str(folder.path) and folder.finished:
        return folder.read_config().weights
    return model.origin
