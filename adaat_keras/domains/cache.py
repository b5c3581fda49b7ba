"""Caches of decoded frames, in memory or on disk, and domains of arrays."""

import copy
import hashlib
import os
import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.class_names import IGNORED, UNKNOWN, Entry, label_entries
from adaat_keras.domains.content import blended_problem, unlikely_depth
from adaat_keras.domains.domain import Domain, SameCamera, check_above_0, said_in_graph
from adaat_keras.domains.packed import PackedKey
from adaat_keras.domains.shards import fingerprint, write_shards
from adaat_keras.files import CHANGE_CACHE, cache_folder, home_expanded, made_folder, slug
from adaat_keras.tasks.semantic import Semantic


class FrameStore:
    """Frames of one key, concatenated in one buffer, since they may differ in size.

    Args:
        frames: Arrays or tensors `(height, width, ...)`.
    """

    def __init__(self, frames: Sequence[np.ndarray]):
        self.shapes = np.array([value.shape for value in frames], np.int64)
        self.pixels = tf.concat([tf.reshape(value, [-1]) for value in frames], 0)

    def read(self, index: tf.Tensor) -> tf.Tensor:
        """The frame at `index` (int64 scalar)."""
        shapes = self.shapes
        lengths = np.prod(shapes, axis=1)
        begin = tf.gather(np.cumsum(lengths) - lengths, index)
        pixels = tf.slice(self.pixels, [begin], [tf.gather(lengths, index)])
        known = [n if (shapes[:, axis] == n).all() else None for axis, n in enumerate(shapes[0])]
        return tf.ensure_shape(tf.reshape(pixels, tf.gather(shapes, index)), known)

    def digest(self) -> str:
        """The SHA-256 of all sizes and pixels, in hexadecimal digits."""
        found = hashlib.sha256(self.shapes.tobytes())
        # Without a copy, which might not fit into memory. Viewed as bytes, since NumPy's buffer
        # protocol does not support all dtypes.
        found.update(np.asarray(self.pixels).view(np.uint8))
        return found.hexdigest()


# Number of frames whose labels are checked for plausibility.
_LOOKS = 4


class Arrays(Domain):
    """Frames from a user's arrays; created by `Domain.from_arrays` and `from_dataset`.

    Args:
        columns: `"image"` and labels, each with one array per frame.
        label_names: As `Domain.from_arrays` takes them.
        name: The domain's name.
        focal_length: In pixels, if known.
        dense: Labels without holes.

    Raises:
        ValueError: An array has a wrong shape, dtype or length.
    """

    def __init__(
        self,
        columns: Mapping[str, Sequence[np.ndarray]],
        label_names: Sequence[Entry] | Mapping[int, Entry] | str | None = None,
        name: str = "arrays",
        focal_length: float | None = None,
        dense: str | Sequence[str] = (),
    ):
        check_above_0(focal_length=focal_length)
        self.name, self.focal_length = name, focal_length
        self.tasks = tuple(key for key in columns if key != "image")
        self.tell_dense(dense)
        if label_names is not None:
            self.label_names = label_entries(label_names)
            if max(self.label_names) >= UNKNOWN:
                raise ValueError(f"{name}: label numbers go up to {UNKNOWN - 1}")
        images = columns["image"]
        counts = {key: _count(column, f"{name}, {key}") for key, column in columns.items()}
        if not counts["image"]:
            raise ValueError(f"{name}: there are no images")
        if getattr(images, "ndim", None) == 3 and images.shape[-1] == 3:
            raise ValueError(
                f"{name}: the images have shape {tuple(images.shape)}, which is one image: add a "
                "first axis, as images[None]; likewise to its labels"
            )
        for key, count in counts.items():
            if count != counts["image"]:
                raise ValueError(f"{name}: {counts['image']} images, but {count} of {key}")
        frames: dict[str, list[np.ndarray]] = {key: [] for key in columns}
        for number, image in enumerate(images):
            frames["image"].append(_checked_image(image, f"{name}, image {number}"))
            for key in self.tasks:
                where = f"{name}, {key} {number}"
                label = self._checked(key, np.asarray(columns[key][number]), where)
                size, own = label.shape[:2], frames["image"][-1].shape[:2]
                if size != own:
                    raise ValueError(
                        f"{where} is {size[1]} x {size[0]} pixels, but its image is {own[1]} x "
                        f"{own[0]}; both must show the same pixels"
                    )
                frames[key].append(label)
        self._tell_of_doubts(frames)
        with tf.device("CPU"):
            self._stores = {key: FrameStore(column) for key, column in frames.items()}

    def _tell_of_doubts(self, frames: Mapping[str, list[np.ndarray]]) -> None:
        """Warn if labels have the right form, but implausible content."""
        maps = frames.get("semantic", [])[:_LOOKS]
        doubts = {
            "depth": unlikely_depth(frames.get("depth", [])),
            "semantic": next(filter(None, map(blended_problem, maps)), None),
        }
        for key, doubt in doubts.items():
            if doubt:
                warnings.warn(f"{self.name}, {key}: {doubt}", stacklevel=4)

    def __len__(self) -> int:
        return len(self._stores["image"].shapes)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors; raises as `require`."""
        self.require(keys)
        return {key: self._stores[key].read(index) for key in keys}

    all_told = True

    def described(self, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
        """All pixels count."""
        return super().described(keys, place), [self._stores[key].digest() for key in keys]

    def _checked(self, key: str, label: np.ndarray, where: str) -> np.ndarray:
        """A label in the domain's form."""
        from adaat_keras import tasks

        if key == "semantic":
            return self._checked_numbers(_flat(label, where), where)
        if key not in tasks.names():
            return label
        task = tasks.get(key)
        label = label if task.components else _flat(label, where)
        task.check_labels(label, where)
        valid = np.isfinite(label).all(-1, keepdims=True) if task.components else label > 0
        return np.where(valid & np.isfinite(label), label, 0).astype(np.float32)

    def _checked_numbers(self, numbers: np.ndarray, where: str) -> np.ndarray:
        entries = label_entries(self.label_names)
        wrong = numbers[~np.isin(numbers, [*entries, IGNORED])]
        if wrong.size:
            raise ValueError(
                f"{where}: the label {wrong[0]} has no name; its numbers are "
                f"{', '.join(map(str, entries))} by label_names, and {IGNORED} is ignored"
            )
        return numbers.astype(np.uint8)


