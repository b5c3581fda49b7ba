"""One key of packed frames, read by index."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from adaat_keras.domains.pipeline.shard_index import ShardIndex, shard_path


class PackedKey:
    """The frames of one key, from the shards in a folder.

    Frames are read by their place in a shard, with NumPy within the graph: no TensorFlow
    operation reads a range of bytes without all that comes before them (measured: 4 ms a frame
    of 512 x 256 in a shard of 64, against 0.3 ms). NumPy reads outside the interpreter's lock,
    so reads run in parallel.

    Args:
        folder: Holds the shards and their `index.json`.

    Raises:
        FileNotFoundError: The index or a shard is missing.
        ValueError: The index is not ours, or a shard is cut off.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.index = ShardIndex.load(folder)
        self.index.check_lengths(folder)
        self.sizes = self.index.sizes()
        self._offsets = self.index.offsets()
        self._dtype = np.dtype(self.index.dtype).newbyteorder("<")

    def read(self, index: tf.Tensor) -> tf.Tensor:
        """The frame at `index` (int64 scalar), `(height, width, ...)`."""
        value = tf.numpy_function(self._read, [index], self.index.dtype, stateful=False)
        one_size = (self.sizes == self.sizes[0]).all()
        size = self.sizes[0] if one_size else (None, None)
        return tf.ensure_shape(value, (*size, *self.index.channels))

    def _read(self, index: np.ndarray) -> np.ndarray:
        shape = (*self.sizes[index], *self.index.channels)
        path = shard_path(self.folder, int(index) // self.index.shard_frames)
        pixels = np.fromfile(path, self._dtype, int(np.prod(shape)), offset=self._offsets[index])
        return pixels.reshape(shape)
