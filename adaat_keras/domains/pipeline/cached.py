"""Frames that are decoded once."""

from pathlib import Path

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.disk_cache import DiskCache
from adaat_keras.domains.pipeline.memory_cache import MemoryCache
from adaat_keras.files import cache_folder


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
