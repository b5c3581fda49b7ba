"""Which PNG formats a data set's files may have."""

from pathlib import Path
from typing import NamedTuple

from adaat_keras.domains.formats.png_header import PngHeader, png_header

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
