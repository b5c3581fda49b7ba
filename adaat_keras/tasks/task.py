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
# Pixels by which what is known grows into a hole: the 16 lines of a LiDAR lie four apart in a frame
# of 128 x 256.
_CLOSED = 4


class Task(ABC):
    """A dense prediction task.

    Networks put out a float tensor `(batch, height, width, channels)`; labels arrive as the
    domain gives them (see `adaat_keras.domains.domain.Domain`). The label key of a frame is the
    task's `name`.

    Tasks are equal if they are of one class with one configuration. Losses and metrics work on
    every backend of Keras; `pseudo_labels`, `soft_targets`, `valid` and `picture` are for training
    and data, which are TensorFlow's.

    Attributes:
        name: The task's name, which is also the label's key in a frame.
        channels: Output channels of a decoder for this task.
        activation: What a decoder's outputs go through, as `adaat_keras.models.Decoder` takes it.
        classes: How many classes it tells apart; 0 where it measures.
        components: How many numbers a label is where it is a vector, which gives the labels'
            shapes below a last axis of that length; 0 where it is one number.
        primary_metric: The metric that a single number stands for, e.g. `"mean_iou"`.
        higher_is_better: Whether a larger `primary_metric` is better.
        columns: The metrics that a table shows, in order; the primary one by default.
        scale: What a table multiplies metrics by: 100 where it shows percent, else 1.
        digits: How many digits after the point a table shows.
        curves: The metrics that training curves show; the primary one by default.
        ignored: The number that says nothing in labels, for which `valid` is false; 0 by default.
        unknown: The number that says nothing in soft targets; `None` if there is none.
        legend: What each colour of `colorize` stands for, name to RGB; `None` if there is none.
        title: The task in a table of several, its name by default.
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

    # Cached, so that a subclass may set them in any way.
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
        """The task in a table of several."""
        return self.name

    @abstractmethod
    def loss(self, class_weights: Sequence[float] | None = None) -> keras.losses.Loss:
        """The task loss, divided by what the best constant guess scores.

        It takes labels and, in their place, `soft_targets`. `class_weights` say what a pixel of
        each class counts, where the task has classes.
        """

    @abstractmethod
    def metrics(self) -> list[keras.metrics.Metric]:
        """New streaming metrics that take labels and network outputs."""

    @abstractmethod
    def pseudo_labels(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Network outputs `(batch, height, width, channels)` as labels to train on.

        In the domain's form, e.g. `(batch, height, width)`.
        """

    def soft_targets(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Network outputs `(batch, height, width, channels)` as another network learns from them.

        As `loss` takes them in place of labels: `pseudo_labels`, where there is nothing softer.
        """
        return self.pseudo_labels(outputs)

    @abstractmethod
    def valid(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """Where labels in the domain's form say something, boolean `(batch, height, width)`."""

    @abstractmethod
    def picture(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """Labels as images for a network to read: float32 `(batch, height, width, 3)`, 0 to 255.

        What is valid differs from black, what is not is black.
        """

    def sparse_picture(
        self, labels: keras.KerasTensor, known: keras.KerasTensor | None = None
    ) -> keras.KerasTensor:
        """`picture` of labels that a sensor measured, whose small holes are closed.

        A hole's pixel becomes the mean of what is known beside it, four times over: between a
        LiDAR's lines no more than eight pixels stay black, and a network need not learn lines by
        heart. Classes have no mean, and their holes stay.

        Args:
            labels: As `picture` takes them.
            known: Where they are known to the sensor, boolean `(batch, height, width)`; where they
                are `valid` by default.

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
        """What is wrong with labels in the domain's form and how to mend it; `None` if nothing."""

    def check_labels(self, labels: np.ndarray, where: str) -> None:
        """Raise a `ValueError` that names `where`, the value and the fix if labels are wrong.

        For loaders: inside a compiled graph a wrong label can only crash without a name, or pass
        unseen.

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
        """The task with this error of depth in its loss; itself where it is no depth."""
        return self

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON takes them; none where they are the defaults."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The task that `get_config` was asked of."""
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
        values: `(batch, height, width)`, finite wherever it is valid.
        valid: Booleans `(batch, height, width)`.
        weights: What each pixel counts, `(batch, height, width)`; alike by default.

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


def refuse_sample_weight(name: str, sample_weight) -> None:
    """Raise a `ValueError` unless `sample_weight`, which Keras hands to every metric, is `None`."""
    if sample_weight is not None:
        raise ValueError(f"{name} takes no sample weights; pass it as one of `metrics`")
