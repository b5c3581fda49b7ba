"""A stage of a method's training, and the data that feeds it.

A stage's result depends only on its fields, the data that it reads and the networks' initial
weights, of which `stage_key` makes the name under which it is kept.
"""

import dataclasses
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.camera import Camera
from adaat_keras.domains.augment import AUGMENTATIONS
from adaat_keras.domains.batches import (
    Portion,
    class_frequencies,
    distribute,
    evaluation_batches,
    seed_of,
    training_batches,
)
from adaat_keras.domains.cache import cached
from adaat_keras.domains.domain import Domain, said_in_graph
from adaat_keras.domains.resize import camera_of
from adaat_keras.domains.seen import Seen, zoom_by_depth
from adaat_keras.domains.splits import Splits
from adaat_keras.methods.recipe import Training, check_validation_frames
from adaat_keras.models import AdaAtdt
from adaat_keras.tasks import Task
from adaat_keras.training.devices import Machines
from adaat_keras.training.trainer import Trainer

# The share of known labels in the lowest third of a frame from which they may be called dense.
_DENSE = 0.8
# Tolerated change of aspect ratio, due to rounding and to frames that differ by some pixels.
_SQUEEZED = 0.05
# Lower bound of class frequencies, which limits the weight of very rare classes.
_RAREST = 1e-3


@dataclass(frozen=True)
class Stage(ABC):
    """One part of a method's training: which networks it trains, with which trainer and data.

    Fields are plain values, so that creating a stage builds and opens nothing. Networks that a
    stage needs besides the model's, such as a teacher, are created by `extra_networks` when the
    stage starts.

    Args:
        training: Settings of the training, common to all stages.
        frozen: Names of networks in `trains` that are left unchanged.

    Attributes:
        name: The stage's name in logs, files and `stages=`.
        networks: Names of the networks that it trains, without the frozen ones.
    """

    training: Training
    frozen: tuple[str, ...] = dataclasses.field(default=(), kw_only=True)

    trains: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """The stage's name."""

    @property
    def networks(self) -> tuple[str, ...]:
        """Names of the networks that it trains."""
        return tuple(name for name in self.trains if name not in self.frozen)

    def reads(self, feed: "Feed") -> tuple[str, ...]:
        """The roles, `"source"` or `"target"`, whose training data the stage reads."""
        return ("source",)

    def extra_networks(self, model: AdaAtdt) -> dict[str, keras.Model]:
        """New networks that it trains besides the model's, initialized from the seed."""
        return {}

    @abstractmethod
    def trainer(self, networks: Mapping[str, keras.Model], feed: "Feed") -> Trainer:
        """The compiled trainer of these networks."""

    @abstractmethod
    def batches(self, feed: "Feed", first_step: int) -> tf.data.Dataset:
        """An infinite dataset of training batches, starting at step `first_step`."""

    @abstractmethod
    def validation(self, feed: "Feed") -> tf.data.Dataset | None:
        """Batches for `test_step`; `None` where a domain has no validation split."""


# Training frames to look at; at least one of them must have valid labels.
_LOOKS = 32


