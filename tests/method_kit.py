"""Domains in memory, and trainings of a few steps on them, which learn nothing."""

import numpy as np

from adaat_keras import tasks
from adaat_keras.domains import Domain

TINY = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 2, "crop": 64}


def make_domain(name, seed, count=3, size=64, labels=("depth", "normals", "semantic")):
    """Random frames; half of each label map is valid everywhere."""
    rng = np.random.default_rng(seed)
    shape = (count, size, size)
    columns = {
        "depth": rng.uniform(1, 90, shape).astype("float32"),
        "normals": tasks.get("normals").decode(rng.normal(size=(*shape, 3))),
        "semantic": rng.integers(0, 11, shape).astype("uint8"),
    }
    images = rng.integers(0, 256, (*shape, 3)).astype("uint8")
    return Domain.from_arrays(images, **{key: columns[key] for key in labels}, name=name)
