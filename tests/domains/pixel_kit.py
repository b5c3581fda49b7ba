"""A domain of random pixels that tells which keys were read how often."""

from collections import Counter

import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain


class Reads:
    """Counts frames read, by key; and which frame cannot be read.

    An object of its own, since what is in plain attributes counts as an option of the domain.
    """

    def __init__(self, broken):
        self.by_key = Counter()
        self.broken = broken


class Pixels(Domain):
    """Frames of the given sizes; `broken` is the index of one that cannot be read."""

    name = "pixels"
    tasks = ("semantic", "depth")

    def __init__(self, sizes=((6, 8),) * 5, seed=0, broken=None):
        self.seed = seed
        self.reads = Reads(broken)
        rng = np.random.default_rng(seed)
        self._frames = [random_frame(rng, size) for size in sizes]

    def __len__(self):
        return len(self._frames)

    def read(self, index, keys):
        self.require(keys)
        return {key: self._value(index, key) for key in keys}

    def frame(self, index):
        """The truth."""
        return self._frames[index]

    def _value(self, index, key):
        def value(index):
            if index == self.reads.broken:
                raise ValueError(f"frame-{index}.png is damaged")
            self.reads.by_key[key] += 1
            return self._frames[index][key]

        first = self._frames[0][key]
        tensor = tf.numpy_function(value, [index], first.dtype)
        return tf.ensure_shape(tensor, (None, None, *first.shape[2:]))


def random_frame(rng, size):
    """Random pixels; four depths in ten are invalid."""
    return {
        "image": rng.integers(0, 256, (*size, 3), dtype=np.uint8),
        "semantic": rng.integers(0, 11, size, dtype=np.uint8),
        "depth": (rng.uniform(1, 99, size) * (rng.random(size) < 0.6)).astype(np.float32),
    }


def assert_equal_frames(actual, expected):
    assert set(actual) == set(expected)
    for key, pixels in actual.items():
        assert pixels.dtype == expected[key].dtype
        np.testing.assert_array_equal(pixels, expected[key])
