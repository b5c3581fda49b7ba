"""Whole frames for validation and testing."""

import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.keys_of import keys_of


def evaluation_batches(
    domain: Domain, task: str | tuple[str, ...] | None, frames: int | None = None
) -> tf.data.Dataset:
    """Images and labels of a domain in order, one whole frame a batch, since sizes may differ.

    Args:
        domain: Where the frames come from.
        task: The labels to read, of one task or several; `None` reads images alone.
        frames: How many, spread evenly over the domain; all by default.

    Returns:
        A dataset of images `(1, height, width, 3)`, uint8, and labels `(1, height, width)` of each
        task, or of images.
    """
    keys = keys_of(task)
    domain.require(keys)
    count = len(domain) if frames is None else min(frames, len(domain))
    return (
        tf.data.Dataset.range(count)
        .map(lambda n: domain.read(n * len(domain) // count, keys), tf.data.AUTOTUNE)
        .map(lambda frame: frame["image"] if task is None else tuple(frame[key] for key in keys))
        .batch(1, drop_remainder=True)
        .prefetch(4)
    )
