"""A task's metrics of a model over a domain: the numbers of tables 2 and 3."""

import keras
import tensorflow as tf

from adaat_keras import tasks
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline import evaluation_batches
from adaat_keras.evaluation.any_size import any_size


def score(
    model: keras.Model,
    domain: Domain,
    task_name: str,
    frames: int | None = None,
    reads: str | None = None,
) -> dict[str, float]:
    """Measure a model on whole frames of a domain, one at a time.

    Memory does not grow with the number of frames, which may differ in size.

    Args:
        model: Takes `(1, height, width, 3)`, any size, values 0 to 255; puts out what the task's
            decoder does, `(1, height, width, channels)`.
        domain: Frames with labels of the task.
        task_name: The task that the model predicts (`adaat_keras.tasks.names()`).
        frames: How many, spread evenly over the domain; all by default.
        reads: The task whose labels, as pictures, the model takes in place of images, as a
            teacher does.

    Returns:
        Section 4.4's metrics by name, as the task defines them (`adaat_keras.tasks.metrics`). The
        IoU of a class that occurs neither in the truth nor in the prediction is NaN.

    Raises:
        ValueError: The domain has no such labels, or there is no frame.
    """
    predict = any_size(model)
    metrics = tasks.get(task_name).metrics()

    @tf.function(reduce_retracing=True)
    def count(labels, outputs):
        for metric in metrics:
            metric.update_state(labels, outputs)

    seen = 0
    keys = (task_name, reads) if reads else task_name
    for images, labels, *read in evaluation_batches(domain, keys, frames):
        outputs = predict(tasks.get(reads).picture(*read) if reads else images)
        count(labels, outputs)
        seen += 1
    if not seen:
        raise ValueError(f"{domain.name}: there is no frame to score (frames={frames})")
    return {key: float(value) for metric in metrics for key, value in metric.result().items()}
