"""Packing of a domain's frames into a few TFRecord files."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.camera import Camera
from adaat_keras.domains.class_names import label_entries
from adaat_keras.domains.domain import Domain, said_in_graph
from adaat_keras.domains.parallel import parallel_map
from adaat_keras.domains.resize import Resized
from adaat_keras.files import (
    home_expanded,
    made_folder,
    read_json,
    told_when_full,
    write_json,
    written_whole,
)
from adaat_keras.lock import locked


def fingerprint(domain: Domain, key: str) -> str:
    """A hash of a domain's current content for a key.

    Unlike `Domain.identity`, it depends on the location of files and on their modification times.
    It covers the domain's attributes (`Domain.described`) and the pixels of its first, middle and
    last frame, and so changes with the root, the split, the size, options and versions of files,
    provided that these are stored in attributes.

    Args:
        domain: The domain; three of its frames are read.
        key: `"image"` or a label.

    Returns:
        16 hexadecimal digits.

    Example:
        >>> import tempfile
        >>> from adaat_keras.domains import Streets
        >>> options = {"frames": 2, "height": 16, "width": 32, "cache": tempfile.mkdtemp()}
        >>> streets = Streets("streets_sim", "val", **options)
        >>> fingerprint(streets, "depth") == fingerprint(streets, "semantic")
        False
    """
    about = key, len(domain), domain.described((key,), _with_times)
    digest = hashlib.sha256(repr(about).encode())
    for index in sorted({0, len(domain) // 2, len(domain) - 1}):
        pixels = domain.read(tf.constant(index, tf.int64), (key,))[key].numpy()
        digest.update(repr((pixels.shape, pixels.dtype)).encode() + pixels.tobytes())
    return digest.hexdigest()[:16]


def _with_times(value: str | Path):
    """A string as it is; a path with its size and time of change where it is a file."""
    if isinstance(value, str):
        return value
    stat = value.stat() if value.is_file() else None
    return str(value), stat and (stat.st_size, stat.st_mtime_ns)


FILE = "index.json"
# The attributes of a domain that describe its camera.
_CAMERA = ("focal_length", "principal_point", "camera_height", "image_range")
_FORMAT = "adaat_keras packed frames"
_VERSION = 1
# A TFRecord is the length (8 bytes), its checksum (4), the pixels, and their checksum (4).
_BEFORE, _AFTER = 12, 4
_AGAIN = "run `adaat-keras data pack` again with the same arguments, which writes it anew"


# The dtypes and shapes that all domains share; other labels have their own.
_FORMS = {
    "image": ("uint8", [3]),
    "semantic": ("uint8", []),
    "depth": ("float32", []),
    "normals": ("float32", [3]),
}


def _sums(values: dict) -> dict[str, str]:
    """The checksums of an index's entries on all shards, and of its label names.

    They are separate, since an index without names is valid, too.
    """
    parts = {"names": values.get("label_names")} if values.get("label_names") is not None else {}
    parts["about"] = {k: v for k, v in values.items() if k not in ("label_names", "shards")}
    return {name: _sum(part) for name, part in parts.items()}


def _sum(value) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Shard:
    """One file of packed frames.

    Attributes:
        frames: Number of frames.
        bytes: Length of the file.
        sha256: Checksum of the file.
        sizes: Height and width of each frame, or a single pair if all are equal.
        checksum: Of the above; missing in older versions.
    """

    frames: int
    bytes: int
    sha256: str
    sizes: list[list[int]]
    checksum: str | None = None

    def sealed(self) -> "Shard":
        """With its checksum."""
        about = dataclasses.asdict(self)
        del about["checksum"]
        return dataclasses.replace(self, checksum=_sum(about))

    def all_sizes(self) -> np.ndarray:
        """Height and width of each frame, int64 `(frames, 2)`."""
        return np.broadcast_to(np.array(self.sizes, np.int64), (self.frames, 2))


@dataclass
class ShardIndex:
    """What the `index.json` in a folder of shards says.

    Attributes:
        domain: Name of the domain that was packed.
        key: `"image"` or a label.
        fingerprint: Of the domain and the key.
        dtype: Of the pixels, little-endian.
        channels: Shape of a pixel.
        frames: Number of the domain's frames.
        shard_frames: Frames per shard; the last may have fewer.
        shards: The shards written so far, in order.
        label_names: Names of class numbers, as pairs of a number and its names; if missing, the
            paper's eleven classes.
        camera: For images: `focal_length`, `principal_point`, `camera_height` and `image_range`, as
            in `Domain`; missing or incomplete in older versions.
        dense: Of a label, whether it is known at every pixel; missing in older versions.
    """

    domain: str
    key: str
    fingerprint: str
    dtype: str
    channels: list[int]
    frames: int
    shard_frames: int
    shards: list[Shard] = field(default_factory=list)
    label_names: list | None = None
    camera: dict | None = None
    dense: bool = False

    @staticmethod
    def load(folder: Path) -> "ShardIndex":
        """Read the index in a folder.

        Raises:
            FileNotFoundError: There is none.
            ValueError: It is damaged, from another version, or not such an index.
        """
        path = folder / FILE
        try:
            values = read_json(path)
            kind, version = values.pop("format"), values.pop("version")
            if kind == _FORMAT and version == _VERSION:
                # Indices of older versions have no checksum.
                sums = values.pop("checksums", None)
                if sums is not None and sums != sums | _sums(values):
                    raise ValueError("its checksum is wrong")
                values["shards"] = [Shard(**shard) for shard in values["shards"]]
                if values.get("label_names") is not None:
                    label_entries(dict(values["label_names"]))
                index = ShardIndex(**values)
                index._check()
                return index
        except FileNotFoundError:
            raise
        except Exception as error:
            # The content may be anything, and fail in any way.
            raise ValueError(
                f"{path} is no index of packed frames, or is damaged ({error}); delete {folder} "
                "and pack again"
            ) from error
        raise ValueError(
            f"{path} says {kind!r}, version {version}, but this adaat_keras reads {_FORMAT!r}, "
            f"version {_VERSION}; delete {folder} and pack again"
        )

    def save(self, folder: Path) -> None:
        """Write the index into a folder."""
        about = {"format": _FORMAT, "version": _VERSION}
        values = json.loads(json.dumps(dataclasses.asdict(self)))
        write_json(folder / FILE, about | values | {"checksums": _sums(values)})

    def _check(self) -> None:
        """Raise any exception unless all values are valid and consistent."""
        numbers = [self.frames, self.shard_frames, *self.channels]
        for shard in self.shards:
            numbers += [shard.frames, shard.bytes, *(n for size in shard.sizes for n in size)]
        if not all(type(number) is int and 0 < number < 2**48 for number in numbers):
            raise ValueError("a number is none")
        texts = [self.domain, self.key, self.fingerprint, self.dtype]
        if not all(isinstance(text, str) for text in (*texts, *(s.sha256 for s in self.shards))):
            raise ValueError("a name is none")
        if np.dtype(self.dtype).kind not in "biuf" or len(self.channels) > 4:
            raise ValueError(f"pixels are no {self.dtype}")
        if not isinstance(self.dense, bool):
            raise ValueError(f"dense is {self.dense!r}")
        if self.camera is not None:
            numbers = dict(self.camera)
            Camera(1, 1, center=numbers.pop("principal_point"), **numbers)
        if self.key in _FORMS and (self.dtype, self.channels) != _FORMS[self.key]:
            raise ValueError(f"{self.key} has another form")
        if len(self.shards) > self.shard_count:
            raise ValueError("there are too many shards")
        pixel = np.dtype(self.dtype).itemsize * math.prod(self.channels)
        for number, shard in enumerate(self.shards):
            if shard.checksum is not None and shard != shard.sealed():
                raise ValueError(f"the checksum of shard {number} is wrong")
            frames = min(self.shard_frames, self.frames - number * self.shard_frames)
            if shard.frames != frames or len(shard.sizes) not in (1, frames):
                raise ValueError(f"shard {number} has another number of frames")
            sizes = shard.sizes * (frames if len(shard.sizes) == 1 else 1)
            records = (height * width * pixel + _BEFORE + _AFTER for height, width in sizes)
            if sum(records) != shard.bytes:
                raise ValueError(f"shard {number} has another length")

    @property
    def shard_count(self) -> int:
        """The total number of shards once all are written."""
        return -(-self.frames // self.shard_frames)

    def sizes(self) -> np.ndarray:
        """Height and width of each frame, int64 `(frames, 2)`."""
        return np.concatenate([shard.all_sizes() for shard in self.shards])

    def offsets(self) -> np.ndarray:
        """Where each frame's pixels begin in its shard, in bytes, int64 `(frames,)`."""
        pixel = np.dtype(self.dtype).itemsize * int(np.prod(self.channels))
        offsets = []
        for shard in self.shards:
            records = np.prod(shard.all_sizes(), axis=1) * pixel + _BEFORE + _AFTER
            offsets.append(np.cumsum(records) - records + _BEFORE)
        return np.concatenate(offsets)

    def check_lengths(self, folder: Path) -> None:
        """Check that every shard is there in full length.

        Raises:
            FileNotFoundError: A shard is missing.
            ValueError: Not all shards are written, or one is cut off.
        """
        if len(self.shards) < self.shard_count:
            raise ValueError(
                f"{folder} is packed in part, {len(self.shards)} of {self.shard_count} shards; run "
                "`adaat-keras data pack` again with the same arguments, which goes on from here"
            )
        for number, shard in enumerate(self.shards):
            path = shard_path(folder, number)
            if not path.exists():
                raise FileNotFoundError(f"{path}: this shard is missing; {_AGAIN}")
            if path.stat().st_size != shard.bytes:
                raise ValueError(
                    f"{path}: this shard is cut off, {path.stat().st_size} bytes of {shard.bytes}; "
                    f"{_AGAIN}"
                )

    def check_sums(self, folder: Path) -> None:
        """Check every shard's checksum, in parallel.

        Raises:
            ValueError: One is wrong.
        """
        paths = [shard_path(folder, number) for number in range(len(self.shards))]
        with ThreadPoolExecutor() as threads:
            for path, shard, found in zip(
                paths, self.shards, threads.map(checksum, paths), strict=True
            ):
                if found != shard.sha256:
                    raise ValueError(f"{path}: this shard's checksum is wrong; {_AGAIN}")


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"{number:05}.tfrecord"


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# With fewer frames, a progress bar is not worthwhile.
_FEW = 64


