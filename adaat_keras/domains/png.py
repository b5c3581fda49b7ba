"""Picture files: the header of a PNG, the formats that a data set allows, and reading them."""

import io
import os
import struct
import zlib
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image, UnidentifiedImageError

from adaat_keras.deep_images import WHOLE, Range, range_of
from adaat_keras.domains.npy import (
    Reader,
    arrays_reader,
    by_numpy,
    given_bytes,
    given_path,
    named,
)
from adaat_keras.exif import EXIF, orientation, upright

COLORS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA"}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class PngHeader(NamedTuple):
    """Size in pixels, bits a channel, and colour type (a key of `COLORS`)."""

    width: int
    height: int
    bits: int
    color: int

    def __str__(self) -> str:
        return f"{self.bits}-bit {COLORS.get(self.color, 'unknown')}"


def png_header(path: Path | str) -> PngHeader:
    """Read size and pixel format of a PNG file, and check that its end is there.

    Reads the first 33 bytes and the last 12 (the header and end chunks of the PNG specification),
    so that thousands of files are checked in a second. If the file does not end with the end chunk,
    its chunks are searched for it; as in all decoders, anything after it is ignored.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a PNG, it is cut off, or it says a size that its bytes cannot hold;
            the message names the file.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "a.png"
        >>> Image.new("RGBA", (5, 4)).save(path)
        >>> png_header(path), str(png_header(path))
        (PngHeader(width=5, height=4, bits=8, color=6), '8-bit RGBA')
    """
    with open(path, "rb") as file:
        head = file.read(33)
        size = file.seek(0, 2)
        file.seek(max(0, size - 12))
        whole = size >= 45 and (file.read()[4:8] == b"IEND" or _has_end(file))
    if not head.startswith(_SIGNATURE[: len(head)]) or not head:
        raise ValueError(f"{path}: not a PNG file (it is {_start(head)}); write it as PNG")
    if not whole:
        raise ValueError(
            f"{path}: the PNG file is cut off after {size} bytes; copy or unpack it again"
        )
    width, height = (int.from_bytes(head[at : at + 4], "big") for at in (16, 20))
    header = PngHeader(width, height, head[24], head[25])
    if head[12:16] != b"IHDR" or not width or not height or _too_large(header, size):
        raise ValueError(
            f"{path}: the PNG file is damaged, {width} x {height} pixels in {size} bytes; copy or "
            "unpack it again"
        )
    return header


_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Deflate expands a byte to 1032 bytes at most.
_MOST_PER_BYTE = 1100


def _too_large(header: PngHeader, size: int) -> bool:
    """Whether the header's pixels cannot fit into a file of this size."""
    row = header.width * _CHANNELS.get(header.color, 1) * max(header.bits, 1) / 8
    return header.height * row > _MOST_PER_BYTE * size


def _has_end(file: BinaryIO) -> bool:
    """Whether one of a PNG's chunks is the end."""
    size, place = file.seek(0, 2), len(_SIGNATURE)
    while place + 12 <= size:
        file.seek(place)
        chunk = file.read(8)
        if chunk[4:] == b"IEND":
            return True
        place += 12 + int.from_bytes(chunk[:4], "big")
    return False


def _start(head: bytes) -> str:
    if not head:
        return "empty"
    return "a JPEG" if head.startswith(b"\xff\xd8") else f"something that starts with {head[:8]!r}"


_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = COLORS


class PngKind(NamedTuple):
    """A pixel format that files must have, and how to fix files with another.

    `colors` are PNG colour types, of which those in `short` may have fewer bits. Alpha is dropped
    from files with more than `channels` channels; with `repeated`, red, green and blue must be
    equal, and one of them is returned. Values of fewer than 8 bits are not rescaled.
    """

    name: str
    bits: int
    colors: tuple[int, ...]
    channels: int
    fix: str
    short: tuple[int, ...] = (_PALETTE,)
    repeated: bool = False

    def check(self, path: Path | str) -> PngHeader:
        """The header of a file of this kind.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is cut off, no PNG, or of another format; the message names the
                file, what it is, and the fix.
        """
        header = png_header(path)
        if (header.bits, header.color) not in self.forms:
            raise ValueError(f"{path}: {header}, but {self.name} must be {self.format}; {self.fix}")
        return header

    @property
    def forms(self) -> list[tuple[int, int]]:
        """Bits and colour types that a file may have."""
        return [
            (bits, color)
            for color in self.colors
            for bits in ((1, 2, 4, 8) if color in self.short else (self.bits,))
        ]

    @property
    def format(self) -> str:
        """The format in words, e.g. `"8-bit RGB or 8-bit RGBA"`."""
        return " or ".join(str(PngHeader(0, 0, self.bits, color)) for color in self.colors)


