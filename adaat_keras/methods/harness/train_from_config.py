"""A run from its configuration alone."""

from pathlib import Path

import keras
import tensorflow as tf

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

    Sets this process' seeds, precision and, for bit-for-bit equal weights, TensorFlow's op
    determinism. Arguments as `train_method`'s; `devices` is a number or `"all"`.
    """
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(config.seed)
    strategy = strategy_for(devices)
    count = strategy.num_replicas_in_sync
    if config.batch_size % (2 * count):
        raise ValueError(
            f"batch_size must be a multiple of {2 * count}, two images on each of the {count} "
            f"devices, not {config.batch_size}"
        )
    with strategy.scope():
        model = build_ada_atdt(
            config.from_task, config.to_task, config.transfer, config.size, config.precision
        )
    return train_method(config, model, directory, store, strategy, verbose)
