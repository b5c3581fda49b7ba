"""Batches of frames for training and evaluation."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from adaat_keras import tasks
from adaat_keras.domains.augment import augment, random_crop
from adaat_keras.domains.class_names import IGNORED
from adaat_keras.domains.domain import Domain, check_forms
from adaat_keras.domains.parallel import parallel_map
from adaat_keras.domains.splits import classes_of
from adaat_keras.tasks import Task


def keys_of(task: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The keys of a frame's image and its labels of no task, one or several.

    Example:
        >>> keys_of(None), keys_of("depth"), keys_of(("depth", "semantic"))
        (('image',), ('image', 'depth'), ('image', 'depth', 'semantic'))
    """
    if task is None:
        return ("image",)
    return ("image", task) if isinstance(task, str) else ("image", *task)


class Portion(NamedTuple):
    """The part of every batch that one machine's devices process.

    Batches are divided equally among all devices, in order of the machines.

    Attributes:
        machine: Index of the machine, from 0.
        machines: Number of machines.
        devices: Number of devices per machine.

    Example:
        >>> numbers = tf.data.Dataset.range(8)
        >>> [int(n) for n in Portion(machine=1, machines=2).of(numbers, per_device=2)]
        [2, 3, 6, 7]
    """

    machine: int = 0
    machines: int = 1
    devices: int = 1

    @property
    def all_devices(self) -> int:
        """The number of devices of all machines."""
        return self.machines * self.devices

    def of(self, samples: tf.data.Dataset, per_device: int) -> tf.data.Dataset:
        """This machine's samples, where each device takes `per_device` of every batch.

        Samples are their indices, or tuples that start with these.
        """
        if self.machines == 1:
            return samples

        def is_ours(number, *_):
            return number // per_device % self.all_devices // self.devices == self.machine

        return samples.filter(is_ours)


# The ignored values of labels, if not 0.
_IGNORED = (("semantic", IGNORED),)
# Frames whose crops are interleaved: more than a usual batch, few enough to keep in memory.
_MIXED = 32


def training_batches(
    domain: Domain,
    task: str | tuple[str, ...] | None,
    batch_size: int,
    crop: int | None,
    seed: int,
    first_batch: int = 0,
    crops_per_frame: int = 1,
    augmentation: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = augment,
    portion: Portion | None = None,
    stride: int = 1,
    ignored: Sequence[tuple[str, float]] = _IGNORED,
) -> tf.data.Dataset:
    """An infinite dataset of augmented frames of a domain, or of random crops of them.

    Frames are reshuffled after every pass over the domain. Sample n depends only on the seed and
    n, so that an interrupted training resumes with the same batches.

    With several crops per frame, each decoded frame gives that many samples, which are spread out:
    of 32 frames, first one crop of each is used, then a second one of each, and so on, and only
    then come the next 32 frames. Up to `32 * crops_per_frame` crops are kept in memory.

    Args:
        domain: The domain.
        task: The labels to read, of one task or several; `None` reads images only.
        batch_size: Frames or crops per batch.
        crop: Height and width of a crop; `None` takes whole frames, which must have equal sizes.
        seed: Of order, crops and augmentation.
        first_batch: Index of the batch to start with.
        crops_per_frame: Crops taken from a frame each time it is decoded.
        augmentation: Changes an image, given a seed, such that size and labels stay valid.
        portion: The devices that share every batch. The dataset has each device's part as a batch
            of its own, those of this machine's devices in turn; whole batches by default.
        stride: What height and width of whole frames are padded to multiples of, at the lower and
            right border: images by reflection, labels by ignored values.
        ignored: The ignored value of each task's labels, if not 0.

    Returns:
        A dataset of images `(batch, height, width, 3)`, float32 in 0..255, or of tuples of images
        and labels `(batch, height, width)`, one of each task.

    Raises:
        ValueError: There are no labels for the task, `crops_per_frame` is below 1 or given for
            whole frames, or the devices cannot share a batch.
    """
    keys = keys_of(task)
    domain.require(keys)
    if crops_per_frame < 1:
        raise ValueError(f"crops_per_frame must be at least 1, not {crops_per_frame}")
    if crop is None and crops_per_frame > 1:
        raise ValueError("crops_per_frame goes with crop: whole frames are not cropped")
    portion = portion or Portion()
    per_device, rest = divmod(batch_size, portion.all_devices)
    if rest:
        raise ValueError(f"{portion.all_devices} devices cannot share {batch_size} samples a batch")

    def seeds(number):
        return tf.unstack(tf.random.split(tf.stack([tf.cast(seed, number.dtype), number])))

    def read(number):
        return domain.read(shuffled(number, len(domain), seed), keys)

    def cut(frame, number):
        if crop is None:
            return padded_frame(frame, stride, ignored)
        return random_crop(frame, crop, seeds(number)[0])

    def finish(number, frame):
        image = augmentation(frame["image"], seeds(number)[1])
        return image if task is None else (image, *(frame[key] for key in keys[1:]))

    first = first_batch * batch_size
    numbers = tf.data.Dataset.range(first, tf.int64.max)
    if crops_per_frame == 1:
        numbers = portion.of(numbers, per_device)
        samples = parallel_map(numbers, lambda n: finish(n, cut(read(n), n)))
    else:
        crops = _mixed_crops(read, cut, first, crops_per_frame)
        samples = portion.of(tf.data.Dataset.zip(numbers, crops), per_device)
        samples = parallel_map(samples, finish)
    return samples.batch(per_device, drop_remainder=True).prefetch(4)