# CARLA's recorder writes an alpha channel that carries nothing, and SYNTHIA-SF's copies vary.
IMAGE = PngKind(
    "an image",
    8,
    (_RGB, _RGBA, _GREY, _PALETTE, _GREY_ALPHA),
    3,
    "write all with 8 bits, or all with 16 and read them by Folder(..., image_range=), which says "
    "what becomes black and white",
    short=(_PALETTE, _GREY),
)
LABEL_IDS = PngKind(
    "a map of label ids",
    8,
    (_GREY,),
    1,
    "coloured pictures (..._color.png) and instance maps are no label maps: use the file of ids",
)
LABELS_IN_RED = PngKind(
    "a label map with its ids in the red channel",
    8,
    (_RGB, _RGBA),
    3,
    "use the raw semantic picture, neither coloured nor converted",
)
PACKED_DEPTH = PngKind(
    "24-bit depth",
    8,
    (_RGB, _RGBA),
    3,
    "use the raw depth picture, neither converted to grey nor to logarithmic depth",
)
FIXED_POINT = PngKind(
    "a disparity or depth map", 16, (_GREY,), 1, "use the original file: a copy lost its low bits"
)


def read_png(path: tf.Tensor, kind: PngKind) -> tf.Tensor:
    """Read a PNG file of a known kind.

    Format and end are checked before decoding, since TensorFlow would silently rescale 4-bit ids
    to 8 bits and convert RGB to grey, and would not name a truncated file.

    Args:
        path: String scalar.
        kind: The format that the file must have.

    Returns:
        `(height, width, channels)`, uint8, or uint16 for a kind of 16 bits; without the last axis
        if the kind has one channel.

    Raises:
        tf.errors.InvalidArgumentError: The file is of another kind, or damaged; the message names
            the file. (For a full account before anything is decoded: `kind.check`.)

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from adaat_keras.domains.png import IMAGE
        >>> path = tempfile.mkdtemp() + "/a.png"
        >>> Image.new("RGB", (5, 4), (1, 2, 3)).save(path)
        >>> image = read_png(tf.constant(path), IMAGE)
        >>> image.shape, image[0, 0].numpy().tolist()
        (TensorShape([4, 5, 3]), [1, 2, 3])
    """
    return _decode_png(tf.io.read_file(path), path, kind)


def _decode_png(data: tf.Tensor, path: tf.Tensor, kind: PngKind) -> tf.Tensor:
    size = tf.strings.length(data)
    head = tf.strings.substr(tf.strings.join([tf.strings.substr(data, 0, 26), _ZEROS]), 0, 26)
    numbers = tf.cast(tf.io.decode_raw(head, tf.uint8), tf.float64)
    width, height = (tf.reduce_sum(numbers[at : at + 4] * _PLACES) for at in (16, 20))
    form = tf.strings.substr(head, 24, 2)
    formats = [bytes(form) for form in kind.forms]
    bits = tf.constant([_CHANNELS[color] * bits for bits, color in kind.forms], tf.float64)
    matches = tf.constant(formats) == form
    pixel = tf.reduce_max(tf.where(matches, bits, 0.0)) / 8
    fits = height * width * pixel <= _MOST_PER_BYTE * tf.cast(size, tf.float64)
    whole = tf.numpy_function(_bytes_are_whole, [data], tf.bool, stateful=False)
    whole = tf.ensure_shape(whole, ())
    good = whole & fits & (width > 0) & (height > 0) & tf.reduce_any(matches)
    fix = f": cut off, damaged, or not {kind.format}; `adaat-keras data check` tells which"
    check = tf.debugging.Assert(good, [tf.strings.join([path, fix])])
    with tf.control_dependencies([check] if check is not None else []):
        dtype = tf.uint16 if kind.bits == 16 else tf.uint8
        decode = partial(_png_pixels, kind=kind, dtype=dtype)
        pixels = by_numpy(decode, [data, path], dtype)
    pixels = tf.ensure_shape(pixels, (None, None, kind.channels))
    return pixels[..., 0] if kind.channels == 1 else pixels


