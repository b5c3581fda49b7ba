"""How much of one picture each class takes."""

import numpy as np


def class_shares(labels: np.ndarray, classes: int) -> np.ndarray:
    """The share of each class among the labelled pixels, float64 `(classes,)`; 0 without any.

    Example:
        >>> class_shares(np.array([[0, 0, 1, 255]], "uint8"), 3).round(2).tolist()
        [0.67, 0.33, 0.0]
    """
    counts = np.bincount(np.reshape(labels, -1), minlength=256)[:classes]
    return counts / max(counts.sum(), 1)
