"""Scores: a task's metrics over a domain, and how much of the gap a method closes."""

from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from adaat_keras import tasks
from adaat_keras.domains.batches import evaluation_batches
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.splits import classes_of
from adaat_keras.layers import PadToStride
from adaat_keras.tasks import Task


def any_size(network: keras.Model, stride: int = 1) -> Callable[[tf.Tensor], tf.Tensor]:
    """Compile a network once, for single images of any size, in inference mode.

    `model.predict` would compile again for every new size.

    Args:
        network: Takes `(1, height, width, 3)`, values 0 to 255.
        stride: Other sizes than multiples of this are padded by reflection at the bottom and right.

    Returns:
        A function from images `(1, height, width, 3)`, any dtype, 0 to 255, to float32 outputs.

    Example:
        >>> from adaat_keras.models.base_model import Encoder
        >>> call = any_size(Encoder(base_filters=4, residual_blocks=1), stride=4)
        >>> call(tf.zeros((1, 30, 50, 3), tf.uint8)).shape
        TensorShape([1, 8, 13, 16])
    """
    pad = PadToStride(stride)

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), "float32")])
    def compiled(images):
        return tf.cast(network(pad(images), training=False), "float32")

    return lambda images: compiled(tf.cast(images, "float32"))


def score(
    model: keras.Model,
    domain: Domain,
    task: str | Task | None = None,
    frames: int | None = None,
    reads: str | Task | None = None,
) -> dict[str, float]:
    """Measure a model on whole frames of a domain, one at a time.

    Memory does not grow with the number of frames, which may differ in size.

    Args:
        model: Takes `(1, height, width, 3)`, any size, values 0 to 255; returns the task's raw
            outputs, `(1, height, width, channels)`.
        domain: Frames with labels of the task, used at their own size. For frames from another
            camera than the model's, pass `adaat_keras.domains.seen.Seen(domain, model.camera)` to
            fit them as in training and in `adaat-keras evaluate`.
        task: The task that the model predicts, by name or as an object; by default task 2 of an
            `AdaAtdt`.
        frames: Number of frames, spread evenly over the domain; all by default.
        reads: For a teacher: the task whose labels, drawn as pictures, are the model's input
            instead of images.

    Returns:
        The metrics of section 4.4 by name, as the task defines them (`Task.metrics`). The IoU of a
        class that occurs neither in the truth nor in the prediction is NaN.

    Raises:
        ValueError: The domain has no such labels, all of them are invalid, there is no frame, or no
            task is given for a model that is not an `AdaAtdt`.

    Example:
        >>> import numpy as np
        >>> depth = np.full((2, 32, 32), 50, "float32")
        >>> frames = Domain.from_arrays(np.zeros((2, 32, 32, 3), "uint8"), depth=depth)
        >>> half = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
        >>> half.set_weights([np.zeros((1, 1, 3, 1)), np.array([0.25])])
        >>> score(half, frames, "depth")["abs_rel"]
        0.5
    """
    if task is None and not hasattr(model, "to_task"):
        raise ValueError("a network does not say what it predicts: score(model, domain, task)")
    task = tasks.get(model.to_task if task is None else task)
    reads = None if reads is None else tasks.get(reads)
    return score_predictions(any_size(model), domain, task, frames, reads)


def score_predictions(
    predict: Callable[[tf.Tensor], tf.Tensor],
    domain: Domain,
    task: Task,
    frames: int | None = None,
    reads: Task | None = None,
) -> dict[str, float]:
    """As `score`, for a network compiled once by `any_size` to score several domains."""
    if not isinstance(domain, Domain):
        raise ValueError(f"what is scored is one domain, such as Folder(...), not {domain!r}")
    metrics = task.metrics()

    @tf.function(reduce_retracing=True)
    def count(labels, outputs):
        for metric in metrics:
            metric.update_state(labels, outputs)
        return tf.reduce_any(task.valid(labels))

    seen, labelled = 0, False
    if classes_of(task) and task.name in domain.tasks:
        domain = domain.with_classes(task)
    keys = (task.name, reads.name) if reads else task.name
    picture = domain.picture_of(reads) if reads else None
    for images, labels, *read in evaluation_batches(domain, keys, frames):
        outputs = predict(picture(*read) if picture else images)
        labelled |= bool(count(labels, outputs))
        seen += 1
    if not seen:
        raise ValueError(f"{domain.name}: there is no frame to score (frames={frames})")
    if not labelled:
        raise ValueError(
            f"{domain.name}: no pixel of {seen} frames has a {task.name} label that counts, "
            "and there is nothing to score; look at the value that marks pixels as not known"
        )
    return {key: float(value) for metric in metrics for key, value in metric.result().items()}


def gap_closed(method: float, source_only: float, oracle: float) -> float | None:
    """(method - source-only) / (oracle - source-only): 0 = as source-only, 1 = as the oracle.

    Args:
        method, source_only, oracle: The same metric on the target's test split.

    Returns:
        The share, below 0 if source-only is better; `None` if both bounds are equal. If the oracle
        is the worse of the two, the number is meaningless.

    Example:
        >>> gap_closed(method=0.50, source_only=0.40, oracle=0.60)
        0.5
    """
    gap = oracle - source_only
    return round((method - source_only) / gap, 12) if gap else None


def spread_frames(domain: Domain, frames: int) -> Iterator[tf.Tensor]:
    """Images `(1, height, width, 3)` of up to `frames` frames, in the domain's order."""
    return iter(evaluation_batches(domain, None, frames))