_ZEROS = bytes(26)
_PLACES = np.array([1 << 24, 1 << 16, 1 << 8, 1], np.float64)


def _bytes_are_whole(data: bytes) -> np.bool_:
    """Whether a PNG is complete and the checksums of its critical chunks are right.

    The decoder checks this, too, but does not name the file.
    """
    data, place = memoryview(given_bytes(data)), len(_SIGNATURE)
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        kind, after = bytes(data[place + 4 : place + 8]), place + 8 + length
        # Decoders ignore ancillary chunks, whose names begin with a lower-case letter.
        if not kind[0] & 0x20:
            checksum = int.from_bytes(data[after : after + 4], "big")
            if zlib.crc32(data[place + 4 : after]) != checksum:
                return np.bool_(False)
        if kind == b"IEND":
            return np.bool_(True)
        place = after + 4
    return np.bool_(False)


def _png_pixels(data: bytes, path: bytes, kind: PngKind, dtype: tf.DType) -> np.ndarray:
    """A PNG's pixels, decoded outside the graph, whose operations do not name a bad file."""
    channels = 3 if kind.repeated else kind.channels
    try:
        pixels = tf.io.decode_png(given_bytes(data), channels=channels, dtype=dtype).numpy()
    except tf.errors.OpError:
        raise ValueError(
            f"{given_path(path)}: the PNG file is damaged inside; copy or unpack it again"
        ) from None
    if kind in (IMAGE, DEEP_IMAGE):
        return upright(pixels, given_bytes(data))
    if kind.bits < 8:
        # Undo the decoder's rescaling to 255.
        pixels //= 255 // (2**kind.bits - 1)
    if kind.repeated and not _repeats(pixels):
        raise ValueError(f"{given_path(path)}: red, green and blue differ; {kind.fix}")
    return pixels[..., : kind.channels]


def _repeats(pixels: np.ndarray) -> bool:
    """Whether red, green and blue are the same."""
    return bool((pixels == pixels[..., :1]).all())


# Bytes at a JPEG's end that are searched for its end marker: some cameras append data after it.
_TAIL = 1 << 16


def _jpeg_has_end(data: bytes) -> np.bool_:
    """Whether a JPEG has its end marker, whatever is appended to it, such as a video."""
    data, place = given_bytes(data), 2
    while 0 <= place < len(data) - 1:
        marker = data[place + 1]
        if data[place] != 0xFF:
            return np.bool_(False)
        if marker == 0xD9:
            return np.bool_(True)
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == 0xDA:
            # Within pixels 0xFF is followed by 0, or by a restart's number.
            place = data.find(b"\xff", place)
            while 0 <= place < len(data) - 1 and data[place + 1] in _WITHIN:
                place = data.find(b"\xff", place + 2)
    return np.bool_(False)


_WITHIN = (0, *range(0xD0, 0xD8))


def read_picture(path: tf.Tensor) -> tf.Tensor:
    """Read an image from a PNG or JPEG file with any extension; grey becomes RGB.

    It is rotated as its EXIF says.

    Args:
        path: String scalar.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        tf.errors.InvalidArgumentError: The file is neither, has more than 8 bits per channel, or is
            truncated; the message names it.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = tempfile.mkdtemp() + "/a.JPG"
        >>> Image.new("L", (5, 4), 7).save(path, "jpeg")
        >>> read_picture(tf.constant(path))[0, 0].numpy().tolist()
        [7, 7, 7]
    """
    data = tf.io.read_file(path)
    is_png = tf.strings.substr(data, 0, len(_SIGNATURE)) == _SIGNATURE
    pixels = tf.cond(
        is_png, lambda: _decode_png(data, path, IMAGE), lambda: _decode_jpeg(data, path)
    )
    return tf.ensure_shape(pixels, (None, None, 3))