def pairs_of_batches(
    source: Domain,
    target: Domain,
    task: str | Task,
    batch_size: int = 8,
    crop: int | None = 128,
    seed: int = 0,
    augmentation: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = augment,
) -> tf.data.Dataset:
    """Training batches of two domains side by side, as stage 1's trainers take them.

    They are those of a run with this seed, provided that it does not resize the domains' frames.
    For `validation_data`, use `side_by_side` with `evaluation_batches` of both domains.

    Args:
        source, target: Domains A and B, both with labels of the task.
        task: Task 1: its name, e.g. `"depth"`, or a task of your own, in whose classes labels of
            classes are read; the key of labels that no task knows.
        batch_size: Images per step, half of them from each domain.
        crop, seed, augmentation: As in `training_batches`.

    Returns:
        An infinite dataset of `((x_source, x_target), (y_source, y_target))`: images
        `(batch_size / 2, crop, crop, 3)`, float32 in 0..255, and labels without the last axis.

    Raises:
        ValueError: `batch_size` is odd, a domain has no labels for the task or cannot tell its
            classes, or its values are not as `Domain` documents them.

    Example:
        >>> a, b = (Domain.from_arrays(np.zeros((2, 8, 8, 3), "uint8"),
        ...                            depth=np.ones((2, 8, 8), "float32")) for _ in range(2))
        >>> (x_source, x_target), (y_source, y_target) = next(
        ...     iter(pairs_of_batches(a, b, "depth", batch_size=4, crop=8)))
        >>> x_source.shape, y_target.shape
        (TensorShape([2, 8, 8, 3]), TensorShape([2, 8, 8]))
    """
    if batch_size % 2:
        raise ValueError(f"batch_size must be even, not {batch_size}: half of it is each domain's")
    both, ignored = {"source": source, "target": target}, _IGNORED
    if not isinstance(task, str) or task in tasks.names():
        task = tasks.get(task)
        if classes := classes_of(task):
            both = {role: domain.with_classes(classes) for role, domain in both.items()}
        task, ignored = task.name, ((task.name, task.ignored),)
    for domain in both.values():
        check_forms(domain, keys_of(task))
    options = {"augmentation": augmentation, "ignored": ignored}
    return side_by_side(
        *(
            training_batches(domain, task, batch_size // 2, crop, seed_of(seed, role), **options)
            for role, domain in both.items()
        )
    )


def seed_of(seed: int, role: str) -> int:
    """A training's seed for the frames of `"source"` or `"target"`.

    They differ so that two domains of equal length are not read in the same order.
    """
    return 2 * seed + (role == "target")


def side_by_side(*datasets: tf.data.Dataset | None) -> tf.data.Dataset | None:
    """Join datasets of `(images, labels)`, one per domain, as trainers take them.

    Elements are `(images, labels)`, each a tuple with one tensor per domain; the result is as long
    as the shortest dataset. `None` if one of them is.

    Example:
        >>> a = tf.data.Dataset.from_tensors((1, 2))
        >>> b = tf.data.Dataset.from_tensors((3, 4))
        >>> [[[int(v) for v in x] for x in pair] for pair in side_by_side(a, b)]
        [[[1, 3], [2, 4]]]
    """
    if None in datasets:
        return None
    return tf.data.Dataset.zip(datasets).map(
        lambda *pairs: (tuple(x for x, _ in pairs), tuple(y for _, y in pairs))
    )


def padded_frame(
    frame: dict[str, tf.Tensor], stride: int, ignored: Sequence[tuple[str, float]] = _IGNORED
) -> dict[str, tf.Tensor]:
    """Pad a frame at the bottom and right to a multiple of the stride, as `PadToStride` does.

    Labels are padded with the `ignored` value, or 0.

    Example:
        >>> frame = {"image": tf.zeros((6, 9, 3)), "semantic": tf.zeros((6, 9), tf.uint8)}
        >>> padded = padded_frame(frame, 4)
        >>> padded["image"].shape, int(padded["semantic"][7, 0])
        (TensorShape([8, 12, 3]), 255)
    """
    if stride == 1:
        return frame
    below, right = tf.unstack(-tf.shape(frame["image"])[:2] % stride)
    result = {}
    for key, value in frame.items():
        sides = [[0, below], [0, right], *[[0, 0]] * (value.shape.rank - 2)]
        if key == "image":
            padded = tf.pad(value, sides, "REFLECT")
        else:
            nothing = tf.constant(dict(ignored).get(key, 0), value.dtype)
            padded = tf.pad(value, sides, constant_values=nothing)
        size = (None if n is None else n + -n % stride for n in value.shape[:2])
        result[key] = tf.ensure_shape(padded, (*size, *value.shape[2:]))
    return result


def shuffled(number: tf.Tensor, length: int, seed: int) -> tf.Tensor:
    """The index of the frame of sample `number`; every pass over the frames is a permutation."""
    order = tf.stack([tf.cast(seed, number.dtype), number // length])
    return tf.random.experimental.index_shuffle(number % length, order, length - 1)


def _mixed_crops(read: Callable, cut: Callable, first: int, crops: int) -> tf.data.Dataset:
    """The crops from index `first` on, where those of `_MIXED` frames are interleaved."""
    in_block = _MIXED * crops

    def crops_of(number):
        """All crops of the `number`-th frame to be read, stacked."""
        frame = read(number)
        start = number // _MIXED * in_block + number % _MIXED
        taken = [cut(frame, start + turn * _MIXED) for turn in range(crops)]
        return {key: tf.stack([part[key] for part in taken]) for key in frame}

    frames = tf.data.Dataset.range(first // in_block * _MIXED, tf.int64.max)
    return (
        parallel_map(frames, crops_of)
        .interleave(tf.data.Dataset.from_tensor_slices, cycle_length=_MIXED, block_length=1)
        .skip(first % in_block)
    )


def evaluation_batches(
    domain: Domain,
    task: str | tuple[str, ...] | None,
    frames: int | None = None,
    stride: int = 1,
    ignored: Sequence[tuple[str, float]] = _IGNORED,
) -> tf.data.Dataset:
    """Images and labels of a domain in order, one whole frame a batch, since sizes may differ.

    Args:
        domain: The domain.
        task: The labels to read, of one task or several; `None` reads images only.
        frames: Number of frames, spread evenly over the domain; all by default.
        stride, ignored: As in `training_batches`.

    Returns:
        A dataset of images `(1, height, width, 3)`, uint8, and labels `(1, height, width)` of each
        task, or of images.
    """
    keys = keys_of(task)
    domain.require(keys)
    count = len(domain) if frames is None else min(frames, len(domain))

    def read(number):
        frame = domain.read(number * len(domain) // count, keys)
        frame = padded_frame(frame, stride, ignored)
        return frame["image"] if task is None else tuple(frame[key] for key in keys)

    samples = parallel_map(tf.data.Dataset.range(count), read)
    return samples.batch(1, drop_remainder=True).prefetch(4)


def distribute(batches: tf.data.Dataset, portion: Portion) -> tuple[tf.data.Dataset, int]:
    """Deal batches to devices in turn, repeatedly.

    If the number of batches is not a multiple of the number of devices, the last devices get an
    empty batch in the last round.

    Args:
        batches: A dataset of known cardinality.
        portion: The devices, and which of them are this machine's.

    Returns:
        An infinite dataset of this machine's batches, and the number of batches that each device
        gets per pass.

    Example:
        >>> batches = tf.data.Dataset.range(3).batch(1)
        >>> ours, count = distribute(batches, Portion(machine=1, machines=2))
        >>> count, [batch.numpy().tolist() for batch in ours.take(count)]
        (2, [[1], []])
    """
    devices = portion.all_devices
    count = int(batches.cardinality())
    missing = -count % devices
    if missing:
        batches = batches.concatenate(emptied(batches.take(1)).repeat(missing))
    ours = portion.of(batches.enumerate(), per_device=1).map(lambda _, batch: batch)
    return ours.repeat(), (count + missing) // devices


def emptied(batches: tf.data.Dataset) -> tf.data.Dataset:
    """The same batches with 0 images each."""

    def without(*parts):
        parts = tf.nest.map_structure(lambda x: x[:0], parts)
        return parts if isinstance(batches.element_spec, tuple) else parts[0]

    return batches.map(without)


def class_shares(labels: np.ndarray, classes: int) -> np.ndarray:
    """The share of each class among the labelled pixels, float64 `(classes,)`; 0 without any.

    Example:
        >>> class_shares(np.array([[0, 0, 1, 255]], "uint8"), 3).round(2).tolist()
        [0.67, 0.33, 0.0]
    """
    counts = np.bincount(np.reshape(labels, -1), minlength=256)[:classes]
    return counts / max(counts.sum(), 1)


def class_frequencies(domain: Domain, key: str, classes: int, frames: int = 100) -> np.ndarray:
    """The share of each class in some frames, spread evenly, with equal weight for each frame.

    Args:
        domain: The domain.
        key: The key of labels with class numbers, e.g. `"semantic"`.
        classes: Number of classes.
        frames: Maximum number of frames to read.

    Returns:
        float64 `(classes,)` with sum 1; 0 for a class that does not occur.

    Raises:
        ValueError: There are no such labels, or no pixel of these frames has a class.
    """
    domain.require((key,))
    count = min(frames, len(domain))
    places = (tf.constant(n * len(domain) // count, tf.int64) for n in range(count))
    labels = (domain.read(place, (key,))[key].numpy() for place in places)
    total = sum(class_shares(each, classes) for each in labels)
    if not total.sum():
        raise ValueError(f"{domain.name}: no pixel of {count} frames has a class")
    return total / total.sum()


class ClassSizes(NamedTuple):
    """Each class's share of the images in which it occurs, float32 `(classes,)` each.

    Attributes:
        lower: The 10th percentile over these images.
        mean: The mean over these images.
        upper: The 90th percentile over these images.
    """

    lower: np.ndarray
    mean: np.ndarray
    upper: np.ndarray


def class_sizes(labels: Iterable[np.ndarray], classes: int) -> ClassSizes:
    """Measure class sizes on label maps `(height, width)`: on crops, if crops are trained on.

    A class that never occurs has bounds of 0.
    """
    shares = np.array([class_shares(each, classes) for each in labels])
    seen = (column[column > 0] for column in shares.T)
    sizes = [
        (np.quantile(c, 0.1), c.mean(), np.quantile(c, 0.9)) if c.size else (0, 0, 0) for c in seen
    ]
    return ClassSizes(*np.array(sizes, "float32").T)
