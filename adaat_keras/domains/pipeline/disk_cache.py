"""A domain whose frames are decoded once and kept on the disk."""

from pathlib import Path

import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.fingerprint import fingerprint
from adaat_keras.domains.pipeline.key_cache import KeyCache
from adaat_keras.domains.pipeline.packed_key import PackedKey
from adaat_keras.domains.pipeline.write_shards import write_shards

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