class Feed:
    """Provides stages with batches: both domains as one camera sees them, augmented, distributed.

    Args:
        source, target: Domains A and B.
        training: The same as the stages'.
        strategy: The devices to train on; TensorFlow's current strategy by default.
        cache: Where to keep decoded training frames: `"memory"`, `"disk"`, or `None` for nowhere.
        validation_frames: Frames of each domain to score after every epoch.
        stride: What the networks need height and width to be multiples of.
    """

    def __init__(
        self,
        source: Splits,
        target: Splits,
        training: Training,
        strategy: tf.distribute.Strategy | None = None,
        cache: str | None = None,
        validation_frames: int = 32,
        stride: int = 32,
    ):
        check_validation_frames(validation_frames)
        self.splits = {"source": source, "target": target}
        self.training = training
        self.strategy = strategy or tf.distribute.get_strategy()
        self.machines = machines = Machines(self.strategy)
        self.portion = Portion(machines.number, machines.count, machines.devices)
        self.cache = cache
        self.validation_frames = validation_frames
        self.frequencies = lru_cache(self._frequencies)
        # Cached: it reads frames and the size of every file.
        self.identity = lru_cache(lambda role: self.seen(role, "train").identity())
        self.seen = lru_cache(self._seen)
        self._check_labelled = lru_cache(self._raise_unless_labelled)
        self._training_domain = lru_cache(lambda role: cached(self.seen(role, "train"), self.cache))
        # Cached, since building a graph takes a while and stages read much the same data, which
        # is also checked before training.
        self._training_batches = lru_cache(training_batches)
        self._evaluation_batches = lru_cache(evaluation_batches)
        self.stride = stride

    def domain(self, role: str, split: str = "train") -> Domain:
        """A split of `"source"` or `"target"`, at its original size."""
        return self.splits[role].required(split)

    @cached_property
    def camera(self) -> Camera:
        """The camera that all frames are fitted to: the target's, at the size of the training.

        Raises:
            ValueError: This size has another aspect ratio than the target's frames, so that they
                would be tested at another scale than they were trained at.
        """
        camera, training = camera_of(self.domain("target")), self.training
        if training.height is None:
            return camera.shrunk()
        down, across = training.height / camera.height, training.width / camera.width
        if abs(across / down - 1) > _SQUEEZED:
            fits = [
                (camera.height * across, training.width),
                (training.height, camera.width * down),
            ]
            sizes = " or ".join(f"{round(height)} x {round(width)}" for height, width in fits)
            raise ValueError(
                f"frames of {self.domain('target').name} have {camera.height} x {camera.width} "
                f"pixels, and height and width {training.height} x {training.width} another "
                f"aspect: {sizes} would fit"
            )
        return camera.resized(training.height, training.width)

    def _seen(self, role: str, split: str) -> Domain | None:
        """A split, fitted to the camera; `None` if there is none."""
        domain = self.splits[role].get(split)
        if domain is None:
            return None
        return Seen(domain, self.camera, self.training.zoom if role == "source" else None)

    def validated_on(self, role: str) -> Domain | None:
        """A role's validation split, fitted to the camera; `None` if there is none, or it fails.

        Not every stage needs it, so that one that cannot be opened is no error here.
        """
        with suppress(ValueError, OSError):
            return self.seen(role, "val")

    def _raise_unless_labelled(self, role: str, task: Task) -> None:
        """Raise a `ValueError` if none of some training frames of a role has a valid label."""
        domain = self.domain(role)
        domain.require((task.name,))
        count = min(len(domain), _LOOKS)
        for number in range(count):
            index = tf.constant(number * len(domain) // count, tf.int64)
            try:
                labels = domain.read(index, (task.name,))[task.name]
            except (ValueError, OSError, tf.errors.OpError):
                # Training will report the bad frame.
                return
            valid = task.valid(labels[None])
            if tf.reduce_any(valid):
                _warn_unless_dense(domain, task, valid.numpy()[0])
                return
        raise ValueError(
            f"{domain.name}: no pixel of {count} of its {len(domain)} training frames has a "
            f"{task.name} label that counts, and nothing could be learnt; look at them with "
            "`adaat-keras data show`, and at the value that marks pixels as not known"
        )

    def told_camera(self, from_task: Task) -> str:
        """A line on the size and zoom of frames, with a guess by depth if cameras are unknown."""
        camera = self.camera
        line = f"frames are seen at {camera.height} x {camera.width} pixels"
        if self.training.crop is not None:
            line += f", in crops of {self.training.crop}"
        zoom, known = self.training.zoom, camera_of(self.domain("source")).zoom_to(camera)
        if zoom is not None:
            return f"{line}, the source's enlarged {zoom:g} times"
        if known is not None and round(known, 2) < 1:
            return f"{line}; the source's camera sees less than the target's, and is not enlarged"
        if known is not None:
            return f"{line}, the source's enlarged {known:.2f} times to the target's camera"
        line += "; a focal length is not known, so the source's are not enlarged"
        guess = None
        domains = [self.domain(role) for role in ("source", "target")]
        if from_task.name == "depth" and all("depth" in domain.tasks for domain in domains):
            # Training will report a bad frame.
            with suppress(ValueError, OSError, tf.errors.OpError):
                guess = zoom_by_depth(*domains, camera)
        return f"{line} (zoom=, --zoom{f': by depth, {guess:g} would fit' if guess else ''})"

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a training image."""
        if self.training.crop is not None:
            return self.training.crop, self.training.crop, 3
        height, width = (
            side + -side % self.stride for side in (self.camera.height, self.camera.width)
        )
        return height, width, 3

    def batches(
        self,
        role: str,
        labels: tuple[Task, ...] = (),
        first_step: int = 0,
        share: int = 1,
        augmentation: str = "none",
        whole: bool = False,
    ) -> tf.data.Dataset:
        """An infinite dataset of a role's training batches, of `batch_size / share` images each.

        Elements are images, or tuples of images and the labels of these tasks, split into the
        devices' parts (`Portion`) unless `whole`. Which frames and crops are drawn does not depend
        on the augmentation.
        """
        training = self.training
        for task in labels:
            self._check_labelled(role, task)
        return self._training_batches(
            self._training_domain(role),
            tuple(task.name for task in labels) or None,
            training.batch_size // share,
            training.crop,
            seed_of(training.seed, role),
            first_step,
            training.crops_per_frame,
            AUGMENTATIONS[augmentation],
            None if whole else self.portion,
            self.stride,
            _ignored(labels),
        )

    def validation(self, role: str, labels: tuple[Task, ...] = ()) -> tf.data.Dataset | None:
        """Whole validation frames of a role; `None` without such a split or these labels."""
        domain = self.seen(role, "val")
        names = tuple(task.name for task in labels) or None
        if domain is None or not set(names or ()) <= set(domain.tasks):
            return None
        # Padded as training frames are; when training on crops, the trainers pad validation frames.
        stride = self.stride if self.training.crop is None else 1
        return self._evaluation_batches(
            domain, names, self.validation_frames, stride, _ignored(labels)
        )

    def augmenter(self, augmentation: str) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        """A function that augments an image, given its number, by the training's seed."""

        def augment(image: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
            seed = tf.stack([tf.cast(self.training.seed, number.dtype), number])
            return AUGMENTATIONS[augmentation](image, seed)

        return augment

    def task_loss(self, task: Task, role: str, class_balance: float) -> keras.losses.Loss:
        """A task's loss, with class weights from the class frequencies in a role's domain."""
        if not (task.classes and class_balance):
            return task.loss()
        frequencies = np.maximum(self.frequencies(role, task), _RAREST)
        return task.loss(frequencies**-class_balance)

    def _frequencies(self, role: str, task: Task) -> np.ndarray:
        """The share of each class of a task in a role's training frames."""
        return class_frequencies(self.seen(role, "train"), task.name, task.classes)

    def for_devices(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """Per-device batches as a distributed dataset, which `fit` takes under the strategy."""
        return self.strategy.distribute_datasets_from_function(lambda _: batches)

    def distributed(
        self, batches: tf.data.Dataset | None
    ) -> tuple[tf.data.Dataset | None, int | None]:
        """Validation batches dealt to the devices in turn, and how many each device gets."""
        if batches is None:
            return None, None
        ours, count = distribute(batches, self.portion)
        return self.for_devices(ours), count


def fit_stage(
    stage: Stage,
    trainer: Trainer,
    feed: Feed,
    callbacks: list | None = None,
    initial_epoch: int = 0,
    verbose: int = 1,
) -> keras.callbacks.History:
    """Train a stage from `initial_epoch` on."""
    training = stage.training
    validation, validation_steps = feed.distributed(stage.validation(feed))
    return trainer.fit(
        feed.for_devices(stage.batches(feed, initial_epoch * training.steps_per_epoch)),
        initial_epoch=initial_epoch,
        epochs=training.epochs,
        steps_per_epoch=training.steps_per_epoch,
        validation_data=validation,
        validation_steps=validation_steps,
        callbacks=callbacks,
        shuffle=False,
        verbose=verbose,
    )


_BAD_DATA = (
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.DataLossError,
    tf.errors.PermissionDeniedError,
    tf.errors.FailedPreconditionError,
    # Includes Python errors from within a graph that have no TensorFlow counterpart.
    tf.errors.UnknownError,
)
_BY_PYTHON = "Traceback (most recent call last)"
_HINT = (
    "; `adaat-keras data check DOMAIN --root DIR` names the files that are not in order, "
    "`adaat-keras --traceback` shows where this came from"
)


@contextmanager
def plain_errors(stage: str) -> Iterator[None]:
    """Turn TensorFlow's error for a failed check or a bad file into a readable `ValueError`.

    Args:
        stage: Name of the stage, for the message.

    Example:
        >>> def check(number):
        ...     tf.debugging.assert_positive(number, "a number is too low")
        ...     return number
        >>> with plain_errors("joint"):
        ...     list(tf.data.Dataset.range(1).map(check))
        Traceback (most recent call last):
        ...
        ValueError: stage 'joint': a number is too low
    """
    try:
        yield
    except _BAD_DATA as error:
        if isinstance(error, tf.errors.UnknownError) and _BY_PYTHON not in error.message:
            raise
        said = re.sub(r"^\[Errno \d+\] ", "", said_in_graph(error))
        hint = _HINT if said == " ".join(str(error).split()) else ""
        raise ValueError(f"stage {stage!r}: {said}{hint}") from error


def _warn_unless_dense(domain: Domain, task: Task, valid: np.ndarray) -> None:
    """Warn if labels that a domain calls dense have holes where there is no sky."""
    share = valid[-(len(valid) // 3) :].mean()
    if task.name in domain.dense and share < _DENSE:
        warnings.warn(
            f"{domain.name}: dense={task.name!r}, but only {share:.0%} of the pixels in the lowest "
            f"third of a frame have {task.name}, and the others would count as out of range, such "
            "as the sky: leave dense out",
            stacklevel=2,
        )


def beside_target_images(labelled: tf.data.Dataset, images: tf.data.Dataset) -> tf.data.Dataset:
    """Batches `((x_source, x_target), (y_source,))` from the source's pairs and target images."""
    return tf.data.Dataset.zip(labelled, images).map(
        lambda pair, target: ((pair[0], target), (pair[1],))
    )


def _ignored(labels: Sequence[Task]) -> tuple[tuple[str, float], ...]:
    """The ignored value in the labels of each task."""
    return tuple((task.name, task.ignored) for task in labels)
