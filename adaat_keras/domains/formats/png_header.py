"""The head of a PNG file, read without decoding it."""

from pathlib import Path
from typing import NamedTuple

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
