"""What tells the frames of one domain from those of another."""

import hashlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain

_SIMPLE = (str, int, float, bool, type(None))


def fingerprint(domain: Domain, key: str) -> str:
    """A short name for what a domain holds under a key, the same whenever it holds the same.

    Made of the domain's class, length and attributes (numbers, strings, arrays, other domains,
    files with their size and time of change, and collections of them), and of the pixels of its
    first, middle and last frame. So it sees another root, split, size, option or version of a
    file, if the domain keeps these in attributes, as it should.

    Args:
        domain: Where the frames come from; three of them are read.
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
    digest = hashlib.sha256(repr((key, len(domain), _describe(domain))).encode())
    for index in sorted({0, len(domain) // 2, len(domain) - 1}):
        pixels = domain.read(tf.constant(index, tf.int64), (key,))[key].numpy()
        digest.update(repr((pixels.shape, pixels.dtype)).encode() + pixels.tobytes())
    return digest.hexdigest()[:16]


def _describe(value):
    """What is known of a value, without what changes by use or from process to process."""
    if isinstance(value, _SIMPLE):
        return value
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, Path):
        stat = value.stat() if value.is_file() else None
        return str(value), stat and (stat.st_size, stat.st_mtime_ns)
    if isinstance(value, dict):
        known = ((str(key), _describe(part)) for key, part in value.items())
        return sorted((key, part) for key, part in known if part is not NotImplemented)
    if isinstance(value, list | tuple):
        return [_describe(part) for part in value]
    if isinstance(value, Domain):
        # Which labels exist says nothing of the pixels of any.
        state = {name: part for name, part in vars(value).items() if name != "tasks"}
        return type(value).__name__, value.name, _describe(state)
    return NotImplemented
