"""A stage of a method's training, the data that feeds it, and the key that names its result.

Everything that decides a stage's result is a field of the stage, or the data that it reads, or the
weights that it begins with. `stage_key` hashes these three; a stage cannot see anything else.
"""

import dataclasses
import hashlib
import inspect
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from adaat_keras import __version__, tasks
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
from adaat_keras.registry import place_of
from adaat_keras.tasks import Task
from adaat_keras.training.devices import Machines
from adaat_keras.training.trainer import Trainer

TRAINING_VERSION = 6
"""Raised whenever a stage comes to other weights from the same fields, data and first weights."""

# By how much a size may squeeze frames: rounding, and frames whose sizes differ by some pixels.
_SQUEEZED = 0.05
# A class of one pixel in ten thousand counts no more than one in a thousand.
_RAREST = 1e-3


@dataclass(frozen=True)
class Stage(ABC):
    """One part of a method's training: which networks it trains, by what trainer, on what data.

    Listing stages builds nothing and opens nothing: the fields are plain values. Networks that a
    stage needs beside the model's, such as a teacher, are made by `extra_networks` when its turn
    comes.

    Args:
        training: How long and on what every stage trains.
        frozen: Names of networks that this stage would train, and leaves alone.

    Attributes:
        name: The stage's name, in logs, files and `stages=`.
        networks: Names of the networks that it trains, the frozen ones left out.
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
        """The roles whose training data it reads."""
        return ("source",)

    def extra_networks(self, model: AdaAtdt) -> dict[str, keras.Model]:
        """New networks that it trains beside the model's, first weights decided by the seed."""
        return {}

    @abstractmethod
    def trainer(self, networks: Mapping[str, keras.Model], feed: "Feed") -> Trainer:
        """The compiled trainer of these networks."""

    @abstractmethod
    def batches(self, feed: "Feed", first_step: int) -> tf.data.Dataset:
        """Training batches without end, from the step of this number on."""

    @abstractmethod
    def validation(self, feed: "Feed") -> tf.data.Dataset | None:
        """Batches for `test_step`; `None` where a domain has no validation split."""


# Frames of which one at least must have labels.
_LOOKS = 32


