"""Image and video files: finding them, and reading images."""

import glob
import re
import struct
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from adaat_keras.deep_images import Range, checked_range, range_of, stretched, told_range
from adaat_keras.exif import turned
from adaat_keras.files import (
    counted,
    home_expanded,
    lost_links,
    matching,
    not_taken_below,
    pattern_parts,
    through_links_once,
    told_lost,
)

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm")


def find_images(patterns: str | Path | Sequence[str | Path]) -> list[Path]:
    """Find the image files given by a list of files, folders and glob patterns.

    A folder gives the images directly in it, a pattern (`"frames/*_left.png"`,
    `"frames/**/*.jpg"`) those that it matches; a file is taken whatever its extension.

    Args:
        patterns: Files, folders or glob patterns, or a single one; `~` is the home folder.

    Returns:
        Each file once, in the order of the patterns, sorted within a folder or pattern. A warning
        reports pictures that are skipped because of their extension, because they lie in
        subfolders, or because they are named like predictions for other images.

    Raises:
        FileNotFoundError: One of them gives no image.
        ValueError: The list is empty.

    Example:
        >>> find_images(["no/such/folder/*.png"])
        Traceback (most recent call last):
        ...
        FileNotFoundError: no image matches no/such/folder/*.png
    """
    if not patterns:
        raise ValueError("name at least one image, folder or pattern")
    patterns = _as_strings(patterns)
    found = list(dict.fromkeys(path for pattern in patterns for path in _find(pattern)))
    for folder in filter(Path.is_dir, map(home_expanded, patterns)):
        if below := not_taken_below(folder, IMAGE_SUFFIXES, found):
            warnings.warn(
                f"{folder}: left aside {counted(len(below), 'image')} in folders within it, "
                f"such as {below[0].relative_to(folder)}; {folder / '**' / '*'} takes them too",
                stacklevel=2,
            )
    return found


def is_video(pattern: str) -> bool:
    """Whether a file name or pattern has a video's extension.

    Example:
        >>> is_video("drive/*.MP4"), is_video("drive")
        (True, False)
    """
    return Path(pattern).suffix.lower() in VIDEO_SUFFIXES


def find_videos(patterns: str | Path | Sequence[str | Path]) -> list[Path]:
    """Find the video files given by a list of files and glob patterns, like `find_images`.

    Raises:
        FileNotFoundError: One of them gives no file.

    Example:
        >>> find_videos(["no/such/*.mp4"])
        Traceback (most recent call last):
        ...
        FileNotFoundError: no video matches no/such/*.mp4
    """
    found: dict[Path, None] = {}
    for pattern in _as_strings(patterns):
        path = home_expanded(pattern)
        there = [path] if path.is_file() else _visible(matching(path))
        if not there:
            raise FileNotFoundError(
                f"no video matches {path}" if glob.has_magic(pattern) else f"there is no {path}"
            )
        found |= dict.fromkeys(there)
    return list(found)


def _as_strings(patterns: str | Path | Sequence[str | Path]) -> list[str]:
    """Patterns as a list of strings; not as paths, which would garble a URL."""
    return [str(each) for each in ([patterns] if isinstance(patterns, str | Path) else patterns)]


# Pictures that Pillow may not read; skipping them is reported.
_OTHER_PICTURES = (
    *(".avif", ".dng", ".exr", ".gif", ".heic", ".heif", ".hdr", ".jp2", ".jpe", ".jfif", ".npy"),
    *(".npz", ".pbm", ".pfm", ".pgm", ".ppm", ".raw", ".tga", ".cr2", ".nef", ".arw"),
)


def _find(pattern: str) -> list[Path]:
    path = home_expanded(pattern)
    # Before globbing, since file names may contain brackets.
    if path.is_file():
        return [path]
    if path.is_dir():
        there = _visible(path.iterdir())
        problem = f"the folder {path} has no images in it ({', '.join(IMAGE_SUFFIXES)})"
    else:
        there = _visible(matching(path))
        magic = glob.has_magic(pattern_parts(path)[1])
        problem = f"no image matches {path}" if magic else f"there is no {path}"
        if "://" in pattern:
            problem = f"{pattern} is an address; download it, and name the file"
    images = [each for each in there if each.suffix.lower() in IMAGE_SUFFIXES]
    others = [each for each in there if each.suffix.lower() in _OTHER_PICTURES]
    if not images:
        if path.is_dir() and (below := not_taken_below(path, IMAGE_SUFFIXES, there)):
            problem += f", but {path / '**' / '*'} takes {len(below)} in folders within it"
        # Listing what is there helps to spot a mistyped pattern.
        beside = [] if path.is_dir() or not path.parent.is_dir() else path.parent.iterdir()
        near = there or _visible(beside)
        endings = Counter(each.suffix.lower() or each.name for each in near)
        counts = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(5))
        raise FileNotFoundError(f"{problem}; what is there: {counts}" if counts else problem)
    if others:
        warnings.warn(
            f"{pattern}: took {counted(len(images), 'image')}, and left aside "
            f"{counted(len(others), 'picture')} for the ending, such as {others[0].name}; name a "
            "file itself to have it read",
            stacklevel=4,
        )
    return _without_predictions(pattern, images)


# The names that `write_predictions` gives its files; labels are often named so, too.
_PREDICTED = re.compile(r"(.+)_(?:depth|normals|semantic)(?:_color|_overlay)?")


