"""Frames that are decoded once, in memory or on the disk."""

from abc import abstractmethod
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.packed import PackedKey
from adaat_keras.domains.shards import fingerprint, write_shards
from adaat_keras.files import cache_folder


class KeyCache(Domain):
    """Hands out the frames of a domain, each key of which it loads when it is first read.

    Args:
        domain: Where the frames come from.
    """

    def __init__(self, domain: Domain):
        self.domain = domain
        self.name, self.tasks = domain.name, domain.tasks
        self._loaded: set[str] = set()

    def __len__(self) -> int:
        return len(self.domain)

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise unless the domain has labels for the `keys`; raises as the domain does."""
        super().require(keys)
        missing = self._missing(keys)
        if missing:
            self.domain.require(missing)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors; raises as the domain."""
        self.require(keys)
        missing = self._missing(keys)
        if missing:
            # `read` is traced into tf.data graphs: nothing can be read there yet, and a tensor
            # made there would be lost with them.
            with tf.init_scope(), tf.device("CPU"):
                # Not to be made a part of the graph from within which it is called.
                tf.autograph.experimental.do_not_convert(self._load)(missing)
            self._loaded.update(missing)
        return {key: self._frame(key, index) for key in keys}

    def _missing(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(key for key in keys if key not in self._loaded)

    @abstractmethod
    def _load(self, keys: tuple[str, ...]) -> None:
        """Load these keys of all frames."""

    @abstractmethod
    def _frame(self, key: str, index: tf.Tensor) -> tf.Tensor:
        """A loaded key of the frame at `index`."""


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


_SHARD_FRAMES = 128


class DiskCache(KeyCache):
    """Keeps the frames of a domain as raw pixels on the disk, each key from when it is first read.

    Each key has a folder named by the domain's fingerprint, with shards as `pack` writes them: a
    load that was killed goes on where it stopped, checksums are checked when a cache is opened,
    and damaged shards are written anew. Other options of the domain, or files that have changed,
    get other folders; old ones may be deleted at any time.

    Args:
        domain: Where the frames come from.
        folder: Where the folders go.

    Raises:
        ValueError: When first read: a frame cannot be.

    Example:
        >>> import tempfile
        >>> from adaat_keras.domains import Streets
        >>> folder = tempfile.mkdtemp()
        >>> streets = Streets("streets_sim", "val", frames=2, height=16, width=32, cache=folder)
        >>> DiskCache(streets, folder)[1]["depth"].shape
        (16, 32)
    """

    def __init__(self, domain: Domain, folder: str | Path):
        super().__init__(domain)
        self.folder = Path(folder).expanduser()
        self._keys: dict[str, PackedKey] = {}

    def _load(self, keys: tuple[str, ...]) -> None:
        names = {key: fingerprint(self.domain, key) for key in keys}
        folders = {key: self.folder / f"{self.name}-{key}-{names[key]}" for key in keys}
        write_shards(self.domain, folders, names, _SHARD_FRAMES)
        self._keys |= {key: PackedKey(folder) for key, folder in folders.items()}

    def _frame(self, key: str, index: tf.Tensor) -> tf.Tensor:
        return self._keys[key].read(index)


def cached(domain: Domain, where: str | None, folder: str | Path | None = None) -> Domain:
    """The same domain, each frame of which is decoded once, when its key is first read.

    Only the keys that are asked for are decoded and kept. Resize first, then cache.

    Args:
        domain: Where the frames come from.
        where: `"memory"` (see `MemoryCache` for how much), `"disk"` (see `DiskCache`), or `None`
            for no cache.
        folder: For `"disk"`; by default `frames` in the folder that the environment variable
            `ADAAT_KERAS_CACHE` names, or else in `~/.cache/adaat_keras`.

    Raises:
        ValueError: An unknown `where`.

    Example:
        >>> import tempfile
        >>> from adaat_keras.domains import Streets
        >>> options = {"frames": 2, "height": 16, "width": 32, "cache": tempfile.mkdtemp()}
        >>> frames = cached(Streets("streets_sim", "val", **options), "memory")
        >>> len(frames), frames[0]["image"].shape
        (2, (16, 32, 3))
    """
    if where is None:
        return domain
    if where == "memory":
        return MemoryCache(domain)
    if where == "disk":
        return DiskCache(domain, cache_folder() / "frames" if folder is None else folder)
    raise ValueError(f"unknown cache {where!r}; choose memory, disk or None")
