"""A training step of a method."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from adaat_keras.training.trainer import NetworkTrainer


@dataclass(frozen=True)
class Step:
    """What the harness needs to train, resume and save some networks.

    Attributes:
        name: The step's name, in logs and files.
        networks: Names of the networks that it trains.
        depends_on: Options of the configuration that its result depends on, besides those that
            all steps share.
        make_trainer: Gives the compiled trainer.
        batches: Endless training batches from the batch of the given number on.
        validation: Batches for `test_step`.
    """

    name: str
    networks: tuple[str, ...]
    depends_on: tuple[str, ...]
    make_trainer: Callable[[], NetworkTrainer]
    batches: Callable[[int], tf.data.Dataset]
    validation: Callable[[], tf.data.Dataset]