def write_shards(
    domain: Domain, folders: dict[str, Path], fingerprints: dict[str, str], shard_frames: int
) -> None:
    """Write shards of a domain's frames, a folder for each key, or resume writing them.

    Frames are read in parallel, all keys of a frame together and always with its image, so that
    the domain can detect different sizes. Each shard is written atomically, followed by the index;
    existing shards with the right checksum are kept. One process at a time writes into a folder:
    others wait, and then use what is there.

    Args:
        domain: Where the frames come from.
        folders: Where each key's shards go.
        fingerprints: Of the domain and each key.
        shard_frames: Frames per shard.

    Raises:
        ValueError: A folder holds other frames, or a frame cannot be read.
    """
    new = {key: _new_index(domain, key, fingerprints[key], shard_frames) for key in folders}
    # Checked without the lock, since complete shards may be in a read-only folder.
    if all(_is_filled(_index_there(new[key], folder), folder) for key, folder in folders.items()):
        return
    with told_when_full(next(iter(folders.values())).parent), ExitStack() as stack:
        # Sorted, to avoid a deadlock of two processes.
        for folder in sorted(folders.values()):
            made_folder(folder, "choose another folder")
            stack.enter_context(locked(folder, "wait for it", wait=True))
        indices = {key: _index_there(new[key], folder) for key, folder in folders.items()}
        _fill(domain, folders, indices)