class Feed:
    """Gives stages their batches: both domains as one camera sees them, augmented, distributed.

    Args:
        source, target: Domains A and B.
        training: As the stages' own.
        strategy: The devices to train on; TensorFlow's current strategy by default.
        cache: Where decoded training frames are kept: `"memory"`, `"disk"` or nowhere.
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
        # Once: it reads frames, and asks for the size of every file.
        self.identity = lru_cache(lambda role: self.seen(role, "train").identity())
        self.seen = lru_cache(self._seen)
        self._check_labelled = lru_cache(self._raise_unless_labelled)
        self._training_domain = lru_cache(lambda role: cached(self.seen(role, "train"), self.cache))
        # Stages read much alike, and data is tried before it is trained on: a graph takes a while.
        self._training_batches = lru_cache(training_batches)
        self._evaluation_batches = lru_cache(evaluation_batches)
        self.stride = stride

    def domain(self, role: str, split: str = "train") -> Domain:
        """A split of `"source"` or `"target"`, as its files hold it."""
        return self.splits[role].required(split)

    @cached_property
    def camera(self) -> Camera:
        """The camera by which all frames are seen: the target's, at the size that is trained on.

        Raises:
            ValueError: That size has another aspect than the target's frames, which would be tested
                at another scale than they were trained at.
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
        """A split as the camera sees it; `None` if there is none."""
        domain = self.splits[role].get(split)
        if domain is None:
            return None
        return Seen(domain, self.camera, self.training.zoom if role == "source" else None)

    def _raise_unless_labelled(self, role: str, task: Task) -> None:
        """Raise a `ValueError` if no label of some of a role's training frames says anything."""
        domain = self.domain(role)
        domain.require((task.name,))
        count = min(len(domain), _LOOKS)
        for number in range(count):
            index = tf.constant(number * len(domain) // count, tf.int64)
            try:
                labels = domain.read(index, (task.name,))[task.name]
            except (ValueError, OSError, tf.errors.OpError):
                # Whoever reads it is told what is wrong with it.
                return
            if tf.reduce_any(task.valid(labels[None])):
                return
        raise ValueError(
            f"{domain.name}: no pixel of {count} of its {len(domain)} training frames has a "
            f"{task.name} label that counts, and nothing could be learnt; look at them with "
            "`adaat-keras data show`, and at the value that marks pixels as not known"
        )

    def told_camera(self, from_task: Task) -> str:
        """What the networks see, in a line; what labels of task 1 say where cameras say nothing."""
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
            # Whoever trains on a bad frame is told what is wrong with it.
            with suppress(ValueError, OSError, tf.errors.OpError):
                guess = zoom_by_depth(*domains, camera)
        return f"{line} (--zoom{f': by depth, {guess:g} would fit' if guess else ''})"

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
        """Training batches of a role without end, each 1 / share of a whole one.

        Images alone, or tuples of images and the labels of these tasks. Cut into the devices'
        parts (`Portion`), unless `whole`. The augmentation changes neither frames nor crops.
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
        """Whole frames of a role's validation split, with or without labels; `None` without one."""
        domain = self.seen(role, "val")
        names = tuple(task.name for task in labels) or None
        if domain is None or not set(names or ()) <= set(domain.tasks):
            return None
        # Padded as training frames are. Crops are of no frame's size, so that trainers pad then.
        stride = self.stride if self.training.crop is None else 1
        return self._evaluation_batches(
            domain, names, self.validation_frames, stride, _ignored(labels)
        )

    def augmenter(self, augmentation: str):
        """A function of an image and its number that augments it, by the seed."""

        def augment(image: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
            seed = tf.stack([tf.cast(self.training.seed, number.dtype), number])
            return AUGMENTATIONS[augmentation](image, seed)

        return augment

    def task_loss(self, task: Task, role: str, class_balance: float) -> keras.losses.Loss:
        """A task's loss, its classes balanced by how often a role's domain has them."""
        if not (task.classes and class_balance):
            return task.loss()
        frequencies = np.maximum(self.frequencies(role, task), _RAREST)
        return task.loss(frequencies**-class_balance)

    def _frequencies(self, role: str, task: Task) -> np.ndarray:
        """How often a role's domain has each class of a task."""
        return class_frequencies(self.seen(role, "train"), task.name, task.classes)

    def for_devices(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """Batches of which each is one device's, as `fit` takes them under the strategy."""
        return self.strategy.distribute_datasets_from_function(lambda _: batches)

    def distributed(
        self, batches: tf.data.Dataset | None
    ) -> tuple[tf.data.Dataset | None, int | None]:
        """Batches for validation, one after the other to each device, and how many each gets."""
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
    """Train what is left of a stage."""
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
    # Whatever Python raised in a graph that TensorFlow has no word for; and other things.
    tf.errors.UnknownError,
)
_BY_PYTHON = "Traceback (most recent call last)"
_HINT = (
    "; `adaat-keras data check DOMAIN --root DIR` names the files that are not in order, "
    "`adaat-keras --traceback` shows where this came from"
)


@contextmanager
def plain_errors(stage: str) -> Iterator[None]:
    """Raise a check that failed in a graph, or a bad file, as a `ValueError` that says so.

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


def beside_target_images(labelled: tf.data.Dataset, images: tf.data.Dataset) -> tf.data.Dataset:
    """Batches `((x_source, x_target), (y_source,))`: the source's pairs, the target's images."""
    return tf.data.Dataset.zip(labelled, images).map(
        lambda pair, target: ((pair[0], target), (pair[1],))
    )


def _ignored(labels: Sequence[Task]) -> tuple[tuple[str, float], ...]:
    """What says nothing in the labels of these tasks."""
    return tuple((task.name, task.ignored) for task in labels)


def versions() -> dict[str, str | int]:
    """What decides a training's result beside its options: the package's and the trainers' version.

    Example:
        >>> list(versions())
        ['package', 'training']
    """
    return {"package": __version__, "training": TRAINING_VERSION}


def stage_key(
    stage: Stage,
    trainer: Trainer,
    networks: Mapping[str, keras.Model],
    feed: Feed,
    callbacks: Sequence[list] = (),
) -> str:
    """A name for all that decides a stage's result, 16 hexadecimal digits.

    Made of the stage's class and fields, the content of the data that it reads (wherever it lies),
    the versions, which layers a user has frozen, and the networks: their classes, precision and
    the weights that they begin with. A user's callbacks, which may end a training early, count by
    what `described` said of them before the first stage. A class from outside, of a stage, a
    layer, a task or a loss, counts with its code, so that another of its name is another stage.
    """
    what = [
        _called(type(stage)),
        plain(stage),
        {role: feed.identity(role) for role in stage.reads(feed)},
        versions(),
        {name: _untrainable(networks[name]) for name in stage.networks},
        [[_called(type(layer)), str(layer.dtype_policy.name)] for layer in trainer.layers],
    ]
    if callbacks:
        what.append(list(callbacks))
    sha = hashlib.sha256(json.dumps(what, sort_keys=True).encode())
    for weight in trainer.get_weights():
        sha.update(weight.tobytes())
    return sha.hexdigest()[:16]


def _called(kind: type) -> str:
    """A class by its name, and by its code where it is not the package's or Keras'."""
    if kind.__module__.partition(".")[0] in ("adaat_keras", "keras"):
        return kind.__name__
    return f"{kind.__qualname__} {_code_of(kind)}"


@cache
def _code_of(kind: type) -> str:
    """What tells versions of a class apart: the text of its file as it was imported, about.

    Kept, since a file may be written anew while it trains.
    """
    try:
        code = Path(inspect.getsourcefile(kind)).read_bytes()
    except (OSError, TypeError):
        # Written in a notebook or at a prompt, where there is no file.
        simple = (int, float, str, bytes)
        parts = [(n, v) for n, v in vars(kind).items() if isinstance(v, simple)]
        for each in (v.__code__ for v in vars(kind).values() if hasattr(v, "__code__")):
            constants = [value for value in each.co_consts if isinstance(value, simple)]
            parts.append((each.co_code, each.co_names, each.co_varnames, constants))
        code = repr(parts).encode()
    return hashlib.sha256(code).hexdigest()[:16]


def plain(value):
    """A stage's field as JSON takes it.

    Example:
        >>> plain(Training(epochs=2))["epochs"], plain(tasks.get("depth"))
        (2, 'depth')
    """
    if isinstance(value, Task):
        return _with_code(tasks.serialize(value), type(value))
    if dataclasses.is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, keras.losses.Loss):
        return _with_code(keras.saving.serialize_keras_object(value), type(value))
    if isinstance(value, type):
        return _with_code(place_of(value), value)
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def _with_code(what, kind: type):
    """What stands for a thing, and the class's code where that is from outside."""
    called = _called(kind)
    return what if called == kind.__name__ else [what, called]


def described(callback: keras.callbacks.Callback) -> list:
    """A callback's class and what it was made with, as far as that is plain.

    What it has kept of its constructor's arguments, under their names, so that one that has seen a
    training is the same as before. Where it has kept them otherwise: all that it holds.

    Example:
        >>> described(keras.callbacks.TerminateOnNaN(raise_error=True))
        ['keras.src.callbacks.terminate_on_nan:TerminateOnNaN', {'raise_error': True}]
    """
    simple, usual = (str, int, float, bool, type(None)), vars(keras.callbacks.Callback())
    held = {n: v for n, v in vars(callback).items() if n not in usual}
    if "monitor_op" in held and "min_delta" in held:
        # Keras turns its sign where less is better.
        held["min_delta"] = abs(held["min_delta"])
    arguments = [
        _named_arguments(kind.__init__)
        for kind in type(callback).__mro__
        if "__init__" in vars(kind) and kind not in (keras.callbacks.Callback, object)
    ]
    if all(name in held for name in next(iter(arguments), ())):
        names = {name for each in arguments for name in each}
        held = {name: value for name, value in held.items() if name in names}
    known = {name: value for name, value in held.items() if isinstance(value, simple)}
    return [place_of(type(callback)), dict(sorted(known.items()))]


def _named_arguments(constructor: Callable) -> list[str]:
    """The arguments of a constructor that have names of their own."""
    _, *parameters = inspect.signature(constructor).parameters.values()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each.name for each in parameters if each.kind in named]


def _untrainable(network: keras.Model) -> list[int]:
    """The numbers of the weights that a user has frozen."""
    return [number for number, weight in enumerate(network.weights) if not weight.trainable]
