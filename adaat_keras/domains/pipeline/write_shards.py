"""Packing the frames of a domain into shards."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.shard_index import (
    FILE,
    Shard,
    ShardIndex,
    checksum,
    shard_path,
)
from adaat_keras.files import written_whole

# Fewer frames are done before a progress bar would say anything.
_FEW = 64


def write_shards(
    domain: Domain, folders: dict[str, Path], fingerprints: dict[str, str], shard_frames: int
) -> None:
    """Write shards of a domain's frames, a folder for each key, and go on where others stopped.

    Frames are read in parallel, all keys of a frame together and always with its image, so that
    the domain can tell when their sizes differ. Each shard is written whole, and the index after
    it; shards that are there with the right checksum are kept.

    Args:
        domain: Where the frames come from.
        folders: Where each key's shards go.
        fingerprints: Of the domain and each key.
        shard_frames: Frames a shard.

    Raises:
        ValueError: A folder holds other frames, or a frame cannot be read.
    """
    indices = {
        key: _open_index(domain, key, folder, fingerprints[key], shard_frames)
        for key, folder in folders.items()
    }
    any_index = next(iter(indices.values()))
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


def _open_index(
    domain: Domain, key: str, folder: Path, fingerprint: str, shard_frames: int
) -> ShardIndex:
    """The index of what is in the folder already, or a new one."""
    pixels = domain.read(tf.constant(0, tf.int64), (key,))[key]
    new = ShardIndex(
        domain=domain.name,
        key=key,
        fingerprint=fingerprint,
        dtype=pixels.dtype.name,
        channels=list(pixels.shape[2:]),
        frames=len(domain),
        shard_frames=shard_frames,
    )
    if not (folder / FILE).exists():
        return new
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
        for frame in _frames(domain, tuple(folders), span):
            sizes.append(list(frame["image"].shape[:2]))
            for key, writer in writers.items():
                pixels = frame[key]
                writer.write(pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes())
        for writer in writers.values():
            writer.close()
        one_size = all(size == sizes[0] for size in sizes)
        about = {"frames": len(span), "sizes": sizes[:1] if one_size else sizes}
        return {
            key: Shard(bytes=path.stat().st_size, sha256=checksum(path), **about)
            for key, path in paths.items()
        }


def _frames(domain: Domain, keys: tuple[str, ...], span: range) -> Iterator[dict[str, np.ndarray]]:
    """Frames in order, read in parallel; an error in the graph becomes one for the user."""
    keys = ("image", *(key for key in keys if key != "image"))
    frames = tf.data.Dataset.range(span.start, span.stop).map(
        lambda index: domain.read(index, keys), tf.data.AUTOTUNE, deterministic=True
    )
    try:
        for index, frame in zip(span, frames.as_numpy_iterator(), strict=True):
            sizes = {key: pixels.shape[:2] for key, pixels in frame.items()}
            if len(set(sizes.values())) > 1:
                raise ValueError(f"{domain.name}, frame {index}: sizes differ, {sizes}")
            yield frame
    except tf.errors.OpError as error:
        message = error.message.split(" [[{{")[0].removeprefix("assertion failed: ")
        place = f"{domain.name}, frames {span.start} to {span.stop - 1}"
        raise ValueError(f"{place}: {message}") from error
