"""How much of a picture each class takes, over many."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from adaat_keras.domains.pipeline.class_shares import class_shares


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


def class_sizes(labels: Iterable[np.ndarray], classes: int) -> ClassSizes:
    """Measure class sizes on label maps `(height, width)`, of crops where crops are trained on.

    A class that never occurs has bounds of 0.
    """
    shares = np.array([class_shares(each, classes) for each in labels])
    seen = (column[column > 0] for column in shares.T)
    sizes = [
        (np.quantile(c, 0.1), c.mean(), np.quantile(c, 0.9)) if c.size else (0, 0, 0) for c in seen
    ]
    return ClassSizes(*np.array(sizes, "float32").T)