def _count(column: Sequence[np.ndarray], where: str) -> int:
    """How many frames a column has."""
    try:
        if isinstance(column, str | Mapping | set):
            raise TypeError
        return len(column)
    except TypeError:
        raise ValueError(
            f"{where}: frames are a list of arrays, or one array of them all, not "
            f"{type(column).__name__}; list(...) makes one of a generator"
        ) from None


def _checked_image(image: np.ndarray, where: str) -> np.ndarray:
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise ValueError(
            f"{where} has shape {image.shape} and dtype {image.dtype}, it must be (height, width, "
            "3) of uint8, RGB from 0 to 255"
        )
    if not image.size:
        raise ValueError(f"{where} has shape {image.shape}, which is not a single pixel")
    return image


def _flat(label: np.ndarray, where: str) -> np.ndarray:
    """A map of one number a pixel, `(height, width)`."""
    if label.ndim == 3 and label.shape[-1] == 1:
        label = label[..., 0]
    if label.ndim != 2:
        raise ValueError(f"{where} has shape {label.shape}, it must be (height, width)")
    return label


def columns_of(dataset: tf.data.Dataset, name: str) -> dict[str, list[np.ndarray]]:
    """The frames of a dataset, read into memory; arguments and errors as of `from_dataset`."""
    from adaat_keras import tasks

    if not isinstance(dataset, tf.data.Dataset):
        raise ValueError(
            f"{name}: from_dataset takes a tf.data.Dataset, not {type(dataset).__name__}; "
            "from_arrays takes lists and arrays"
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(f"{name}: the dataset never ends; pass a part, such as .take(100)")
    spec = dataset.element_spec
    if not isinstance(spec, dict) or "image" not in spec:
        raise ValueError(
            f"{name}: an element is a dictionary with 'image' and labels by name, such as "
            f"'depth', not {spec}"
        )
    if getattr(spec["image"], "shape", tf.TensorShape(None)).rank == 4:
        raise ValueError(
            f"{name}: the dataset's images have shape {spec['image'].shape}, they come in batches; "
            "pass dataset.unbatch()"
        )
    known = {"image", *tasks.names()}
    keys = [key for key in ("image", *spec) if key in known or _may_be_map(spec[key])]
    frames = _frames(dataset, list(dict.fromkeys(keys)), name)
    size = frames[0]["image"].shape[:2] if frames else ()
    keys = [key for key in keys if key in known or (frames and frames[0][key].shape[:2] == size)]
    if frames and (aside := [key for key in spec if key not in keys]):
        warnings.warn(
            f"{name}: left aside what is no map of the image's size: {', '.join(aside)}",
            stacklevel=3,
        )
    return {key: [frame[key] for frame in frames] for key in dict.fromkeys(keys)}


def _may_be_map(spec: tf.TypeSpec) -> bool:
    """Whether an entry with this type spec may be a map of numbers."""
    if not isinstance(spec, tf.TensorSpec) or spec.dtype == tf.string:
        return False
    return spec.shape.rank is None or spec.shape.rank >= 2


def _frames(dataset: tf.data.Dataset, keys: list[str], name: str) -> list[dict[str, np.ndarray]]:
    """The `keys` of all frames; a `ValueError` if one cannot be read, or there are too many."""
    frames: list[dict[str, np.ndarray]] = []
    size = 0
    try:
        for frame in dataset:
            frames.append({key: np.asarray(frame[key]) for key in keys})
            size += sum(value.nbytes for value in frames[-1].values())
            if size > _most_bytes():
                raise ValueError(
                    f"{name}: {len(frames)} frames of the dataset are {size / 1e9:.1f} GB, half of "
                    "this machine's memory, and there are more; pass a part, such as .take(100), "
                    "or write them as files"
                )
    except tf.errors.OpError as error:
        raise ValueError(f"{name}: frame {len(frames)}: {said_in_graph(error)}") from error
    return frames


def _most_bytes() -> int:
    """Half of the memory, since frames are in it twice while they are concatenated."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError):
        # Windows does not tell.
        return 8 * 2**30


class KeyCache(SameCamera):
    """Base class of caches, which load each key of a domain when it is first read.

    Args:
        domain: The domain to cache.
    """

    def __init__(self, domain: Domain):
        self.domain = domain
        self.name, self.tasks, self.dense = domain.name, domain.tasks, domain.dense
        self.label_names = domain.label_names
        self._loaded: set[str] = set()

    def __len__(self) -> int:
        return len(self.domain)

    def require(self, keys: tuple[str, ...]) -> None:
        """Load the `keys` that are not loaded yet; raises as the domain does.

        Batches call this first. Loading later, within a graph, would turn errors such as a full
        disk into TensorFlow's.
        """
        super().require(keys)
        missing = self._missing(keys)
        if missing:
            self.domain.require(missing)
            # It may be asked for in a graph all the same: nothing can be read there yet, and a
            # tensor made there would be lost with it.
            with tf.init_scope(), tf.device("CPU"):
                # Not to be made a part of the graph from within which it is called.
                tf.autograph.experimental.do_not_convert(self._load)(missing)
            self._loaded.update(missing)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors; raises as the domain."""
        self.require(keys)
        return {key: self._frame(key, index) for key in keys}

    def with_classes(self, task: Semantic) -> Domain:
        """A cache of the domain with these classes; what else is loaded stays loaded."""
        domain = self.domain.with_classes(task)
        return self if domain is self.domain else self._of(domain)

    def described(self, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
        """As the wrapped domain's, since a cache does not change frames."""
        return self.domain.described(keys, place)

    def identity(self, keys: tuple[str, ...] | None = None) -> str:
        """The domain's own."""
        return self.domain.identity(keys)

    def _of(self, domain: Domain) -> Self:
        """The same kind of cache for a domain with other classes."""
        other = copy.copy(self)
        other.domain, other.label_names = domain, domain.label_names
        other._loaded = self._loaded - {"semantic"}
        return other

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
    """Keeps the frames of a domain in memory, each key from its first use on.

    Memory: frames x height x width x 3 bytes for images, 1 for semantics, 4 for depth, 12 for
    normals (3.1 GB for Cityscapes' 2975 frames at 512 x 256 with the first three), twice that for
    a key while it is loaded. A label is read together with its image, so that the domain can
    detect different sizes.

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
        self._stores: dict[str, FrameStore] = {}

    def _load(self, keys: tuple[str, ...]) -> None:
        frames = {key: [] for key in keys}
        verbose = int(len(self) > _FEW)
        progress = keras.utils.Progbar(len(self), unit_name="frame", verbose=verbose)
        try:
            for frame in self.domain.dataset(("image", *(key for key in keys if key != "image"))):
                for key in keys:
                    frames[key].append(frame[key])
                progress.add(1)
        except tf.errors.OpError as error:
            raise ValueError(f"{self.name}: {said_in_graph(error)}") from error
        for key in keys:
            self._stores[key] = FrameStore(frames.pop(key))

    def _of(self, domain: Domain) -> Self:
        other = super()._of(domain)
        other._stores = dict(self._stores)
        return other

    def _frame(self, key: str, index: tf.Tensor) -> tf.Tensor:
        return self._stores[key].read(index)


_SHARD_FRAMES = 128


class DiskCache(KeyCache):
    """Keeps the frames of a domain as raw pixels on disk, each key from its first use on.

    Each key has a folder named by the domain's fingerprint, with shards as `pack` writes them:
    interrupted loading is resumed, checksums are verified when a cache is opened, and damaged
    shards are rewritten. One process at a time loads a key; others wait for it. Changed options or
    files lead to new folders; old ones may be deleted at any time.

    Args:
        domain: Where the frames come from.
        folder: Where the folders go.

    Raises:
        ValueError: On first use, a frame cannot be read.
        OSError: The folder cannot be created, or its disk is full.

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
        self.folder = home_expanded(folder)
        self._keys: dict[str, PackedKey] = {}

    def _load(self, keys: tuple[str, ...]) -> None:
        made_folder(self.folder, CHANGE_CACHE)
        names = {key: fingerprint(self.domain, key) for key in keys}
        folders = {key: self.folder / f"{slug(self.name)}-{key}-{names[key]}" for key in keys}
        write_shards(self.domain, folders, names, _SHARD_FRAMES)
        self._keys |= {key: PackedKey(folder) for key, folder in folders.items()}

    def _of(self, domain: Domain) -> Self:
        other = super()._of(domain)
        other._keys = dict(self._keys)
        return other

    def _frame(self, key: str, index: tf.Tensor) -> tf.Tensor:
        return self._keys[key].read(index)


def cached(domain: Domain, where: str | None, folder: str | Path | None = None) -> Domain:
    """A cached domain, which decodes all frames once, when a key is first read.

    Only requested keys are decoded and kept. Resize before caching.

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
