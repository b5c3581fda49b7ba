"""A smooth random pattern, made once, that textures and rough surfaces look up."""

from functools import cache

import numpy as np

_SIZE = 512


@cache
def _tile(smoothness: float) -> np.ndarray:
    """A `(512, 512)` float32 pattern in 0 to 1 that repeats without a seam."""
    white = np.random.default_rng(20240611).standard_normal((_SIZE, _SIZE))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(_SIZE), np.fft.rfftfreq(_SIZE), indexing="ij"))
    frequency[0, 0] = np.inf
    pattern = np.fft.irfft2(np.fft.rfft2(white) * frequency**-smoothness, s=(_SIZE, _SIZE))
    return np.clip(0.5 + pattern / (4 * pattern.std()), 0, 1).astype(np.float32)


def noise(x: np.ndarray, y: np.ndarray, scale: float, smoothness: float = 1.0) -> np.ndarray:
    """The pattern at `(x, y)` metres: float32 in 0 to 1, around 0.5.

    Args:
        x: First coordinate, any shape.
        y: Second coordinate, the same shape.
        scale: Size of the smallest detail in metres.
        smoothness: 0 is white noise, 1 has detail at all sizes, 1.5 is cloud-like.
    """
    column = (x * (1 / scale)).astype(np.int32) & (_SIZE - 1)
    row = (y * (1 / scale)).astype(np.int32) & (_SIZE - 1)
    return _tile(smoothness)[row, column]


def cells(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A value in 0 to 1 for each integer cell `(x, y)`, unrelated between neighbours."""
    return _tile(0.0)[y.astype(np.int32) & (_SIZE - 1), x.astype(np.int32) & (_SIZE - 1)]
