"""A domain's frames, decoded and resized once, in a few files."""

from pathlib import Path

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.fingerprint import fingerprint
from adaat_keras.domains.pipeline.resized import Resized
from adaat_keras.domains.pipeline.write_shards import write_shards


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
          depth/...

    A record is a frame's pixels, row by row, with nothing around them:
    `tf.io.decode_raw(record, dtype)`, then `tf.reshape`, with dtype and sizes from the index.

    Frames are decoded in parallel, with a progress bar. The same call again goes on where a
    killed one stopped, writes damaged shards anew, and otherwise does nothing.

    Args:
        domain: Where the frames come from.
        out: The folder, made if need be.
        height: Pixels; by default each frame keeps its size.
        width: Pixels; given together with `height`.
        shard_frames: Frames a shard.
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
    out = Path(out).expanduser()
    fingerprints = {key: fingerprint(domain, key) for key in keys}
    write_shards(domain, {key: out / key for key in keys}, fingerprints, shard_frames)
    return out
