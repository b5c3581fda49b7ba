"""A run from its configuration alone."""

from pathlib import Path

import keras

from adaat_keras.build import build_ada_atdt
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.train_method import train_method
from adaat_keras.training.devices import strategy_for


def train_from_config(
    config: RunConfig,
    directory: Path | str,
    store: Path | str | None = None,
    devices: str = "1",
    verbose: int = 1,
) -> dict:
    """Build the networks from the configuration's seed and train them, the same every time.

    Sets this process' seeds. Arguments as `train_method`'s; `devices` is a number or `"all"`,
    of each machine that `TF_CONFIG` names.
    """
    # Before anything of TensorFlow, or it cannot join other machines.
    strategy = strategy_for(devices)
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_ada_atdt(
            config.from_task,
            config.to_task,
            config.transfer,
            config.size,
            config.classifier,
            config.precision,
            config.architecture,
            config.weights,
        )
    return train_method(config, model, directory, store, strategy, verbose)
