"""Depth to 24 bits, as SYNTHIA-SF and CARLA store it."""

import numpy as np

_LARGEST = 256**3 - 1
_FAR_PLANE = 1000.0


def pack_depth(depth: np.ndarray) -> np.ndarray:
    """Metres to the nearest 24-bit number; 0 is the sky here, which lies at the far plane.

    Args:
        depth: float32 `(height, width)`.

    Returns:
        uint8 `(height, width, 3)`, the red channel lowest.

    Example:
        >>> pack_depth(np.array([[0, 1000 / 16777215 * 0x030201]], "float32")).tolist()
        [[[255, 255, 255], [1, 2, 3]]]
    """
    metres = np.where(depth > 0, np.minimum(depth, _FAR_PLANE), _FAR_PLANE)
    code = np.rint(metres.astype(np.float64) / _FAR_PLANE * _LARGEST).astype(np.uint32)
    return np.stack([code >> shift & 255 for shift in (0, 8, 16)], axis=-1).astype(np.uint8)
