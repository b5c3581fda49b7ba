"""PNG files: their header, the formats that a data set allows, and reading them."""

from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

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

    Reads 33 bytes and the last 12 (the header and end chunks of the PNG specification), so that
    thousands of files are checked in a second.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a PNG, or it is cut off; the message names the file.

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
        end = file.read()
    if not head.startswith(_SIGNATURE[: len(head)]) or not head:
        raise ValueError(f"{path}: not a PNG file (it is {_start(head)}); write it as PNG")
    if size < 45 or end[4:8] != b"IEND":
        raise ValueError(
            f"{path}: the PNG file is cut off after {size} bytes; copy or unpack it again"
        )
    width, height = (int.from_bytes(head[at : at + 4], "big") for at in (16, 20))
    return PngHeader(width, height, head[24], head[25])


def _start(head: bytes) -> str:
    if not head:
        return "empty"
    return "a JPEG" if head.startswith(b"\xff\xd8") else f"something that starts with {head[:8]!r}"


_GREY, _RGB, _RGBA = 0, 2, 6


class PngKind(NamedTuple):
    """A pixel format that a file may have, and what to do about a file that has another.

    `colors` are PNG colour types. A file with more channels than `channels` loses its alpha.
    """

    name: str
    bits: int
    colors: tuple[int, ...]
    channels: int
    fix: str

    def check(self, path: Path | str) -> PngHeader:
        """The header of a file of this kind.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is cut off, no PNG, or of another format; the message names the
                file, what it is, and the fix.
        """
        header = png_header(path)
        if header.bits != self.bits or header.color not in self.colors:
            raise ValueError(f"{path}: {header}, but {self.name} must be {self.format}; {self.fix}")
        return header

    @property
    def format(self) -> str:
        """The format in words, e.g. `"8-bit RGB or 8-bit RGBA"`."""
        return " or ".join(str(PngHeader(0, 0, self.bits, color)) for color in self.colors)


# CARLA's recorder writes an alpha channel that carries nothing, and SYNTHIA-SF's copies vary.
IMAGE = PngKind(
    "an image", 8, (_RGB, _RGBA), 3, "convert it with Pillow: Image.open(file).convert('RGB')"
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

    TensorFlow would scale 4-bit ids to 8 bits and grey RGB ones in silence, and name no file when
    one is cut off; so format and end are checked before it decodes.

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
    data = tf.io.read_file(path)
    size = tf.strings.length(data)
    end = tf.strings.substr(data, tf.maximum(size - 8, 0), 4)
    found = tf.strings.substr(data, tf.minimum(24, size), 2)
    formats = [bytes((kind.bits, color)) for color in kind.colors]
    good = (end == b"IEND") & tf.reduce_any(found == tf.constant(formats))
    fix = f": cut off, or not {kind.format}; `adaat-keras data check` tells which"
    check = tf.debugging.Assert(good, [tf.strings.join([path, fix])])
    with tf.control_dependencies([check] if check is not None else []):
        dtype = tf.uint8 if kind.bits == 8 else tf.uint16
        pixels = tf.io.decode_png(data, channels=kind.channels, dtype=dtype)
    return pixels[..., 0] if kind.channels == 1 else pixels
