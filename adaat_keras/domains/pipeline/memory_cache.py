"""A domain whose frames are decoded once and kept in memory."""

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.key_cache import KeyCache

# Fewer frames are done before a progress bar would say anything.
_FEW = 64


class MemoryCache(KeyCache):
    """Keeps the frames of a domain in memory, each key from when it is first read.

    Memory: frames x height x width x 3 bytes for images, 1 for semantics, 4 for depth, 12 for
    normals (3.1 GB for Cityscapes' 2975 frames at 512 x 256 with the first three), and while a key
    is loaded once more for that key. A label is loaded together with its image, so that the domain
    can tell when their sizes differ.

    Args:
        domain: Where the frames come from.

    Example:
        >>> import tempfile
        >>> from adaat_keras.domains import Streets
        >>> options = {"frames": 2, "height": 16, "width": 32, "cache": tempfile.mkdtemp()}
        >>> MemoryCache(Streets("streets_sim", "val", **options))[1]["depth"].shape
        (16, 32)
    """

    def __init__(self, domain: Domain):
        super().__init__(domain)
        self._pixels: dict[str, tf.Tensor] = {}
        self._shapes: dict[str, np.ndarray] = {}

    def _load(self, keys: tuple[str, ...]) -> None:
        frames = {key: [] for key in keys}
        verbose = int(len(self) > _FEW)
        progress = keras.utils.Progbar(len(self), unit_name="frame", verbose=verbose)
        for frame in self.domain.dataset(("image", *(key for key in keys if key != "image"))):
            for key in keys:
                frames[key].append(frame[key])
            progress.add(1)
        for key in keys:
            # Laid end to end, since frames may differ in size.
            self._shapes[key] = np.array([value.shape for value in frames[key]], np.int64)
            self._pixels[key] = tf.concat([tf.reshape(v, [-1]) for v in frames.pop(key)], 0)

    def _frame(self, key: str, index: tf.Tensor) -> tf.Tensor:
        shapes = self._shapes[key]
        lengths = np.prod(shapes, axis=1)
        begin = tf.gather(np.cumsum(lengths) - lengths, index)
        pixels = tf.slice(self._pixels[key], [begin], [tf.gather(lengths, index)])
        known = [n if (shapes[:, axis] == n).all() else None for axis, n in enumerate(shapes[0])]
        return tf.ensure_shape(tf.reshape(pixels, tf.gather(shapes, index)), known)
