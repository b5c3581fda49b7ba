"""PNG files of every kind that the four data sets use."""

from pathlib import Path

import numpy as np
from PIL import Image

from adaat_keras.files import written_whole


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write uint8 `(height, width)` or `(height, width, 3)`, or uint16 `(height, width)`."""
    with written_whole(path) as temporary:
        Image.fromarray(pixels).save(temporary, compress_level=1)
