"""What every task offers: channels, loss, metrics, decoding and colours."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import ops

# Of what a network says of itself, to be trusted as a label.
CERTAINTY = 0.8


class Task(ABC):
    """A dense prediction task.

    Networks put out a float tensor `(batch, height, width, channels)`; labels arrive as the
    domain gives them (see `adaat_keras.domains.domain.Domain`). The label key of a frame is the
    task's `name`.

    Attributes:
        name: The task's name, which is also the label's key in a frame.
        channels: Output channels of a decoder for this task.
        classes: How many classes it tells apart; 0 where it measures.
        components: How many numbers a label is where it is a vector, which gives the labels'
            shapes below a last axis of that length; 0 where it is one number.
        primary_metric: The metric that a single number stands for, e.g. `"mean_iou"`.
        higher_is_better: Whether a larger `primary_metric` is better.
    """

    name: str
    channels: int
    classes: ClassVar[int] = 0
    components: ClassVar[int] = 0
    primary_metric: str
    higher_is_better: bool

    @abstractmethod
    def loss(self, class_weights: Sequence[float] | None = None) -> keras.losses.Loss:
        """The task loss, in units of ignorance: 1 is what the best constant guess scores.

        `class_weights` say what a pixel of each class counts, where the task has classes.
        """

    @abstractmethod
    def metrics(self) -> list[keras.metrics.Metric]:
        """Fresh streaming metrics that take labels and network outputs."""

    @abstractmethod
    def pseudo_labels(self, outputs: tf.Tensor, certainty: float = CERTAINTY) -> tf.Tensor:
        """Network outputs `(batch, height, width, channels)` as labels to train on.

        In the domain's form, `(batch, height, width)`; where a probability is below `certainty`,
        invalid.
        """

    @abstractmethod
    def valid(self, labels: tf.Tensor) -> tf.Tensor:
        """Where labels in the domain's form say something, boolean `(batch, height, width)`."""

    @abstractmethod
    def picture(self, labels: tf.Tensor) -> tf.Tensor:
        """Labels as images for a network to read: float32 `(batch, height, width, 3)`, 0 to 255.

        What is valid differs from black, what is not is black.
        """

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
        >>> masked_image_mean(ops.array([[[3.0, 9.0]]]), ops.array([[[True, False]]])).numpy()
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
