"""Predictions of large images in overlapping tiles."""

import numpy as np


class Tiled:
    """Predicts as a model does, in square tiles, so that memory does not grow with the image.

    Neighbouring tiles overlap by a quarter; where they do, their outputs are averaged with
    weights that fall linearly to a tile's border. Instance normalization sees a tile in place of
    the image, so that the result differs from a prediction in one piece.

    Args:
        model: Takes `(1, height, width, 3)` in 0..255, puts out `(1, height, width, channels)`.
        tile: Height and width of a tile in pixels, at least 64.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> model = Tiled(build_ada_atdt(size="tiny"), tile=64)
        >>> model.predict_on_batch(np.zeros((1, 100, 150, 3), "float32")).shape
        (1, 100, 150, 11)
    """

    def __init__(self, model, tile: int):
        if tile < 64:
            raise ValueError(f"a tile must have at least 64 pixels, not {tile}")
        self.model = model
        self.tile = tile

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        """The model's outputs for images `(batch, height, width, 3)`."""
        _, height, width, _ = images.shape
        rows, columns = self._starts(height), self._starts(width)
        total = weights = 0.0
        for top in rows:
            for left in columns:
                part = images[:, top : top + self.tile, left : left + self.tile]
                outputs = np.asarray(self.model.predict_on_batch(part))
                weight = self._weight(*outputs.shape[1:3])[..., None]
                if np.isscalar(total):
                    total = np.zeros((len(images), height, width, outputs.shape[-1]), np.float32)
                    weights = np.zeros((height, width, 1), np.float32)
                total[:, top : top + self.tile, left : left + self.tile] += outputs * weight
                weights[top : top + self.tile, left : left + self.tile] += weight
        return total / weights

    def _starts(self, length: int) -> list[int]:
        """Where tiles begin along one side: evenly spread, the last one ending with the image."""
        if length <= self.tile:
            return [0]
        count = 1 + -(-(length - self.tile) // (self.tile * 3 // 4))
        return [round(n * (length - self.tile) / (count - 1)) for n in range(count)]

    def _weight(self, height: int, width: int) -> np.ndarray:
        ramps = (np.minimum(np.arange(n) + 1, n - np.arange(n)) / n for n in (height, width))
        return np.outer(*ramps).astype(np.float32)
