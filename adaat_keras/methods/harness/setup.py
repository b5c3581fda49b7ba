"""A configuration with its model and its data: what methods make steps from."""

from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from adaat_keras import tasks
from adaat_keras.domains.augment import AUGMENTATIONS
from adaat_keras.domains.batches import (
    Portion,
    class_frequencies,
    dealt_out,
    evaluation_batches,
    training_batches,
)
from adaat_keras.domains.cache import cached
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.resize import Resized
from adaat_keras.methods.harness.open_role import open_role
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.models import AdaAtdt
from adaat_keras.tasks.task import Task
from adaat_keras.training.devices import Machines
from adaat_keras.training.schedules import learning_rate_schedule


class Setup:
    """Gives a method's steps their model, data and optimizers.

    Args:
        config: The run's configuration.
        model: The networks to train.
        strategy: The devices to train on.
    """

    def __init__(self, config: RunConfig, model: AdaAtdt, strategy: tf.distribute.Strategy | None):
        self.config = config
        self.model = model
        self.strategy = strategy or tf.distribute.get_strategy()
        self.machines = machines = Machines(self.strategy)
        self.portion = Portion(machines.number, machines.count, machines.devices)
        # Those of the model, and what steps need besides.
        self.networks: dict[str, keras.Model] = dict(model.networks)
        self.from_task = tasks.get(config.from_task)
        self.to_task = tasks.get(config.to_task)
        self.domain = lru_cache(self._open)
        self.frequencies = lru_cache(self._frequencies)
        self.training_domain = lru_cache(self._open_for_training)

    def _open(self, role: str, split: str) -> Domain:
        return open_role(self.config, role, split)

    def _frequencies(self, role: str, classes: int) -> np.ndarray:
        """How often a domain has each class."""
        return class_frequencies(self.domain(role, "train"), classes)

    def _open_for_training(self, role: str) -> Domain:
        """The training split, resized and cached as the configuration says."""
        config, domain = self.config, self.domain(role, "train")
        if config.height is not None:
            domain = Resized(domain, config.height, config.width)
        return cached(domain, config.cache)

    def batches(
        self,
        role: str,
        task: str | tuple[str, ...] | None,
        first_batch: int,
        share: int = 1,
        augmentation: str | None = None,
        whole: bool = False,
    ) -> tf.data.Dataset:
        """Endless training batches of `"source"` or `"target"`, each 1 / share of a whole one.

        Cut into the devices' parts (`Portion`), unless `whole`. The augmentation changes neither
        frames nor crops.
        """
        config = self.config
        # Two domains with the same number of frames must not be walked through in step.
        seed = 2 * config.seed + (role == "target")
        size = config.batch_size // share
        return training_batches(
            self.training_domain(role),
            task,
            size,
            config.crop,
            seed,
            first_batch,
            config.crops_per_frame,
            AUGMENTATIONS[augmentation or config.augmentation],
            None if whole else self.portion,
        )

    def augment(self, image: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """An image as the configuration augments it, by the seed and the image's number."""
        seed = tf.stack([tf.cast(self.config.seed, number.dtype), number])
        return AUGMENTATIONS[self.config.augmentation](image, seed)

    def validation(self, role: str, task: str | tuple[str, ...] | None) -> tf.data.Dataset:
        """Whole frames of the validation split, with or without labels."""
        return evaluation_batches(self.domain(role, "val"), task, self.config.validation_frames)

    def for_devices(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """Batches of which each is one device's, as `fit` takes them under the strategy."""
        return self.strategy.distribute_datasets_from_function(lambda _: batches)

    def shared_out(self, batches: tf.data.Dataset) -> tuple[tf.data.Dataset, int]:
        """Batches for validation, dealt out to all devices, and how many each gets."""
        ours, count = dealt_out(batches, self.portion)
        return self.for_devices(ours), count

    def task_loss(self, task: Task, role: str) -> keras.losses.Loss:
        """The task's loss, its classes balanced by how often a domain has them if so configured."""
        if not (task.classes and self.config.class_balance):
            return task.loss()
        # A class of one pixel in ten thousand counts no more than one in a thousand.
        frequencies = np.maximum(self.frequencies(role, task.classes), 1e-3)
        return task.loss(frequencies**-self.config.class_balance)

    def loss_options(self, task: Task) -> tuple[str, ...]:
        """The options that `task_loss` of this task depends on."""
        return ("class_balance",) if task.classes else ()

    def optimizer(self, rate: float = 1.0, beta_1: float = 0.9) -> keras.optimizers.Optimizer:
        """A fresh Adam with the configuration's schedule, its learning rates times `rate`."""
        config = self.config
        rate = learning_rate_schedule(
            config.schedule, rate * config.learning_rate, config.epochs, config.steps_per_epoch
        )
        return keras.optimizers.Adam(rate, beta_1=beta_1)
