"""How often each class occurs in a domain."""

import numpy as np

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.class_shares import class_shares


def class_frequencies(domain: Domain, classes: int, frames: int = 100) -> np.ndarray:
    """The share of each class in some frames, spread evenly, each frame counting alike.

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
    places = (n * len(domain) // count for n in range(count))
    labels = (domain.read(place, ("semantic",))["semantic"].numpy() for place in places)
    total = sum(class_shares(each, classes) for each in labels)
    if not total.sum():
        raise ValueError(f"{domain.name}: no pixel of {count} frames has a class")
    return total / total.sum()
