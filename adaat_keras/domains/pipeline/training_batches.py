"""Endless batches for training, each a function of the seed and its number."""

from collections.abc import Callable

import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.augment import augment
from adaat_keras.domains.pipeline.random_crop import random_crop

# Frames whose crops are mixed: more than a batch usually takes, few enough to hold all the crops.
_MIXED = 32


def training_batches(
    domain: Domain,
    task: str | None,
    batch_size: int,
    crop: int,
    seed: int,
    first_batch: int = 0,
    crops_per_frame: int = 1,
) -> tf.data.Dataset:
    """Random, augmented crops of a domain, without end.

    Every frame comes once before any comes again, in a new order each time. Sample n is a
    function of the seed and n alone, so that a training that was interrupted goes on with the
    batches that it would have seen.

    With several crops a frame, decoding costs that much less. The crops of 32 frames take turns:
    one of each frame, then another of each, and so on. So no 32 samples in a row that begin at a
    multiple of 32 have two crops of one frame, but the next `32 * crops_per_frame` samples come
    from the same 32 frames (and are held in memory).

    Args:
        domain: Where the frames come from.
        task: The labels to read; `None` reads images alone.
        batch_size: Crops a batch.
        crop: Height and width of a crop.
        seed: Decides order, place and augmentation.
        first_batch: Number of the batch to begin with.
        crops_per_frame: Crops of a frame each time it is decoded.

    Returns:
        A dataset of images `(batch, crop, crop, 3)`, float32 in 0..255, or of pairs of images and
        labels `(batch, crop, crop)`.

    Raises:
        ValueError: There are no labels for the task, or `crops_per_frame` is below 1.
    """
    keys = ("image",) if task is None else ("image", task)
    domain.require(keys)
    if crops_per_frame < 1:
        raise ValueError(f"crops_per_frame must be at least 1, not {crops_per_frame}")

    def read(number):
        return domain.read(shuffled(number, len(domain), seed), keys)

    def sample(frame, number):
        place, colour = tf.unstack(tf.random.split(tf.stack([tf.cast(seed, number.dtype), number])))
        frame = random_crop(frame, crop, place)
        image = augment(frame["image"], colour)
        return image if task is None else (image, frame[task])

    first = first_batch * batch_size
    if crops_per_frame == 1:
        numbers = tf.data.Dataset.range(first, tf.int64.max)
        samples = numbers.map(lambda n: sample(read(n), n), tf.data.AUTOTUNE, deterministic=True)
    else:
        samples = _mixed_samples(read, sample, first, crops_per_frame)
    return samples.batch(batch_size, drop_remainder=True).prefetch(4)


def shuffled(number: tf.Tensor, length: int, seed: int) -> tf.Tensor:
    """The frame of the `number`-th sample: in every round over the frames, each comes once."""
    order = tf.stack([tf.cast(seed, number.dtype), number // length])
    return tf.random.experimental.index_shuffle(number % length, order, length - 1)


def _mixed_samples(read: Callable, sample: Callable, first: int, crops: int) -> tf.data.Dataset:
    """The samples from number `first` on, where the crops of `_MIXED` frames take turns."""
    in_block = _MIXED * crops

    def samples_of(number):
        """All samples of the `number`-th frame to be read, stacked."""
        frame = read(number)
        start = number // _MIXED * in_block + number % _MIXED
        samples = [sample(frame, start + turn * _MIXED) for turn in range(crops)]
        return tf.nest.map_structure(lambda *parts: tf.stack(parts), *samples)

    frames = tf.data.Dataset.range(first // in_block * _MIXED, tf.int64.max)
    return (
        frames.map(samples_of, tf.data.AUTOTUNE, deterministic=True)
        .interleave(
            lambda *stacked: tf.data.Dataset.from_tensor_slices(
                stacked if len(stacked) > 1 else stacked[0]
            ),
            cycle_length=_MIXED,
            block_length=1,
        )
        .skip(first % in_block)
    )