def _without_predictions(pattern: str, images: list[Path]) -> list[Path]:
    """The images without those that are named like predictions for others among them."""
    names = {(each.parent, each.stem) for each in images}
    taken = []
    for each in images:
        of = _PREDICTED.fullmatch(each.stem)
        if not (of and (each.parent, of[1]) in names):
            taken.append(each)
    aside = sorted({*images} - {*taken})
    if aside:
        warnings.warn(
            f"{pattern}: left aside {len(aside)} of {len(images)} pictures, named as predictions "
            f"of others, such as {aside[0].name}; name a file itself to have it read",
            stacklevel=5,
        )
    return taken


def _visible(paths: Iterable[Path]) -> list[Path]:
    paths = [path for path in paths if path.name[0] != "."]
    if lost := lost_links(paths):
        warnings.warn(f"{told_lost(lost)}; left aside", stacklevel=5)
    return through_links_once(path for path in paths if path.is_file())


def read_image(path: Path | str, image_range: Sequence[float] | None = None) -> np.ndarray:
    """Read an image file as RGB, rotated as its EXIF orientation says.

    Grey images get three equal channels; transparency is dropped. Images of more than 8 bits are
    converted to 8 (`adaat_keras.deep_images`), and a warning says how: if the values fill 16 bits,
    the upper eight are taken; if not, as with thermal cameras, the values between the 0.5th and
    99.5th percentiles are stretched.

    Args:
        path: Any format that Pillow reads; `~` is the home folder.
        image_range: The two values mapped to black and white in images of more than 8 bits.

    Returns:
        uint8 `(height, width, 3)`, 0 to 255.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not an image, is damaged, or has 32-bit pixels without an `image_range`.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("L", (6, 4), 128).save(path)
        >>> read_image(path).shape
        (4, 6, 3)
    """
    pixels, used = read_with_range(
        path, None if image_range is None else checked_range(image_range)
    )
    if used is not None and image_range is None:
        warnings.warn(f"{path} has more than 8 bits: {told_range(used)}", stacklevel=2)
    return pixels


def read_with_range(path: Path | str, image_range: Range | None) -> tuple[np.ndarray, Range | None]:
    """An image as `read_image` reads it, and the range by which it was stretched, if it was."""
    path = home_expanded(path)
    try:
        with warnings.catch_warnings():
            # Large images are predicted in tiles.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # Transparency is dropped anyway.
            warnings.filterwarnings("ignore", "Palette images with Transparency")
            with Image.open(path) as image:
                # The further pictures in a camera's JPEG are previews.
                pictures = getattr(image, "n_frames", 1) if image.format != "MPO" else 1
                narrowed = _loses_bits(image)
                mode = image.mode
                if narrowed and image.format == "PNG":
                    deep, narrowed = True, False
                    pixels = _deep_colors(path, image)
                else:
                    # In place: copies of a large image take more memory than its prediction.
                    ImageOps.exif_transpose(image, in_place=True)
                    deep = mode in ("I", "F") or mode.startswith("I;16")
                    # Pillow would clip deep images to 255, turning nearly everything white.
                    pixels = np.asarray(image if deep or mode == "RGB" else image.convert("RGB"))
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}") from None
    except UnidentifiedImageError:
        what = "is no image that Pillow can read" if path.stat().st_size else "is empty: 0 bytes"
        raise ValueError(f"{path} {what}") from None
    except Image.DecompressionBombError as error:
        raise ValueError(
            f"{path} has more than {2 * Image.MAX_IMAGE_PIXELS:,} pixels, the most that are read "
            "of one file; cut it into parts"
        ) from error
    except (
        *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error),
        *(EOFError, OverflowError, ZeroDivisionError),
    ) as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from error
    if pictures > 1:
        warnings.warn(f"{path} holds {pictures} pictures; the first is taken", stacklevel=3)
    if mode in ("I", "F") and image_range is None:
        raise ValueError(
            f"{path} has 32-bit pixels; say which values become black and white (--range LOW,HIGH, "
            "image_range=), or convert it to an 8-bit PNG or JPEG"
        )
    if deep:
        used = range_of(pixels) if image_range is None else image_range
        pixels = stretched(pixels, used)
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1), used
    if narrowed and len(np.unique(pixels)) < _FEW_LEVELS:
        raise ValueError(
            f"{path} has colours of 16 bits of which the upper eight, all that Pillow reads, hold "
            f"{len(np.unique(pixels))} levels; write it as a PNG of 16 bits, or stretch it to 8"
        )
    return pixels, None


# An 8-bit image with fewer distinct levels is rejected as hardly a picture.
_FEW_LEVELS = 32


def _deep_colors(path: Path, file: Image.Image) -> np.ndarray:
    """Read a 16-bit colour PNG, which Pillow would truncate, and apply its EXIF orientation."""
    # Imported here: presets predict on Keras' other backends, without TensorFlow installed.
    try:
        import tensorflow as tf
    except ImportError:
        raise ValueError("colours of 16 bits need TensorFlow; stretch them to 8") from None
    try:
        pixels = tf.io.decode_png(path.read_bytes(), channels=3, dtype=tf.uint16).numpy()
    except tf.errors.OpError as error:
        raise ValueError(error) from error
    return turned(pixels, file.getexif().get(ExifTags.Base.Orientation, 1))


def _loses_bits(file: Image.Image) -> bool:
    """Whether Pillow truncates this file's 16-bit colours to 8 bits."""
    return file.mode.startswith("RGB") and any(";16" in str(tile[-1]) for tile in file.tile)
