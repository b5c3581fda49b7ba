"""What every domain offers: frames by index, as arrays and as graph operations."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import tensorflow as tf


class Domain(ABC):
    """A set of frames from one place, each an image and the labels that exist for it.

    A frame is a dictionary with some of these keys, all at the frame's own size:

    - `"image"`: uint8 `(height, width, 3)`, RGB.
    - `"semantic"`: uint8 `(height, width)`, 0 to 10, 255 = ignored.
    - `"depth"`: float32 `(height, width)`, metres along the optical axis, 0 = invalid.
    - `"normals"`: float32 `(height, width, 3)`, unit vectors towards the camera: x right, y down,
      z forward; zeros = invalid.

    Subclasses implement `__len__` and `read`, and set `name` and `tasks` (the label keys that
    exist); a data set without one of the splits train, val and test, or without labels in it,
    names another for it in `stands_in`. `dense` names the labels that are known at every pixel but
    for what is beyond their range, as a simulator's are, and LiDAR's are not. `read` runs in graph
    operations, so that `tf.data` decodes in parallel; it touches only the files of the keys that
    it is asked for.
    """

    name: str
    tasks: tuple[str, ...]
    stands_in: ClassVar[dict[str, str]] = {}
    dense: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def __len__(self) -> int:
        """Number of frames."""

    @abstractmethod
    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors."""

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        """The frame at `index` with all keys that it has, as NumPy arrays."""
        if not 0 <= index < len(self):
            raise IndexError(f"{self.name} has {len(self)} frames, there is no frame {index}")
        frame = self.read(tf.constant(index, tf.int64), ("image", *self.tasks))
        return {key: value.numpy() for key, value in frame.items()}

    def dataset(self, keys: tuple[str, ...]) -> tf.data.Dataset:
        """All frames in order, each a dictionary of the `keys`, read in parallel."""
        self.require(keys)
        return tf.data.Dataset.range(len(self)).map(
            lambda index: self.read(index, keys), num_parallel_calls=tf.data.AUTOTUNE
        )

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise a `ValueError` if this domain has no labels for one of the `keys`."""
        missing = sorted(set(keys) - {"image", *self.tasks})
        if missing:
            has = ", ".join(self.tasks) or "none"
            raise ValueError(f"{self.name} has no labels for {missing[0]!r}; its labels: {has}")
