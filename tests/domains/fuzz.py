"""Mutated inputs for every reader of data, and what becomes of each: read right, or refused.

`tests/domains/test_fuzz.py` runs it, and `benchmarks/reliability.py` prints its counts. Seeded, so
that what fails fails again: `trial(reader, number)` is one input.
"""

import io
import json
import math
import random
import struct
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from adaat_keras.domains import Domain, Folder, Packed
from adaat_keras.domains.cityscapes import cityscapes_camera
from adaat_keras.domains.class_names import label_entries
from adaat_keras.domains.kitti import kitti_calibration
from adaat_keras.domains.png import (
    FIXED_POINT,
    IMAGE,
    LABEL_IDS,
    LABELS_IN_RED,
    PACKED_DEPTH,
    read_png,
    reader_of,
)
from adaat_keras.domains.shards import pack
from adaat_keras.inference import read_image
from adaat_keras.tasks import Semantic

RIGHT, REFUSED = "right", "refused"
# Of the package, and of graphs, which know no others.
OURS = (ValueError, OSError, tf.errors.OpError)
_SECONDS = 5.0


class Wrong(AssertionError):
    """An outcome that is not allowed."""


# --- mutations of bytes ---------------------------------------------------------------------------


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Truncated, emptied, flipped, overwritten, repeated, cut out, or with another piece within."""
    how = rng.randrange(9)
    place = rng.randrange(len(data) or 1)
    out = bytearray(data)
    if how == 0:
        return data[:place]
    if how == 1:
        return b"" if rng.random() < 0.2 else data[place:]
    if how == 2:
        for _ in range(rng.randint(1, 4)):
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    elif how == 3:
        # Headers are where most of the meaning is.
        out[rng.randrange(min(len(out), 40))] = rng.randrange(256)
    elif how == 4:
        out[place : place + 4] = rng.choice([b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff"])
    elif how == 5:
        out[place:place] = rng.randbytes(rng.randint(1, 64))
    elif how == 6:
        del out[place : place + rng.randint(1, 64)]
    elif how == 7:
        return data + rng.choice([bytes(512), data, rng.randbytes(64)])
    return bytes(out)


def rewritten_png(data: bytes, rng: random.Random) -> bytes:
    """A PNG with another header, whose checksum is right; or one that is mutated."""
    if rng.random() < 0.5:
        return mutated(data, rng)
    body = bytearray(data[16:29])
    place = rng.randrange(5)
    if place < 2:
        size = rng.choice([0, 1, 2, 7, 9, 65535, 2**20, 2**31 - 1, 2**32 - 1])
        body[4 * place : 4 * place + 4] = struct.pack(">I", size)
    elif place == 2:
        body[8] = rng.choice([0, 1, 2, 4, 8, 16, 32, 255])
    elif place == 3:
        body[9] = rng.choice([0, 1, 2, 3, 4, 6, 7, 255])
    else:
        body[rng.randint(10, 12)] = rng.choice([0, 1, 2, 255])
    crc = zlib.crc32(b"IHDR" + bytes(body))
    return data[:16] + bytes(body) + struct.pack(">I", crc) + data[33:]


# --- mutations of what JSON holds -----------------------------------------------------------------

STRANGE = (
    *(None, True, False, 0, -1, 1, 255, 256, 2**31, 2**63, 10**400, -(10**400), 0.5, 1e308, -0.0),
    *(math.nan, math.inf, -math.inf, "", " ", "0", "-1", "road", "\0", "x" * 5000, "é", "٣", "1e3"),
    *([], [[]], {}, {"": ""}, [1, 2], [None], [[1, 2], [3]], {"a": {"b": []}}, "uint8", "object"),
)


def changed(value, rng: random.Random):
    """A value of JSON with one part replaced, removed, renamed, doubled or reordered."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice([*value])
        how = rng.randrange(8)
        rest = {k: v for k, v in value.items() if k != key}
        if how == 0:
            return rest
        if how == 1:
            return {**rest, f"{key}{rng.choice(['x', ' ', '_'])}": value[key]}
        if how == 2:
            return {**value, rng.choice(["new", "", "0"]): rng.choice(STRANGE)}
        return {**value, key: changed(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        how = rng.randrange(6)
        if how == 0:
            return value[:place] + value[place + 1 :]
        if how == 1:
            return value[: place + 1] + value[place:]
        if how == 2:
            return value[::-1]
        return [*value[:place], changed(value[place], rng), *value[place + 1 :]]
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.3:
        return rng.choice([value + 1, -value, value * 2, value * 1000, str(value), float(value)])
    return rng.choice(STRANGE)


# --- readers --------------------------------------------------------------------------------------

_RNG = np.random.default_rng(0)
_SIZE = (12, 17)


def _png(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def _bytes(dtype="uint8", channels=3, high=256) -> np.ndarray:
    shape = (*_SIZE, channels) if channels else _SIZE
    return _RNG.integers(0, high, shape).astype(dtype)


_PNGS = {
    "PNG, image": (IMAGE, [_png(_bytes()), _png(_bytes(channels=4)), _png(_bytes(channels=0))]),
    "PNG, label ids": (LABEL_IDS, [_png(_bytes(channels=0, high=34))]),
    "PNG, labels in red": (LABELS_IN_RED, [_png(_bytes()), _png(_bytes(channels=4))]),
    "PNG, 24-bit depth": (PACKED_DEPTH, [_png(_bytes()), _png(_bytes(channels=4))]),
    "PNG, 16-bit depth": (FIXED_POINT, [_png(_bytes("uint16", 0, 65536))]),
}


def _read_png_kind(name: str) -> Callable:
    kind, seeds = _PNGS[name]

    def one(rng: random.Random, folder: Path) -> str:
        path = folder / "a.png"
        path.write_bytes(rewritten_png(rng.choice(seeds), rng))
        said = _refusal(lambda: kind.check(path), path)
        pixels = _refusal(lambda: read_png(tf.constant(str(path)), kind).numpy(), path, graph=True)
        if isinstance(pixels, str):
            return REFUSED
        if isinstance(said, str):
            raise Wrong(f"read, but refused by the check: {said}")
        truth = _by_pillow(path, kind.bits, kind.channels)
        if truth is not None and not np.array_equal(truth, pixels):
            raise Wrong("other pixels than Pillow's")
        return RIGHT

    return one


def _by_pillow(path: Path, bits: int, channels: int) -> np.ndarray | None:
    """The pixels by another road; `None` where Pillow refuses what TensorFlow reads."""
    try:
        with Image.open(path) as file:
            file.load()
            if channels == 1:
                return np.asarray(file) if file.mode in ("L", "I;16") else None
            return np.asarray(file.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _jpegs() -> list[bytes]:
    out = []
    for options in ({}, {"progressive": True}, {"subsampling": 0}, {"exif": _thumbnail()}):
        file = io.BytesIO()
        Image.fromarray(_bytes()).save(file, "jpeg", **options)
        out.append(file.getvalue())
    file = io.BytesIO()
    Image.fromarray(_bytes(channels=0)).save(file, "jpeg")
    return [*out, file.getvalue()]


def _thumbnail() -> bytes:
    file = io.BytesIO()
    Image.fromarray(_bytes()).save(file, "jpeg")
    return b"Exif\0\0" + file.getvalue()


_JPEGS = _jpegs()


def _read_jpeg(rng: random.Random, folder: Path) -> str:
    path = folder / "a.jpg"
    path.write_bytes(mutated(rng.choice(_JPEGS), rng))
    reader = reader_of("image", [path])
    said = _refusal(lambda: reader.check(path), path)
    if isinstance(said, str):
        return REFUSED
    pixels = _refusal(lambda: reader.read(tf.constant(str(path))).numpy(), path, graph=True)
    if isinstance(pixels, str):
        return REFUSED
    # Where bits within are flipped, decoders guess on each in its way; the size is the same.
    _form(pixels, np.uint8, (said[1], said[0], 3))
    return RIGHT


def _read_any_image(rng: random.Random, folder: Path) -> str:
    """`predict`'s reader, which is Pillow's."""
    path = folder / "a.img"
    seeds = [*_JPEGS, _TIFF, _PNGS["PNG, 16-bit depth"][1][0], _PNGS["PNG, image"][1][0]]
    path.write_bytes(rewritten_png(rng.choice(seeds), rng))
    pixels = _refusal(lambda: read_image(path), path)
    if isinstance(pixels, str):
        return REFUSED
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise Wrong(f"{pixels.dtype} {pixels.shape}")
    return RIGHT


def _tiff() -> bytes:
    file = io.BytesIO()
    Image.fromarray(_bytes("uint16", 0, 16384)).save(file, "tiff")
    return file.getvalue()


_TIFF = _tiff()
_ARRAYS = {
    "image": [_bytes()],
    "semantic": [_bytes(channels=0), _bytes("int64", 0), _bytes("uint32", 0), _bytes("bool", 0, 2)],
    "colors": [_bytes()],
    "depth": [
        _bytes("float32", 0),
        _bytes("float64", 0),
        _bytes("uint16", 0),
        _bytes("float16", 1),
    ],
    "normals": [_bytes("float32"), _bytes("float64")],
}


def _read_npy(rng: random.Random, folder: Path) -> str:
    path = folder / "a.npy"
    key = rng.choice([*_ARRAYS])
    array = rng.choice(_ARRAYS[key])
    if array.dtype.kind == "f" and rng.random() < 0.3:
        array = array.copy()
        array.flat[:9] = [np.nan, np.inf, -np.inf, -1, 0, 6e4, -6e4, 1e-7, 1]
    if array.dtype.itemsize == 8 and rng.random() < 0.3:
        array = array.copy()
        array.flat[:4] = [2**31, 2**32 + 7, 2**62, -5]
    with path.open("wb") as file:
        np.save(file, rng.choice([array, array, array[:0], array[None], array.astype("O")]))
    if rng.random() < 0.8:
        path.write_bytes(mutated(path.read_bytes(), rng))
    reader = _refusal(lambda: reader_of(key, [path]), path)
    if isinstance(reader, str):
        return REFUSED
    size = _refusal(lambda: reader.check(path), path)
    pixels = _refusal(lambda: reader.read(tf.constant(str(path))).numpy(), path, graph=True)
    if isinstance(size, str) or isinstance(pixels, str):
        return REFUSED
    truth = np.load(path).reshape(pixels.shape)
    with np.errstate(all="ignore"):
        same = truth.astype(np.float64) == pixels.astype(np.float64)
        same |= truth.astype(pixels.dtype) == pixels
    # Numbers that no label has are kept apart from those that one may have.
    out = (truth.astype(np.float64) < 0) | (truth.astype(np.float64) > 65535)
    beyond = (pixels < 0) | (pixels > 65535) if pixels.dtype == np.int32 else same
    if not (same | np.isnan(pixels.astype(float)) | (out & beyond)).all():
        raise Wrong(f"{key} of {truth.dtype}: other numbers than NumPy's")
    return RIGHT


_CAMERA = {
    "extrinsic": {"baseline": 0.209313, "pitch": 0.038, "roll": 0.0, "x": 1.7},
    "intrinsic": {"fx": 2262.52, "fy": 2265.3, "u0": 1096.98, "v0": 513.137},
}
_CALIBRATION = (
    "calib_time: 09-Jan-2012 13:57:47\ncorner_dist: 9.950000e-02\nS_02: 1.392000e+03 5.12e+02\n"
    "P_rect_02: 7.215377e+02 0 6.095593e+02 4.485728e+01 0 7.215377e+02 1.72e+02 0.2 0 0 1 2e-3\n"
    "P_rect_03: 7.215377e+02 0 6.095593e+02 -3.395242e+02 0 7.215377e+02 1.72e+02 2.1 0 0 1 2e-3\n"
)
_NUMBERS = ["nan", "inf", "-inf", "1e999", "-1", "0", "1e-320", "", "x", "0x10", "1_0", "9" * 400]


def _read_camera(rng: random.Random, folder: Path) -> str:
    path = folder / "a_camera.json"
    text = json.dumps(changed(_CAMERA, rng) if rng.random() < 0.6 else _CAMERA).encode()
    how = rng.random()
    if how < 0.4:
        text = mutated(text, rng)
    elif how < 0.5:
        text = text.replace(b"2262.52", rng.choice(_NUMBERS).encode())
    elif how < 0.52:
        text = b"[" * 100_000
    path.write_bytes(text)
    return _camera(lambda: cityscapes_camera(path), path)


def _read_calibration(rng: random.Random, folder: Path) -> str:
    path = folder / "000000.txt"
    text = _CALIBRATION
    if rng.random() < 0.5:
        words = text.split(" ")
        words[rng.randrange(len(words))] = rng.choice(_NUMBERS)
        text = " ".join(words)
    data = text.encode()
    path.write_bytes(mutated(data, rng) if rng.random() < 0.6 else data)
    return _camera(lambda: kitti_calibration(path), path)


def _camera(read: Callable, path: Path) -> str:
    camera = _refusal(read, path)
    if isinstance(camera, str):
        return REFUSED
    numbers = [*camera[:2], *(camera.center or ())]
    numbers += [] if camera.camera_height is None else [camera.camera_height]
    if not all(isinstance(value, int | float) and 0 < value < 1e6 for value in numbers):
        raise Wrong(f"{camera}")
    return RIGHT


class _PackedFolder:
    """Packed frames, made once, of which a file is changed."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        rng = np.random.default_rng(1)
        self.frames = Domain.from_arrays(
            rng.integers(0, 256, (5, *_SIZE, 3)).astype(np.uint8),
            semantic=rng.integers(0, 11, (5, *_SIZE)),
            depth=rng.uniform(1, 90, (5, *_SIZE)),
        )
        pack(self.frames, self.folder / "train", shard_frames=2)
        self.whole = {p: p.read_bytes() for p in self.folder.rglob("*") if p.is_file()}
        self.truth = [self.frames[index] for index in range(5)]

    def one(self, rng: random.Random, kind: str) -> str:
        path = rng.choice(sorted(p for p in self.whole if p.match(kind)))
        data = self.whole[path]
        if kind == "*.json" and rng.random() < 0.7:
            values = json.loads(data)
            data = json.dumps(changed(values, rng)).encode()
            if rng.random() < 0.5:
                # As an older version wrote it, without the checksum that tells.
                values = changed({k: v for k, v in values.items() if k != "checksums"}, rng)
                data = json.dumps(values).encode()
        else:
            data = mutated(data, rng)
        try:
            path.write_bytes(data)
            if rng.random() < 0.05:
                path.unlink()
            frames = _refusal(lambda: self._read(), self.folder)
        finally:
            for each, whole in self.whole.items():
                if each == path:
                    each.write_bytes(whole)
        if isinstance(frames, str):
            return REFUSED
        for frame, truth in zip(frames, self.truth, strict=True):
            for key in frame:
                if not np.array_equal(frame[key], truth[key]):
                    raise Wrong(f"{key} differs")
        return RIGHT

    def _read(self) -> list[dict[str, np.ndarray]]:
        frames = Packed(self.folder, "train")
        return [frames[index] for index in range(len(frames))]


_packed: list[_PackedFolder] = []


def _read_packed(kind: str) -> Callable:
    def one(rng: random.Random, folder: Path) -> str:
        if not _packed:
            _packed.append(_PackedFolder())
        return _packed[0].one(rng, kind)

    return one


_GROUPS = {"road": "road", "vehicle": ["car", "truck", "bus"], "person": ["person", "rider"]}
_IDS = {"7": "road", "26": ["car", "vehicle"], "24": "person", "11": "building"}
_PALETTE = {"road": [128, 64, 128], "car": [0, 0, 142], "person": "crimson", "sky": "#4682b4"}


def _read_groups(rng: random.Random, folder: Path) -> str:
    given = changed(_GROUPS if rng.random() < 0.7 else [*map(list, _GROUPS.items())], rng)
    task = _refusal(lambda: Semantic(given, rng.choice([None, None, changed(_PALETTE, rng)])))
    if isinstance(task, str):
        return REFUSED
    again = Semantic(**json.loads(json.dumps(task.get_config())))
    if again.groups != task.groups or not 2 <= task.channels <= 254:
        raise Wrong(f"{task.groups}")
    return RIGHT


def _read_ids(rng: random.Random, folder: Path) -> str:
    given = changed(_IDS if rng.random() < 0.7 else ["road", "car", ["bus", "vehicle"]], rng)
    entries = _refusal(lambda: label_entries(given))
    if isinstance(entries, str):
        return REFUSED
    if not all(type(number) is int and 0 <= number <= 65535 for number in entries):
        raise Wrong(f"{entries}")
    if isinstance(given, dict) and {str(n) for n in entries} != {str(int(k)) for k in given}:
        raise Wrong(f"{given} became {entries}")
    return RIGHT


def _read_palette(rng: random.Random, folder: Path) -> str:
    path = folder / "map.png"
    if not path.exists():
        colors = np.array([[(128, 64, 128), (0, 0, 142), (220, 20, 60), (70, 130, 180)]] * 4)
        Image.fromarray(colors.astype(np.uint8)).save(path)
    given = changed(_PALETTE, rng)
    frames = _refusal(lambda: Folder(path, semantic=path, palette=given))
    labels = frames if isinstance(frames, str) else _refusal(lambda: frames[0]["semantic"])
    if isinstance(labels, str):
        return REFUSED
    _form(labels, np.uint8, (4, 4))
    if not set(np.unique(labels)) <= {*range(len(frames.groups)), 255}:
        raise Wrong(f"labels {np.unique(labels)}")
    return RIGHT


def _form(pixels: np.ndarray, dtype: type, shape: tuple) -> None:
    if pixels.dtype != dtype or pixels.shape != shape:
        raise Wrong(f"{pixels.dtype} {pixels.shape}, not {shape}")


def _refusal(read: Callable, path: Path | None = None, graph: bool = False):
    """What a call gives, or the message of a refusal in our words."""
    try:
        return read()
    except OURS as error:
        said = str(error)
        if not said:
            raise Wrong(f"an empty {type(error).__name__}") from error
        # What is damaged inside is told by `[i]`, which knows the file; a decoder does not.
        if path is not None and not graph and str(path) not in said:
            raise Wrong(f"without the file: {said}") from error
        return said


READERS: dict[str, Callable[[random.Random, Path], str]] = {
    **{name: _read_png_kind(name) for name in _PNGS},
    "JPEG of a folder": _read_jpeg,
    "arrays of a folder (.npy)": _read_npy,
    "images of predict": _read_any_image,
    "Cityscapes' camera files": _read_camera,
    "KITTI's calibrations": _read_calibration,
    "packed shards": _read_packed("*.tfrecord"),
    "index of packed shards": _read_packed("*.json"),
    "groups of classes": _read_groups,
    "names of ids": _read_ids,
    "palettes": _read_palette,
}


def trial(reader: str, number: int, folder: Path) -> str:
    """What becomes of one input: `RIGHT` or `REFUSED`.

    Raises:
        Wrong: Neither.
    """
    rng = random.Random(f"{reader} {number}")
    # Of the processor's: others may be at work on this machine.
    start = time.process_time()
    try:
        outcome = READERS[reader](rng, folder)
    except Wrong as error:
        raise Wrong(f"{reader}, input {number}: {error}") from error
    except Exception as error:
        raise Wrong(f"{reader}, input {number}: {type(error).__name__}: {error}") from error
    if time.process_time() - start > _SECONDS:
        raise Wrong(f"{reader}, input {number}: took {time.process_time() - start:.1f} s")
    return outcome


def outcomes(reader: str, inputs: int) -> Counter:
    """How many of the first inputs of a reader have each outcome; raises as `trial`."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        return Counter(trial(reader, number, Path(folder)) for number in range(inputs))