def _decode_jpeg(data: tf.Tensor, path: tf.Tensor) -> tf.Tensor:
    """Decode a JPEG after checking its end, as TensorFlow would not name a truncated file."""
    size = tf.strings.length(data)
    tail = tf.strings.substr(data, tf.maximum(size - _TAIL, 0), _TAIL)
    ends = tf.io.decode_raw(tail, tf.uint8)
    has_end = tf.cond(
        tf.reduce_any((ends[:-1] == 0xFF) & (ends[1:] == 0xD9)),
        lambda: True,
        lambda: tf.ensure_shape(tf.numpy_function(_jpeg_has_end, [data], tf.bool), ()),
    )
    good = (tf.strings.substr(data, 0, 2) == b"\xff\xd8") & has_end
    message = tf.strings.join([path, ": cut off, or neither PNG nor JPEG"])
    check = tf.debugging.Assert(good, [message])
    with tf.control_dependencies([check] if check is not None else []):
        return by_numpy(_jpeg_pixels, [data, path], tf.uint8)


def _jpeg_pixels(data: bytes, path: bytes) -> np.ndarray:
    """A JPEG's pixels, decoded outside the graph, whose operations do not name a bad file."""
    try:
        return upright(tf.io.decode_jpeg(given_bytes(data), channels=3).numpy(), given_bytes(data))
    except tf.errors.OpError:
        raise ValueError(
            f"{given_path(path)}: the JPEG is damaged inside; copy or unpack it again"
        ) from None


# What users' own folders hold.
_ONE_CHANNEL = "if these are colours, pass palette=, else save one channel of them with {} bits"
_NUMBERS = "write it as a PNG of 8 or 16 bits in grey, or as .npy"
_KINDS = {
    "semantic": (
        *(
            PngKind("a map of numbers", bits, (_GREY,), 1, _ONE_CHANNEL.format(bits))
            for bits in (8, 16, 4, 2, 1)
        ),
        # As many programs write grey.
        *(
            PngKind(
                "a map of numbers",
                bits,
                (_RGB, _RGBA, _GREY_ALPHA, _GREY),
                1,
                _ONE_CHANNEL.format(bits),
                repeated=True,
            )
            for bits in (8, 16)
        ),
    ),
    "colors": (
        PngKind("a map of colours", 8, (_RGB, _RGBA, _PALETTE), 3, "if it has numbers, pass ids="),
    ),
    "depth": tuple(PngKind("depth or disparity", b, (_GREY,), 1, _NUMBERS) for b in (16, 8)),
    "normals": (PngKind("normals as colours", 8, (_RGB, _RGBA), 3, "write it as RGB"),),
}


def reader_of(key: str, files: list[Path], image_range: Range | None = None) -> Reader:
    """The reader for a user's files of a key, chosen by the first file.

    Args:
        key: `"image"`, `"semantic"`, `"colors"` (classes as colours), `"depth"` or `"normals"`.
        files: All files.
        image_range: The values mapped to black and white in 16-bit images.

    Raises:
        ValueError: Arrays and pictures are mixed, or the first file has an unsupported format.
    """
    arrays = [path for path in files if path.suffix.lower() == ".npy"]
    if arrays and len(arrays) < len(files):
        other = next(path for path in files if path not in arrays)
        raise ValueError(f"{arrays[0]} is an array and {other} is a picture; give one kind")
    if arrays:
        return arrays_reader(key, arrays[0])
    if key == "image":
        return Reader(picture_size, read_picture) if image_range is None else _deep(image_range)
    header = png_header(files[0])
    if key == "semantic" and header.color == _PALETTE:
        # TensorFlow would return the palette's colours instead of the numbers.
        return Reader(_palette_size, _read_palette)
    kinds = _KINDS[key]
    kind = next((k for k in kinds if (header.bits, header.color) in k.forms), kinds[0])
    if kind.repeated and not _all_repeat(files):
        kind = kinds[0]
    return Reader(lambda path: kind.check(path)[:2], partial(read_png, kind=kind))


DEEP_IMAGE = PngKind(
    "an image like the first", 16, (_GREY, _RGB, _RGBA, _GREY_ALPHA), 3, "write all with 16 bits"
)