def _fill(domain: Domain, folders: dict[str, Path], indices: dict[str, ShardIndex]) -> None:
    """Write the shards that are missing or damaged."""
    any_index = next(iter(indices.values()))
    shard_frames = any_index.shard_frames
    verbose = int(len(domain) > _FEW)
    progress = keras.utils.Progbar(len(domain), unit_name="frame", verbose=verbose)
    for number in range(any_index.shard_count):
        span = range(number * shard_frames, min((number + 1) * shard_frames, len(domain)))
        missing = {
            key: folders[key]
            for key, index in indices.items()
            if not _is_whole(index, folders[key], number)
        }
        if missing:
            for key, shard in _write_shard(domain, missing, number, span).items():
                indices[key].shards[number : number + 1] = [shard]
                indices[key].save(folders[key])
        progress.add(len(span))


def _camera(domain: Domain) -> dict:
    """A domain's camera for the index, with an image range only if there is one."""
    told = {name: getattr(domain, name) for name in _CAMERA}
    if told["image_range"] is None:
        del told["image_range"]
    return told


def _new_index(domain: Domain, key: str, fingerprint: str, shard_frames: int) -> ShardIndex:
    """The index of a key without any shards yet."""
    pixels = domain.read(tf.constant(0, tf.int64), (key,))[key]
    return ShardIndex(
        domain=domain.name,
        key=key,
        fingerprint=fingerprint,
        dtype=pixels.dtype.name,
        channels=list(pixels.shape[2:]),
        frames=len(domain),
        shard_frames=shard_frames,
        label_names=_named_labels(domain) if key == "semantic" else None,
        camera=_camera(domain) if key == "image" else None,
        dense=key in domain.dense,
    )


