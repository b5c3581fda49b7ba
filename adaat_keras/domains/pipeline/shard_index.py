"""The index of one key's packed frames: which shard holds which bytes."""

import dataclasses
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from adaat_keras.files import write_json

FILE = "index.json"
_FORMAT = "adaat_keras packed frames"
_VERSION = 1
# A TFRecord is the length (8 bytes), its checksum (4), the pixels, and their checksum (4).
_BEFORE, _AFTER = 12, 4
_AGAIN = "run `adaat-keras data pack` again with the same arguments, which writes it anew"


@dataclass(frozen=True)
class Shard:
    """One file of packed frames.

    Attributes:
        frames: How many it holds.
        bytes: Length of the file.
        sha256: Checksum of the file.
        sizes: Height and width of each frame, or a single pair if all are alike.
    """

    frames: int
    bytes: int
    sha256: str
    sizes: list[list[int]]

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
        dtype: Of the pixels; several bytes stand lowest first.
        channels: Shape of a pixel.
        frames: How many the domain has.
        shard_frames: How many a shard holds; the last may hold fewer.
        shards: Those that are written, in order.
    """

    domain: str
    key: str
    fingerprint: str
    dtype: str
    channels: list[int]
    frames: int
    shard_frames: int
    shards: list[Shard] = field(default_factory=list)

    @staticmethod
    def load(folder: Path) -> "ShardIndex":
        """Read the index in a folder.

        Raises:
            FileNotFoundError: There is none.
            ValueError: It is damaged, another version's, or no index of ours.
        """
        path = folder / FILE
        try:
            values = json.loads(path.read_text())
            kind, version = values.pop("format"), values.pop("version")
            if kind == _FORMAT and version == _VERSION:
                values["shards"] = [Shard(**shard) for shard in values["shards"]]
                return ShardIndex(**values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path} is no index of packed frames; delete {folder} and pack again"
            ) from error
        raise ValueError(
            f"{path} says {kind!r}, version {version}, but this adaat_keras reads {_FORMAT!r}, "
            f"version {_VERSION}; delete {folder} and pack again"
        )

    def save(self, folder: Path) -> None:
        """Write the index into a folder."""
        about = {"format": _FORMAT, "version": _VERSION}
        write_json(folder / FILE, about | dataclasses.asdict(self))

    @property
    def shard_count(self) -> int:
        """How many shards there are when all are written."""
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