def _some(files: list[Path]) -> list[Path]:
    """The first, the middle and the last."""
    return [*dict.fromkeys((files[0], files[len(files) // 2], files[-1]))]


def _all_repeat(files: list[Path]) -> bool:
    """Whether red, green and blue are equal in those of some files that can be read."""
    seen = []
    for path in _some(files):
        with suppress(ValueError, OSError, tf.errors.OpError):
            png_header(path)
            pixels = tf.io.decode_png(path.read_bytes(), channels=3, dtype=tf.uint16)
            seen.append(_repeats(pixels.numpy()))
    return bool(seen) and all(seen)


def are_deep(files: list[Path]) -> bool:
    """Whether the files are 16-bit PNGs, by the first of three whose header can be read."""
    for path in _some(files):
        with suppress(ValueError, OSError):
            return png_header(path).bits == 16
    return False


def deep_range(files: list[Path]) -> Range | None:
    """The range of values in 16-bit images, judged by three of them; `None` for other images.

    Files that cannot be read are skipped.
    """
    values = []
    for path in _some(files) if are_deep(files) else ():
        with suppress(ValueError, OSError, tf.errors.OpError):
            if png_header(path).bits == 16:
                data = tf.io.read_file(str(path))
                values.append(tf.io.decode_png(data, channels=3, dtype=tf.uint16).numpy().ravel())
    return range_of(np.concatenate(values)) if values else None


def _deep(image_range: Range) -> Reader:
    """The reader for 16-bit images: `deep_images.stretched` in graph operations."""

    def read(path: tf.Tensor) -> tf.Tensor:
        pixels = read_png(path, DEEP_IMAGE)
        if tuple(image_range) == WHOLE:
            return tf.cast(tf.bitwise.right_shift(pixels, tf.constant(8, tf.uint16)), tf.uint8)
        low, high = np.float32(image_range[0]), np.float32(image_range[1])
        share = tf.clip_by_value((tf.cast(pixels, tf.float32) - low) / (high - low), 0, 1)
        return tf.cast(tf.round(share * np.float32(255)), tf.uint8)

    def size(path: Path) -> tuple[int, int]:
        return DEEP_IMAGE.check(path)[:2][:: -1 if is_turned(path) else 1]

    return Reader(size, read)


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of a PNG or JPEG from its first bytes, rotated as its EXIF says.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is neither, damaged, or has more than 8 bits; the message names it.
    """
    with open(path, "rb") as file:
        start = file.read(_TAIL)
    turned = slice(None, None, -1 if is_turned(path, start) else 1)
    if start.startswith(_SIGNATURE):
        return IMAGE.check(path)[:2][turned]
    try:
        with Image.open(path) as picture:
            kind, size = picture.format, picture.size
    except UnidentifiedImageError:
        raise ValueError(f"{path}: neither PNG nor JPEG (it is {_start(start[:8])})") from None
    except FileNotFoundError:
        raise
    except (
        *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error),
        Image.DecompressionBombError,
    ) as error:
        raise ValueError(f"{path}: the picture is damaged: {error}") from error
    if kind not in ("JPEG", "MPO"):
        raise ValueError(f"{path}: a picture must be PNG or JPEG, not {kind}")
    if size[0] * size[1] > _MOST_JPEG_PIXELS * (os.path.getsize(path) + 1024):
        raise ValueError(
            f"{path}: the JPEG is damaged, {size[0]} x {size[1]} pixels in "
            f"{os.path.getsize(path)} bytes; copy or unpack it again"
        )
    return size[turned]


def is_turned(path: Path, start: bytes | None = None) -> bool:
    """Whether an image's EXIF orientation swaps width and height."""
    if start is None:
        with open(path, "rb") as file:
            start = file.read(_TAIL)
    if not any(word in start for word in EXIF):
        return False
    return orientation(Path(path).read_bytes()) > 4


# A JPEG has at least one bit per block of 8 x 8 pixels, or of 16 x 16 in two of three channels.
_MOST_JPEG_PIXELS = 1024


def _palette_size(path: Path) -> tuple[int, int]:
    header = png_header(path)
    if header.color != _PALETTE:
        raise ValueError(f"{path}: {header}, but the others have a palette; give one kind")
    return header[:2]


def _read_palette(path: tf.Tensor) -> tf.Tensor:
    def numbers(file: Path) -> np.ndarray:
        _palette_size(file)
        data = file.read_bytes()
        # Pillow does not verify the checksums of pixels.
        if not _bytes_are_whole(data):
            raise ValueError("its checksums are wrong")
        with Image.open(io.BytesIO(data)) as picture:
            return np.asarray(picture)

    pixels = by_numpy(partial(named, read=numbers), [path], tf.uint8)
    return tf.ensure_shape(pixels, (None, None))
