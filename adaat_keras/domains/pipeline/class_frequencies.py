"""How often each class occurs in a domain."""

import numpy as np

from adaat_keras.domains.domain import Domain


def class_frequencies(domain: Domain, classes: int, frames: int = 100) -> np.ndarray:
    """The share of each class among the labelled pixels of some frames, spread evenly.

    Args:
        domain: Has labels of `"semantic"`.
        classes: How many there are.
        frames: How many frames to look at; all of them where there are fewer.

    Returns:
        float64 `(classes,)`, sums to 1; a class that does not occur has 0.

    Raises:
        ValueError: No pixel of these frames has a class.
    """
    domain.require(("semantic",))
    count = min(frames, len(domain))
    counts = np.zeros(classes, np.int64)
    for n in range(count):
        labels = domain.read(n * len(domain) // count, ("semantic",))["semantic"].numpy()
        counts += np.bincount(labels.reshape(-1), minlength=256)[:classes]
    if not counts.sum():
        raise ValueError(f"{domain.name}: no pixel of {count} frames has a class")
    return counts / counts.sum()