def _index_there(new: ShardIndex, folder: Path) -> ShardIndex:
    """The index of what is in the folder already, or a copy of the new one."""
    if not (folder / FILE).exists():
        return dataclasses.replace(new, shards=[])
    old = ShardIndex.load(folder)
    for name in ("domain", "fingerprint", "frames", "shard_frames"):
        ours, theirs = getattr(new, name), getattr(old, name)
        if ours != theirs:
            raise ValueError(
                f"{folder} holds frames of another domain, split, option or size, or of files "
                f"that have changed since ({name} {theirs}, not {ours}); choose another folder or "
                "delete this one"
            )
    return old


def _named_labels(domain: Domain) -> list:
    """The names of a domain's labels in a form that can be written as JSON."""
    return [[number, entry] for number, entry in label_entries(domain.label_names).items()]


def _is_filled(index: ShardIndex, folder: Path) -> bool:
    """Whether every shard is there and undamaged."""
    try:
        index.check_lengths(folder)
        index.check_sums(folder)
    except (FileNotFoundError, ValueError):
        return False
    return True


def _is_whole(index: ShardIndex, folder: Path, number: int) -> bool:
    path = shard_path(folder, number)
    written = number < len(index.shards) and path.exists()
    return written and checksum(path) == index.shards[number].sha256


