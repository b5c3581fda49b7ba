"""Photographs that are to be turned, as their EXIF says."""

import io
from contextlib import suppress

import numpy as np
from PIL import Image

# EXIF stands at a file's beginning.
_HEAD = 1 << 16
_ORIENTATION = 0x0112
# How it begins, in a JPEG and in a PNG.
EXIF = (b"Exif\0\0", b"eXIf")
# What brings pixels upright, by the EXIF orientation.
_TURNS = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def orientation(data: bytes) -> int:
    """How a PNG or JPEG is to be turned, by its EXIF: 1 to 8, 1 = it is upright.

    Args:
        data: The whole file.

    Example:
        >>> orientation(b"no picture")
        1
    """
    if not any(word in data[:_HEAD] for word in EXIF):
        return 1
    with suppress(Exception), Image.open(io.BytesIO(data)) as picture:
        told = picture.getexif().get(_ORIENTATION, 1)
        return told if told in _TURNS else 1
    return 1


def upright(pixels: np.ndarray, data: bytes) -> np.ndarray:
    """An image the way up that its EXIF says, as every viewer and `predict` show it.

    Example:
        >>> upright(np.zeros((2, 3, 3), np.uint8), b"no picture").shape
        (2, 3, 3)
    """
    return turned(pixels, orientation(data))


def turned(pixels: np.ndarray, told: int) -> np.ndarray:
    """Pixels the way up that an EXIF orientation says; as they are where it is no such number.

    Example:
        >>> turned(np.zeros((2, 3, 3), np.uint8), 6).shape
        (3, 2, 3)
    """
    turn = _TURNS.get(told)
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))
