"""Image files by name, folder or pattern."""

import glob
import os
from pathlib import Path

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def find_images(patterns: list[str]) -> list[Path]:
    """Find the image files that a list of files, folders and glob patterns stands for.

    A folder stands for the images directly in it, a pattern (`"frames/*_left.png"`,
    `"frames/**/*.jpg"`) for those that it matches; a file is taken whatever its ending.

    Args:
        patterns: Files, folders or glob patterns; `~` is the home folder.

    Returns:
        Each file once, in the order of the patterns, sorted within a folder or pattern.

    Raises:
        FileNotFoundError: One of them stands for no image.
        ValueError: The list is empty.

    Example:
        >>> find_images(["no/such/folder/*.png"])
        Traceback (most recent call last):
        ...
        FileNotFoundError: no image matches no/such/folder/*.png
    """
    if not patterns:
        raise ValueError("name at least one image, folder or pattern")
    return list(dict.fromkeys(path for pattern in patterns for path in _find(pattern)))


def _find(pattern: str) -> list[Path]:
    path = Path(os.path.expanduser(pattern))
    # Before globbing, since names may have brackets in them.
    if path.is_file():
        return [path]
    if path.is_dir():
        images = _images(path.iterdir())
        problem = f"the folder {path} has no images in it ({', '.join(IMAGE_SUFFIXES)})"
    else:
        images = _images(Path(match) for match in glob.glob(str(path), recursive=True))
        problem = f"no image matches {path}" if glob.has_magic(pattern) else f"there is no {path}"
    if not images:
        raise FileNotFoundError(problem)
    return images


def _images(paths) -> list[Path]:
    return sorted(
        path
        for path in paths
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() and path.name[0] != "."
    )
