"""Endless batches for training, each a function of the seed and its number."""

from collections.abc import Callable

import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.augment import augment
from adaat_keras.domains.pipeline.keys_of import keys_of
from adaat_keras.domains.pipeline.portion import Portion
from adaat_keras.domains.pipeline.random_crop import random_crop

# Frames whose crops are mixed: more than a batch usually takes, few enough to hold all the crops.
_MIXED = 32


def training_batches(
    domain: Domain,
    task: str | tuple[str, ...] | None,
    batch_size: int,
    crop: int,
    seed: int,
    first_batch: int = 0,
    crops_per_frame: int = 1,
    augmentation: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = augment,
    portion: Portion | None = None,
) -> tf.data.Dataset:
    """Random, augmented crops of a domain, without end.

    Every frame comes once before any comes again, in a new order each time. Sample n is a
    function of the seed and n alone, so that a training that was interrupted goes on with the
    batches that it would have seen.

    With several crops a frame, each is decoded once for that many samples, and these are spread:
    of 32 frames, one crop of each comes first, then another of each, and so on, and only then the
    next 32 frames. The crops that wait, up to `32 * crops_per_frame`, are held in memory.

    Args:
        domain: Where the frames come from.
        task: The labels to read, of one task or several; `None` reads images alone.
        batch_size: Crops a batch.
        crop: Height and width of a crop.
        seed: Decides order, place and augmentation.
        first_batch: Number of the batch to begin with.
        crops_per_frame: Crops of a frame each time it is decoded.
        augmentation: What changes an image, given a seed; leaves size and labels true.
        portion: The devices that share every batch. The dataset has each device's part as a batch
            of its own, those of this machine's devices in turn; whole batches by default.

    Returns:
        A dataset of images `(batch, crop, crop, 3)`, float32 in 0..255, or of tuples of images and
        labels `(batch, crop, crop)`, one of each task.

    Raises:
        ValueError: There are no labels for the task, `crops_per_frame` is below 1, or the devices
            cannot share a batch.
    """
    keys = keys_of(task)
    domain.require(keys)
    if crops_per_frame < 1:
        raise ValueError(f"crops_per_frame must be at least 1, not {crops_per_frame}")
    portion = portion or Portion()
    per_device, rest = divmod(batch_size, portion.all_devices)
    if rest:
        raise ValueError(f"{portion.all_devices} devices cannot share {batch_size} samples a batch")

    def seeds(number):
        return tf.unstack(tf.random.split(tf.stack([tf.cast(seed, number.dtype), number])))

    def read(number):
        return domain.read(shuffled(number, len(domain), seed), keys)

    def cut(frame, number):
        return random_crop(frame, crop, seeds(number)[0])

    def finish(number, frame):
        image = augmentation(frame["image"], seeds(number)[1])
        return image if task is None else (image, *(frame[key] for key in keys[1:]))

    first = first_batch * batch_size
    numbers = tf.data.Dataset.range(first, tf.int64.max)
    if crops_per_frame == 1:
        numbers = portion.of(numbers, per_device)
        crops = numbers.map(lambda n: cut(read(n), n), tf.data.AUTOTUNE, deterministic=True)
        samples = tf.data.Dataset.zip(numbers, crops)
    else:
        crops = _mixed_crops(read, cut, first, crops_per_frame)
        samples = portion.of(tf.data.Dataset.zip(numbers, crops), per_device)
    samples = samples.map(finish, tf.data.AUTOTUNE, deterministic=True)
    return samples.batch(per_device, drop_remainder=True).prefetch(4)


def shuffled(number: tf.Tensor, length: int, seed: int) -> tf.Tensor:
    """The frame of the `number`-th sample: in every round over the frames, each comes once."""
    order = tf.stack([tf.cast(seed, number.dtype), number // length])
    return tf.random.experimental.index_shuffle(number % length, order, length - 1)


def _mixed_crops(read: Callable, cut: Callable, first: int, crops: int) -> tf.data.Dataset:
    """The crops from number `first` on, where those of `_MIXED` frames take turns."""
    in_block = _MIXED * crops

    def crops_of(number):
        """All crops of the `number`-th frame to be read, stacked."""
        frame = read(number)
        start = number // _MIXED * in_block + number % _MIXED
        taken = [cut(frame, start + turn * _MIXED) for turn in range(crops)]
        return {key: tf.stack([part[key] for part in taken]) for key in frame}

    return (
        tf.data.Dataset.range(first // in_block * _MIXED, tf.int64.max)
        .map(crops_of, tf.data.AUTOTUNE, deterministic=True)
        .interleave(tf.data.Dataset.from_tensor_slices, cycle_length=_MIXED, block_length=1)
        .skip(first % in_block)
    )
