"""What every task offers: channels, loss, metrics, decoding, colours, and how it is reported."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self

import keras
import numpy as np
from keras import ops

RGB = tuple[int, int, int]
# Pixels by which known values are extended into holes: the lines of the simulated LiDAR are six
# pixels apart in a frame of 128 x 256.
_CLOSED = 4


class Task(ABC):
    """A dense prediction task.

    Networks return a float tensor `(batch, height, width, channels)`; labels have the domain's form
    (see `adaat_keras.domains.domain.Domain`), with the task's `name` as their key in a frame.

    Tasks are equal if their class and configuration are equal. Losses and metrics work on every
    Keras backend; `pseudo_labels`, `soft_targets`, `valid` and `picture` are used in training and
    data pipelines, which need TensorFlow.

    Attributes:
        name: The task's name, which is also the label's key in a frame.
        channels: Output channels of a decoder for this task.
        activation: The activation of a decoder's outputs, as `adaat_keras.models.Decoder` takes it.
        classes: Number of classes; 0 for a task that measures.
        components: Length of the labels' last axis if a label is a vector; 0 if it is one number,
            without that axis.
        primary_metric: The main metric, e.g. `"mean_iou"`.
        higher_is_better: Whether a larger `primary_metric` is better.
        columns: The metrics shown in tables, in order; the primary one by default.
        scale: Factor on metrics in tables: 100 for percent, else 1.
        digits: Number of decimals in tables.
        curves: The metrics shown in training curves; the primary one by default.
        ignored: The value of ignored labels, for which `valid` is false; 0 by default.
        unknown: The value of soft targets that the loss ignores; `None` if there is none.
        legend: The meaning of `colorize`'s colours, name to RGB; `None` if there is none.
        title: The task's title in tables; its name by default.

    Example:
        >>> from adaat_keras.tasks import Semantic
        >>> task = Semantic({"road": ["road", "sidewalk"], "rest": "*"})
        >>> task.name, task.channels, task.primary_metric
        ('semantic', 2, 'mean_iou')
    """

    name: str
    channels: int
    activation: str = "linear"
    classes: int = 0
    components: int = 0
    primary_metric: str
    higher_is_better: bool
    scale: int = 1
    digits: int = 3
    ignored: float = 0
    unknown: float | None = None
    legend: dict[str, RGB] | None = None

    # Cached properties, so that subclasses may override them with attributes, too.
    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The metrics that a table shows, in order."""
        return (self.primary_metric,)

    @cached_property
    def curves(self) -> tuple[str, ...]:
        """The metrics that training curves show."""
        return (self.primary_metric,)

    @cached_property
    def title(self) -> str:
        """The task's title in tables."""
        return self.name

    @abstractmethod
    def loss(self, class_weights: Sequence[float] | None = None) -> keras.losses.Loss:
        """The task loss, divided by the loss of the best constant guess.

        Takes labels or `soft_targets`. `class_weights` are the weights of pixels by class, for
        tasks with classes.
        """

    @abstractmethod
    def metrics(self) -> list[keras.metrics.Metric]:
        """New streaming metrics that take labels and network outputs."""

    @abstractmethod
    def pseudo_labels(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Network outputs `(batch, height, width, channels)` as labels to train on.

        They have the form of the domain's labels, e.g. `(batch, height, width)`.
        """

    def soft_targets(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Network outputs `(batch, height, width, channels)` as soft targets for another network.

        `loss` takes them in place of labels. By default they are `pseudo_labels`.
        """
        return self.pseudo_labels(outputs)

    @abstractmethod
    def valid(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """Which labels are valid, boolean `(batch, height, width)`."""

    @abstractmethod
    def picture(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """Labels as input images for a network: float32 `(batch, height, width, 3)`, 0 to 255.

        Invalid labels are black, and only these.
        """

    def sparse_picture(
        self, labels: keras.KerasTensor, known: keras.KerasTensor | None = None
    ) -> keras.KerasTensor:
        """`picture` of labels measured by a sensor, with small holes closed.

        Four times, unknown pixels next to known ones become the mean of these. This closes gaps of
        up to eight pixels between a LiDAR's lines, so that a network does not learn the pattern of
        lines. Classes cannot be averaged, and their holes stay.

        Args:
            labels: As `picture` takes them.
            known: The pixels that the sensor measured, boolean `(batch, height, width)`; by default
                the `valid` ones.

        Example:
            >>> from adaat_keras import tasks
            >>> lines = np.zeros((1, 9, 4), "float32")
            >>> lines[:, ::4] = 10.0
            >>> bool((np.asarray(tasks.Depth().sparse_picture(lines)) > 0).all())
            True
        """
        valid = self.valid(labels)
        known = valid if known is None else ops.logical_and(valid, known)
        known = ops.cast(known[..., None], "float32")
        picture = known * self.picture(labels)
        if self.classes:
            return picture
        for _ in range(_CLOSED):
            beside, count = (
                ops.average_pool(each, 3, 1, "same", data_format="channels_last")
                for each in (picture, known)
            )
            mean = ops.divide_no_nan(beside, count)
            picture, known = ops.where(known > 0, picture, mean), ops.cast(count > 0, "float32")
        return picture

    @abstractmethod
    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Network outputs `(..., channels)` to labels in the domain's form `(...)`."""

    @abstractmethod
    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Labels `(...)` in the domain's form to uint8 RGB `(..., 3)`."""

    @abstractmethod
    def label_problem(self, labels: np.ndarray) -> str | None:
        """What is wrong with labels and how to fix it; `None` if nothing is."""

    def check_labels(self, labels: np.ndarray, where: str) -> None:
        """Raise a `ValueError` that names `where`, the value and the fix if labels are wrong.

        For loaders: inside a compiled graph, a wrong label would crash without naming the file, or
        go unnoticed.

        Example:
            >>> from adaat_keras import tasks
            >>> tasks.get("semantic").check_labels(np.array([[0, 57]], "uint8"), "a.png")
            Traceback (most recent call last):
            ...
            ValueError: a.png: semantic label 57 is neither one of the 11 classes (0 to 10) nor \
255 (ignored); map the data set's own ids to these, and every id that has no class to 255
        """
        problem = self.label_problem(labels)
        if problem:
            raise ValueError(f"{where}: {problem}")

    def with_error(self, depth_error: str) -> "Task":
        """The task with this error in its depth loss; itself if it is not depth."""
        return self

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON takes them; empty if all are defaults."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The task that `get_config` describes."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash((type(self), json.dumps(self.get_config(), sort_keys=True)))

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({options})"


def masked_image_mean(
    values: keras.KerasTensor,
    valid: keras.KerasTensor,
    weights: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    """Mean of every image over its valid pixels, 0 where there is none.

    Args:
        values: `(batch, height, width)`, finite at valid pixels.
        valid: Booleans `(batch, height, width)`.
        weights: Of the pixels, `(batch, height, width)`; equal by default.

    Returns:
        `(batch,)`.

    Example:
        >>> ops.convert_to_numpy(masked_image_mean(ops.array([[[3.0, 9.0]]]), [[[True, False]]]))
        array([3.], dtype=float32)
    """
    counts = ops.cast(valid, values.dtype)
    if weights is not None:
        counts *= ops.cast(weights, values.dtype)
    total = ops.sum(ops.where(valid, values, 0) * counts, axis=(1, 2))
    count = ops.sum(counts, axis=(1, 2))
    return total / ops.where(count > 0, count, 1)


def refuse_sample_weight(name: str, sample_weight: Any) -> None:
    """Raise a `ValueError` unless `sample_weight`, which Keras hands to every metric, is `None`."""
    if sample_weight is not None:
        raise ValueError(f"{name} takes no sample weights; pass it as one of `metrics`")
