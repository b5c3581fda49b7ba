"""How much of a picture each class takes."""

from typing import NamedTuple

import numpy as np

from adaat_keras.domains.domain import Domain


class ClassSizes(NamedTuple):
    """The share of an image that each class takes where it is seen, float32 `(classes,)` each.

    Attributes:
        lower: Nine in ten images that show the class show more of it.
        mean: The mean over the images that show it.
        upper: Nine in ten show less.
    """

    lower: np.ndarray
    mean: np.ndarray
    upper: np.ndarray


def class_sizes(domain: Domain, classes: int, frames: int = 100) -> ClassSizes:
    """Measure class sizes on some frames of a labelled domain, spread evenly.

    Args:
        domain: Has labels of `"semantic"`.
        classes: How many there are; one that never occurs has bounds of 0.
        frames: How many frames to look at; all of them where there are fewer.
    """
    domain.require(("semantic",))
    count = min(frames, len(domain))
    shares = np.zeros((count, classes))
    for n in range(count):
        labels = domain.read(n * len(domain) // count, ("semantic",))["semantic"].numpy()
        counts = np.bincount(labels.reshape(-1), minlength=256)[:classes]
        shares[n] = counts / max(counts.sum(), 1)
    seen = (column[column > 0] for column in shares.T)
    sizes = [
        (np.quantile(c, 0.1), c.mean(), np.quantile(c, 0.9)) if c.size else (0, 0, 0) for c in seen
    ]
    return ClassSizes(*np.array(sizes, "float32").T)
