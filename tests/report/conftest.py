import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.domains.domain import Domain

SIZES = ((17, 31), (32, 24), (20, 20), (25, 40), (18, 19))


class ToyDomain(Domain):
    """A few frames of different sizes in memory; the blue channel is the frame's number."""

    name = "toy"
    tasks = ("semantic", "depth")

    def __init__(self, sizes=SIZES):
        random = np.random.default_rng(0)
        self.frames = []
        for number, size in enumerate(sizes):
            image = random.integers(0, 256, (*size, 3), np.uint8)
            image[..., 2] = number
            semantic = random.choice([0, 3, 9, 255], size).astype(np.uint8)
            depth = random.uniform(0, 120, size).astype(np.float32)
            self.frames.append({"image": image, "semantic": semantic, "depth": depth})

    def __len__(self):
        return len(self.frames)

    def read(self, index, keys):
        types = {"image": (tf.uint8, 3), "semantic": (tf.uint8, 2), "depth": (tf.float32, 2)}
        values = tf.numpy_function(
            lambda n: [self.frames[n][key] for key in keys],
            [index],
            [types[key][0] for key in keys],
        )
        for key, value in zip(keys, values, strict=True):
            value.set_shape((None, None, 3)[: types[key][1]])
        return dict(zip(keys, values, strict=True))


@pytest.fixture
def toy_domain():
    return ToyDomain
