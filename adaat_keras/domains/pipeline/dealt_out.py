"""Batches for validation, each for one device."""

import tensorflow as tf

from adaat_keras.domains.pipeline.portion import Portion


def dealt_out(batches: tf.data.Dataset, portion: Portion) -> tuple[tf.data.Dataset, int]:
    """Deal batches out to devices, one each, over and over.

    Where they do not suffice for all devices the last time, the last devices get a batch of the
    same form that is empty.

    Args:
        batches: As many as its cardinality says.
        portion: The devices, and which of them are this machine's.

    Returns:
        This machine's batches without end, and how many each device gets before they come again.

    Example:
        >>> batches = tf.data.Dataset.range(3).batch(1)
        >>> ours, count = dealt_out(batches, Portion(machine=1, machines=2))
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
    """The same batches without anything in them."""

    def without(*parts):
        parts = tf.nest.map_structure(lambda x: x[:0], parts)
        return parts if isinstance(batches.element_spec, tuple) else parts[0]

    return batches.map(without)
