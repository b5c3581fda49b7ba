"""Image files as arrays."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError


def read_image(path: Path | str) -> np.ndarray:
    """Read an image file as RGB, the way up that its EXIF orientation says.

    Grey images get three equal channels, transparency is dropped; of 16-bit grey images the upper
    eight bits are taken.

    Args:
        path: Any format that Pillow reads.

    Returns:
        uint8 `(height, width, 3)`, 0 to 255.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no image, is damaged, or has 32-bit pixels.
    """
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}") from None
    except UnidentifiedImageError:
        raise ValueError(f"{path} is no image that Pillow can read") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from error
    if image.mode in ("I", "F"):
        raise ValueError(f"{path} has 32-bit pixels; convert it to an 8-bit PNG or JPEG")
    if image.mode.startswith("I;16"):
        # Pillow would clip to 255, which turns nearly everything white.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return np.asarray(image.convert("RGB"))
