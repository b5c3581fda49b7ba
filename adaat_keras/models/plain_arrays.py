"""Reads the arrays of a preset's HDF5 file without HDF5's riskier features.

HDF5 files can link to other files and other places in themselves, load filters as plugins, and
decompress data until memory is exhausted. Here, links are checked before they are followed, and
data is decompressed by this module, to the expected size only.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

_DEFLATE, _SHUFFLE = h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE
# Maximum per array; our own arrays have about a thousand at most.
_MOST_CHUNKS = 2**16
# Bytes that compression adds at most to incompressible data.
_SPARE = 1024


def read_arrays(
    file: Path | str, expected: dict[str, Sequence[tuple[str, tuple[int, ...]]]]
) -> dict[str, list[np.ndarray]]:
    """The arrays of a file by group, float32, in the order of their numbers.

    Args:
        file: `000`, `001`, ... in each group, of float16, float32 or float64.
        expected: The name and the shape of each array, by group.

    Raises:
        ValueError: The file is damaged, has other arrays, or anything but plain ones; names the
            file and the array.

    Example:
        >>> import tempfile
        >>> file = tempfile.mkdtemp() + "/weights.h5"
        >>> with h5py.File(file, "w") as opened:
        ...     opened["encoder/000"] = np.ones(3, "float16")
        >>> read_arrays(file, {"encoder": [("bias", (3,))]})
        {'encoder': [array([1., 1., 1.], dtype=float32)]}
    """
    try:
        with h5py.File(file, "r") as opened:
            return {name: _group(opened, name, arrays) for name, arrays in expected.items()}
    except MemoryError:
        raise
    except Exception as error:
        # A damaged file fails in as many ways as HDF5 has parts.
        raise ValueError(f"{file} cannot be read: {error}") from error


def _group(file: h5py.File, name: str, arrays) -> list[np.ndarray]:
    count = len(file[name]) if _is_plain(file, name, h5py.Group) else 0
    if count != len(arrays):
        raise ValueError(f"it holds {count} weights of {name}, not {len(arrays)}")
    return [_array(file, f"{name}/{n:03}", *each) for n, each in enumerate(arrays)]


def _is_plain(file: h5py.File, key: str, kind: type) -> bool:
    """Whether the key is a hard link to an object of this kind, stored in the file itself."""
    if not isinstance(file.get(key, getlink=True), h5py.HardLink):
        return False
    thing = file[key]
    elsewhere = isinstance(thing, h5py.Dataset) and (thing.external or thing.is_virtual)
    return isinstance(thing, kind) and not elsewhere


def _array(file: h5py.File, key: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if not _is_plain(file, key, h5py.Dataset):
        raise ValueError(f"{key} is no array of this file")
    stored = file[key]
    # The stored type itself, since HDF5 would convert anything to float.
    plain = h5py.h5t.py_create(stored.dtype) == stored.id.get_type()
    if stored.shape != shape or stored.dtype.kind != "f" or not plain:
        raise ValueError(f"{key} is {stored.dtype} {stored.shape}, but {name} is float32 {shape}")
    array = _whole(stored, key) if stored.chunks is None else _unpacked(stored, key)
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"{key}, {name}, holds a value that is not finite")
    return array


def _whole(stored: h5py.Dataset, key: str) -> np.ndarray:
    if stored.id.get_storage_size() != stored.nbytes:
        raise ValueError(f"{key} is not whole")
    return stored[()]


def _unpacked(stored: h5py.Dataset, key: str) -> np.ndarray:
    """Read a chunked array, decompressing each chunk to its expected size at most."""
    plist = stored.id.get_create_plist()
    filters = [plist.get_filter(n)[0] for n in range(plist.get_nfilters())]
    if set(filters) - {_DEFLATE, _SHUFFLE}:
        raise ValueError(f"{key} is packed by filters other than gzip and shuffle: {filters}")
    counts = [-(-size // chunk) for size, chunk in zip(stored.shape, stored.chunks, strict=True)]
    if any(c > s for c, s in zip(stored.chunks, stored.shape, strict=True)):
        raise ValueError(f"{key} has chunks of {stored.chunks}, larger than itself")
    if np.prod(counts, dtype=float) > _MOST_CHUNKS:
        raise ValueError(f"{key} is in {counts} chunks, more than {_MOST_CHUNKS}")
    most = stored.dtype.itemsize * int(np.prod(stored.chunks))
    array = np.empty(stored.shape, stored.dtype)
    for place in np.ndindex(*counts):
        start = [n * chunk for n, chunk in zip(place, stored.chunks, strict=True)]
        there = stored.id.get_chunk_info_by_coord(tuple(start))
        # Checked first, since HDF5 allocates the stated size before reading.
        if there.byte_offset is None or there.size > 2 * most + _SPARE:
            raise ValueError(f"{key} lacks a chunk, or has one that is far too large")
        skipped, packed = stored.id.read_direct_chunk(tuple(start))
        done = [f for n, f in enumerate(filters) if not skipped >> n & 1]
        chunk = _chunk(packed, done, stored, key)
        target = array[tuple(slice(s, s + c) for s, c in zip(start, stored.chunks, strict=True))]
        target[...] = chunk[tuple(map(slice, target.shape))]
    return array


def _chunk(packed: bytes, filters: list[int], stored: h5py.Dataset, key: str) -> np.ndarray:
    item = stored.dtype.itemsize
    size = item * int(np.prod(stored.chunks))
    for each in reversed(filters):
        if each == _DEFLATE:
            unpacker = zlib.decompressobj()
            packed = unpacker.decompress(packed, size)
            if not unpacker.eof:
                raise ValueError(f"{key} unpacks to more than it says, or is cut off")
        else:
            if len(packed) != size:
                break
            packed = np.frombuffer(packed, np.uint8).reshape(item, -1).T.tobytes()
    if len(packed) != size:
        raise ValueError(f"{key} has a chunk of {len(packed)} bytes, not {size}")
    return np.frombuffer(packed, stored.dtype).reshape(stored.chunks)
