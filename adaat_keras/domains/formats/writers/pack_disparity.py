"""Depth to 16-bit disparity, as Cityscapes and KITTI store it."""

import numpy as np


def pack_disparity(depth: np.ndarray, focal_baseline: float, zero: int) -> np.ndarray:
    """Metres to the nearest 1/256 pixel of disparity; 0 where depth is invalid or too far.

    Args:
        depth: float32 `(height, width)`, 0 = invalid.
        focal_baseline: Focal length in pixels times baseline in metres.
        zero: The pixel value of disparity 0: 1 in Cityscapes, 0 in KITTI.

    Returns:
        uint16 `(height, width)`. Nearer than 256 pixels of disparity is out of range and clipped.

    Example:
        >>> pack_disparity(np.array([[400, 200, 0, 1e9]], "float32"), 400.0, zero=1).tolist()
        [[257, 513, 0, 0]]
    """
    with np.errstate(divide="ignore"):
        steps = np.rint(256 * focal_baseline / depth.astype(np.float64))
    pixels = np.minimum(steps + zero, 65535)
    return np.where((depth > 0) & (steps > 0), pixels, 0).astype(np.uint16)
