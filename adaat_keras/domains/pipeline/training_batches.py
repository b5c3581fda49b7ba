"""Endless batches for training, each a function of the seed and its number."""

import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.augment import augment
from adaat_keras.domains.pipeline.random_crop import random_crop


def training_batches(
    domain: Domain,
    task: str | None,
    batch_size: int,
    crop: int,
    seed: int,
    first_batch: int = 0,
) -> tf.data.Dataset:
    """Random, augmented crops of a domain, without end.

    Every frame comes once before any comes again, in a new order each time. Sample n is a
    function of the seed and n alone, so that a training that was interrupted goes on with the
    batches that it would have seen.

    Args:
        domain: Where the frames come from.
        task: The labels to read; `None` reads images alone.
        batch_size: Crops a batch.
        crop: Height and width of a crop.
        seed: Decides order, place and augmentation.
        first_batch: Number of the batch to begin with.

    Returns:
        A dataset of images `(batch, crop, crop, 3)`, float32 in 0..255, or of pairs of images and
        labels `(batch, crop, crop)`.
    """
    keys = ("image",) if task is None else ("image", task)
    domain.require(keys)

    def sample(number):
        place, colour = tf.unstack(tf.random.split(tf.stack([tf.cast(seed, number.dtype), number])))
        frame = random_crop(domain.read(shuffled(number, len(domain), seed), keys), crop, place)
        image = augment(frame["image"], colour)
        return image if task is None else (image, frame[task])

    samples = tf.data.Dataset.range(first_batch * batch_size, tf.int64.max)
    batches = samples.map(sample, tf.data.AUTOTUNE, deterministic=True)
    return batches.batch(batch_size, drop_remainder=True).prefetch(4)


def shuffled(number: tf.Tensor, length: int, seed: int) -> tf.Tensor:
    """The frame of the `number`-th sample: in every round over the frames, each comes once."""
    order = tf.stack([tf.cast(seed, number.dtype), number // length])
    return tf.random.experimental.index_shuffle(number % length, order, length - 1)
