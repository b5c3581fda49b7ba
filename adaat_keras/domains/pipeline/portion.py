"""Which part of every batch a machine reads."""

from typing import NamedTuple

import tensorflow as tf


class Portion(NamedTuple):
    """The part of every batch that the devices of one machine take.

    The devices of all machines, one machine's after another's, take equal parts in order.

    Attributes:
        machine: Number of the machine, from 0.
        machines: How many there are.
        devices: How many devices each has.

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
        """Devices of all machines."""
        return self.machines * self.devices

    def of(self, samples: tf.data.Dataset, per_device: int) -> tf.data.Dataset:
        """This machine's samples, of which each device takes so many a batch.

        Samples are their numbers, or tuples that begin with them.
        """
        if self.machines == 1:
            return samples

        def is_ours(number, *_):
            return number // per_device % self.all_devices // self.devices == self.machine

        return samples.filter(is_ours)
