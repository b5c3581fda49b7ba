"""Images of more than 8 bits: which range of their values becomes black to white."""

from collections.abc import Sequence

import numpy as np

Range = tuple[float, float]

# Where the upper eight bits of 16 would leave fewer grey levels than this, they are not taken.
_FEW_LEVELS = 64
# So that a few dead or hot pixels decide nothing.
_PERCENTILES = (0.5, 99.5)
WHOLE: Range = (0.0, 65535.0)
"""What 16 bits hold."""


def checked_range(image_range: Sequence[float]) -> Range:
    """A range as two numbers.

    Raises:
        ValueError: It is none: two finite numbers, the lower one first.

    Example:
        >>> checked_range([7000, 9000])
        (7000.0, 9000.0)
    """
    try:
        low, high = map(float, image_range)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not low < high or not np.isfinite([low, high]).all():
        raise ValueError(
            f"an image range is LOW,HIGH, the values that become black and white, not "
            f"{image_range!r}"
        )
    return low, high


def range_of(pixels: np.ndarray) -> Range:
    """The range that an image of more than 8 bits fills.

    All that 16 bits hold, if that leaves at least 64 of 256 grey levels; else, as of a thermal
    camera of 14 bits, from the 0.5th to the 99.5th percentile.

    Args:
        pixels: Numbers of any shape.

    Example:
        >>> range_of(np.arange(7000, 9001))
        (7010.0, 8990.0)
        >>> range_of(np.arange(65536, dtype=np.uint16))
        (0.0, 65535.0)
    """
    known = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels.ravel()
    if not known.size:
        return WHOLE
    low, high = (float(round(each, 6)) for each in np.percentile(known, _PERCENTILES))
    if pixels.dtype.kind == "u" and (high - low) / 256 >= _FEW_LEVELS:
        return WHOLE
    return (low, high) if low < high else (low, low + 1)


def stretched(pixels: np.ndarray, image_range: Range) -> np.ndarray:
    """An image of more than 8 bits as one of 8, from the range's ends to 0 and 255.

    Args:
        pixels: Numbers of any shape; those that are not finite become 0.
        image_range: What becomes black and white; of the whole range of 16 bits, the upper eight
            bits are taken.

    Returns:
        uint8 of the same shape.

    Example:
        >>> stretched(np.array([0, 7000, 8000, 9000, 65535]), (7000, 9000)).tolist()
        [0, 0, 128, 255, 255]
    """
    if tuple(image_range) == WHOLE and pixels.dtype.kind == "u":
        return (pixels >> 8).astype(np.uint8)
    low, high = np.float32(image_range[0]), np.float32(image_range[1])
    values = np.nan_to_num(pixels.astype(np.float32), nan=low, posinf=high, neginf=low)
    share = np.clip((values - low) / (high - low), 0, 1)
    return np.rint(share * np.float32(255)).astype(np.uint8)


def told_range(image_range: Range) -> str:
    """A range in words."""
    if tuple(image_range) == WHOLE:
        return "the upper eight bits of 16 are taken"
    return f"{image_range[0]:g} to {image_range[1]:g} become black to white"
