"""Predictions for pictures: image files, folders and videos, of any size.

- `images`: finding files, and reading images.
- `tiles`: labels of images, large ones in tiles.
- `predictions`, `video`: writing predictions for image files and for videos.
"""

from adaat_keras.inference.images import find_images, find_videos, read_image
from adaat_keras.inference.predictions import overlay, write_predictions
from adaat_keras.inference.tiles import Tiled, predict_labels
from adaat_keras.inference.video import write_video

__all__ = [
    "Tiled",
    "find_images",
    "find_videos",
    "overlay",
    "predict_labels",
    "read_image",
    "write_predictions",
    "write_video",
]
