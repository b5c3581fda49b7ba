"""Arrays in .npy files, and what a graph needs to read a file by NumPy."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Reader(NamedTuple):
    """How the files of one kind are read.

    Attributes:
        check: Returns width and height for a path, or raises a `ValueError` that names the file.
        read: Returns the pixels for a path, a string scalar, in graph operations.
        whole: Whether the values are integers.
    """

    check: Callable[[Path], tuple[int, int]]
    read: Callable[[tf.Tensor], tf.Tensor]
    whole: bool = True


def by_numpy(function: Callable, inputs: list[tf.Tensor], dtype: tf.DType) -> tf.Tensor:
    """Call a NumPy function in a graph or eagerly; its `ValueError` becomes TensorFlow's error."""
    try:
        return tf.numpy_function(function, inputs, dtype, stateful=False)
    except ValueError as error:
        raise tf.errors.InvalidArgumentError(None, None, str(error)) from error


def given_bytes(data: bytes | np.ndarray) -> bytes:
    """The bytes in an argument that a graph, or eager execution, passes to NumPy."""
    return np.asarray(data, object).item()


def given_path(path: bytes | np.ndarray) -> Path:
    """The path in an argument that a graph, or eager execution, passes to NumPy."""
    return Path(os.fsdecode(np.asarray(path, object).item()))


def named(path: bytes | np.ndarray, read: Callable[[Path], np.ndarray]) -> np.ndarray:
    """Read a file with NumPy or Pillow, turning any error into a `ValueError` that names the file.

    Graphs report only `ValueError`s as bad data.
    """
    file = given_path(path)
    try:
        return read(file)
    except FileNotFoundError:
        raise ValueError(
            f"{file}: there is no such file any more; copy or unpack it again"
        ) from None
    except Exception as error:
        if isinstance(error, ValueError) and str(error).startswith(f"{file}:"):
            raise
        raise ValueError(
            f"{file}: the file is damaged inside; copy or unpack it again ({error})"
        ) from error


# The kinds of numbers in an array, as NumPy abbreviates them, their last axis, and how it is given.
_ARRAYS = {
    "image": ("u", 3, np.uint8),
    "semantic": ("iub", 0, np.int32),
    "colors": ("u", 3, np.uint8),
    "depth": ("fiu", 0, np.float32),
    "normals": ("f", 3, np.float32),
}


def _array(path: Path, key: str) -> np.ndarray:
    """The array in a file, not yet read; raises a `ValueError` that names the file."""
    kinds, channels, _ = _ARRAYS[key]
    try:
        array = np.load(path, mmap_mode="r")
        if not isinstance(array, np.ndarray):
            array.close()
            raise ValueError("it is an archive of arrays (.npz)")
    except FileNotFoundError:
        raise
    except Exception as error:
        # NumPy parses the header as Python, which may fail in many ways.
        raise ValueError(f"{path}: no array that can be read: {error}") from error
    if channels == 0 and array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    form = array.shape[2:] == ((channels,) if channels else ()) and array.ndim >= 2 and array.size
    if array.dtype.kind not in kinds or not form or (key == "image" and array.dtype != np.uint8):
        last = ", 3" if channels else ""
        kind = "uint8" if kinds == "u" else "whole" if kinds == "iub" else "floating-point"
        raise ValueError(
            f"{path}: shape {array.shape} and dtype {array.dtype}, but {key} must be (height, "
            f"width{last}) of {kind} numbers"
        )
    return array


def arrays_reader(key: str, first: Path) -> Reader:
    """The reader for arrays: all integers or all floating-point, like the first."""
    whole = _array(first, key).dtype.kind != "f"

    def array(path: Path) -> np.ndarray:
        array = _array(path, key)
        if (array.dtype.kind != "f") != whole:
            this, other = ("floating-point", "whole") if whole else ("whole", "floating-point")
            raise ValueError(
                f"{path}: {this} numbers ({array.dtype}), but {first} holds {other} ones; write "
                "all as one kind, in one unit"
            )
        return array

    def size(path: Path) -> tuple[int, int]:
        height, width = array(path).shape[:2]
        return width, height

    return Reader(size, partial(_read_array, key=key, array=array), whole)


def _read_array(path: tf.Tensor, key: str, array: Callable[[Path], np.ndarray]) -> tf.Tensor:
    _, channels, dtype = _ARRAYS[key]

    def read(file: Path) -> np.ndarray:
        values = np.asarray(array(file))
        if values.dtype.kind in "iu" and dtype == np.int32:
            # Numbers that do not fit must not wrap around to other numbers.
            values = np.clip(values, -1, np.iinfo(dtype).max)
        with np.errstate(over="ignore"):
            return values.astype(dtype)

    shape = (None, None, channels) if channels else (None, None)
    return tf.ensure_shape(by_numpy(partial(named, read=read), [path], dtype), shape)
