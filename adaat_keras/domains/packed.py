"""Frames that `adaat-keras data pack` has written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain, NoSplit
from adaat_keras.domains.shards import FILE, ShardIndex, shard_path
from adaat_keras.files import backslashes, home_expanded


class PackedKey:
    """The frames of one key, from the shards in a folder.

    Frames are read by their offset in a shard, with NumPy within the graph, since TensorFlow's
    operations can only read files from the start (measured: 4 ms for a frame of 512 x 256 in a
    shard of 64, versus 0.3 ms). NumPy releases the interpreter's lock, so reads run in parallel.

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
        count, offset = int(np.prod(shape)), self._offsets[index]
        try:
            pixels = np.fromfile(path, self._dtype, count, offset=offset)
        except OSError as error:
            # `ValueError`s in a graph are reported as bad data.
            raise ValueError(
                f"{path}: this shard has gone while it was in use ({error.strerror}); a cache is "
                "made anew by the same command, packed frames by `adaat-keras data pack`"
            ) from error
        if pixels.size != count:
            raise ValueError(f"{path}: this shard has been cut off while it was in use")
        return pixels.reshape(shape)


class Packed(Domain):
    """A domain that was decoded, resized and packed into TFRecord shards, at their size.

    `adaat-keras data pack DOMAIN --split train --out DIR` (or `pack`) writes them, and
    `--source packed --source-options '{"root": "DIR"}'` trains on them in place of the folders.
    To remove a label, delete its folder:

        root/
          train/image/index.json       which frame is where; checksums
          train/image/00000.tfrecord
          train/semantic/...
          train/depth/...
          val/...

    The shards are valid TFRecord files, but frames are read by random access (see `PackedKey`).

    Args:
        root: The folder given as `--out`.
        split: Name of a folder in it; `None` if `root` itself holds the keys.
        verify: Verify a key's checksums on first use, which reads all its files once. Without it,
            only the shards' lengths are checked.
        dense: The labels that are known at every pixel, where the frames were packed by a version
            that did not keep it.

    Attributes:
        name: The packed domain's name. Its camera and what is `dense` are kept, too.
        label_names: The packed domain's; the paper's eleven for data packed by older versions.
        folder: The folder that contains the keys.

    Raises:
        FileNotFoundError: There is no such folder, or a shard is missing.
        NoSplit: Other splits are packed there, this one is not.
        ValueError: The folder holds no packed domain (the message names one nearby that does), or
            an incomplete or damaged one, or one from another version; the message names the file.

    Example:
        >>> import tempfile
        >>> from adaat_keras.domains import Streets
        >>> from adaat_keras.domains.shards import pack
        >>> root = tempfile.mkdtemp()
        >>> streets = Streets("streets_sim", "val", frames=3, height=16, width=32, cache=root)
        >>> _ = pack(streets, root + "/val", keys=("image", "depth"))
        >>> packed = Packed(root, split="val")
        >>> packed.name, len(packed), packed.tasks, packed[1]["depth"].shape
        ('streets_sim', 3, ('depth',), (16, 32))
    """

    all_told = True

    def __init__(
        self,
        root: str | Path | None = None,
        split: str | None = None,
        verify: bool = True,
        dense: str | Sequence[str] | None = None,
    ):
        self.folder = _packed_folder(root, split)
        self._keys = {folder.name: PackedKey(folder) for folder in _key_folders(self.folder)}
        self._unverified = set(self._keys) if verify else set()
        self.tasks = tuple(key for key in self._keys if key != "image")
        self.name = self._keys["image"].index.domain
        for name, value in (self._keys["image"].index.camera or {}).items():
            setattr(self, name, tuple(value) if isinstance(value, list) else value)
        self.dense = tuple(key for key in self.tasks if self._keys[key].index.dense)
        if dense is not None:
            self.tell_dense(dense)
        self._check_together()
        if "semantic" in self.tasks and (names := self._keys["semantic"].index.label_names):
            self.label_names = dict(names)

    def __len__(self) -> int:
        return self._keys["image"].index.frames

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise unless there are undamaged shards for the `keys`.

        Raises:
            ValueError: There are none for a key, or a checksum is wrong.
        """
        super().require(keys)
        for key in sorted(self._unverified.intersection(keys)):
            self._keys[key].index.check_sums(self._keys[key].folder)
            self._unverified.remove(key)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors; raises as `require`."""
        self.require(keys)
        return {key: self._keys[key].read(index) for key in keys}

    def described(self, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
        """The checksums of the shards, and the label names."""
        sums = {key: [s.sha256 for s in self._keys[key].index.shards] for key in keys}
        names = self.label_names if "semantic" in keys else None
        return type(self).__name__, self.name, sums, names

    def _check_together(self) -> None:
        image = self._keys["image"]
        for key in self.tasks:
            label = self._keys[key]
            alike = label.index.domain == self.name and len(label.sizes) == len(image.sizes)
            if not (alike and (label.sizes == image.sizes).all()):
                raise ValueError(
                    f"{image.folder} and {label.folder} hold frames of different domains or "
                    f"sizes; delete {label.folder} and pack again"
                )


def _packed_folder(root: str | Path | None, split: str | None) -> Path:
    """The folder of a split, if there are packed images in it."""
    if root is None:
        raise ValueError("packed needs root=, the folder given to `adaat-keras data pack --out`")
    root = home_expanded(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder{backslashes(root)}")
    folder = root / (split or "")
    if not _is_packed(folder):
        message = f"{folder} holds no packed frames, since there is no image/{FILE} in it"
        other_split = split and any(map(_is_packed, root.glob("*")))
        raise (NoSplit if other_split else ValueError)(f"{message}; {_advice(root)}")
    return folder


def _is_packed(folder: Path) -> bool:
    return (folder / "image" / FILE).exists()


def _advice(root: Path) -> str:
    root = root.resolve()
    near = [root, root.parent, *sorted(root.glob("*")), *sorted(root.glob("*/*"))]
    found = [f"root={place.parent}, split={place.name!r}" for place in near if _is_packed(place)]
    if found:
        return f"packed frames are at {' or '.join(found[:3])}"
    return "write them with `adaat-keras data pack`"


def _key_folders(folder: Path) -> list[Path]:
    """The folders of keys; a label whose shards were deleted counts as deleted with them."""
    for shard in sorted(folder.glob("*/*.tfrecord")):
        if not shard.with_name(FILE).exists():
            raise FileNotFoundError(
                f"{shard.parent} has packed frames, but no {FILE} that says which; copy it, or "
                "delete the folder to withhold these labels"
            )
    folders = (path.parent for path in sorted(folder.glob(f"*/{FILE}")))
    return [f for f in folders if f.name == "image" or any(f.glob("*.tfrecord"))]