def _write_shard(
    domain: Domain, folders: dict[str, Path], number: int, span: range
) -> dict[str, Shard]:
    sizes = []
    with ExitStack() as stack:
        paths, writers = {}, {}
        for key, folder in folders.items():
            paths[key] = stack.enter_context(written_whole(shard_path(folder, number)))
            writers[key] = stack.enter_context(tf.io.TFRecordWriter(str(paths[key])))
        # Entered last, since closing a writer flushes its buffer.
        with told_when_full(next(iter(folders.values())).parent):
            for frame in _frames(domain, tuple(folders), span):
                sizes.append(list(frame["image"].shape[:2]))
                for key, writer in writers.items():
                    pixels = frame[key]
                    pixels = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
                    writer.write(pixels.tobytes())
            for writer in writers.values():
                writer.close()
        one_size = all(size == sizes[0] for size in sizes)
        about = {"frames": len(span), "sizes": sizes[:1] if one_size else sizes}
        return {
            key: Shard(bytes=path.stat().st_size, sha256=checksum(path), **about).sealed()
            for key, path in paths.items()
        }


def _frames(domain: Domain, keys: tuple[str, ...], span: range) -> Iterator[dict[str, np.ndarray]]:
    """Frames in order, read in parallel; an error in the graph becomes one for the user."""
    keys = ("image", *(key for key in keys if key != "image"))
    indices = tf.data.Dataset.range(span.start, span.stop)
    frames = parallel_map(indices, lambda index: domain.read(index, keys))
    try:
        for index, frame in zip(span, frames.as_numpy_iterator(), strict=True):
            sizes = {key: pixels.shape[:2] for key, pixels in frame.items()}
            if len(set(sizes.values())) > 1:
                raise ValueError(f"{domain.name}, frame {index}: sizes differ, {sizes}")
            yield frame
    except tf.errors.OpError as error:
        place = f"{domain.name}, frames {span.start} to {span.stop - 1}"
        raise ValueError(f"{place}: {said_in_graph(error)}") from error


def pack(
    domain: Domain,
    out: str | Path,
    height: int | None = None,
    width: int | None = None,
    shard_frames: int = 128,
    keys: tuple[str, ...] | None = None,
) -> Path:
    """Write the frames of a domain as TFRecord shards, which `Packed` reads by index.

    Each key has a folder of its own, which may be deleted without touching the others:

        out/
          image/index.json       which frame is where; checksums
          image/00000.tfrecord   the first `shard_frames` frames
          image/00001.tfrecord
          image/lock             empty; one process at a time writes here
          depth/...

    A record consists of a frame's raw pixels, row by row: read it by
    `tf.io.decode_raw(record, dtype)`, then `tf.reshape`, with dtype and sizes from the index.

    Frames are decoded in parallel, with a progress bar. Repeating a call resumes an interrupted
    one, rewrites damaged shards, and otherwise does nothing.

    Args:
        domain: The domain to pack.
        out: The folder, created if necessary.
        height: In pixels; by default each frame keeps its size.
        width: In pixels; given together with `height`.
        shard_frames: Frames per shard.
        keys: What to pack; by default the image and all labels.

    Returns:
        The folder.

    Raises:
        ValueError: The folder holds other frames, a frame cannot be read, there are no labels for
            one of the keys, or a number is out of range.

    Example:
        >>> import tempfile
        >>> from adaat_keras.domains import Packed, Streets
        >>> folder = tempfile.mkdtemp()
        >>> streets = Streets("streets_sim", "val", frames=3, height=32, width=64, cache=folder)
        >>> packed = Packed(pack(streets, folder + "/packed", 16, 32))
        >>> len(packed), packed.tasks, packed[2]["depth"].shape
        (3, ('depth', 'normals', 'semantic'), (16, 32))
    """
    if (height is None) != (width is None):
        raise ValueError(f"give height and width together, not {height} and {width}")
    if shard_frames < 1:
        raise ValueError(f"shard_frames must be at least 1, not {shard_frames}")
    if height is not None:
        domain = Resized(domain, height, width)
    keys = ("image", *domain.tasks) if keys is None else keys
    domain.require(keys)
    out = home_expanded(out)
    fingerprints = {key: fingerprint(domain, key) for key in keys}
    write_shards(domain, {key: out / key for key in keys}, fingerprints, shard_frames)
    return out
