"""The camera: rays of a frame, and the window that a shape covers on the screen."""

from dataclasses import dataclass
from math import cos, radians, sin, tan

import numpy as np

from adaat_keras.domains.street_world.layout import Layout
from adaat_keras.domains.street_world.shapes import NEAR

# The first sample is the pixel's centre: it alone gives label and depth. The others are a rotated
# grid, which smooths near-vertical and near-horizontal edges best.
SAMPLES = ((0.0, 0.0), (-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375))
_EDGES = [(a, b) for a in range(8) for b in range(a) if bin(a ^ b).count("1") == 1]


def focal_length(layout: Layout, width: int) -> float:
    """Focal length in pixels of a picture `width` pixels wide.

    Example:
        >>> from adaat_keras.domains.street_world.layout import LAYOUTS
        >>> round(focal_length(LAYOUTS["simulator"], 256), 6)
        128.0
    """
    return width / (2 * tan(radians(layout.field_of_view) / 2))


@dataclass(frozen=True)
class Camera:
    """A pinhole camera; `axes` are the unit vectors right, up and forward, as rows."""

    position: tuple[float, float, float]
    axes: np.ndarray
    focal: float
    height: int
    width: int

    @staticmethod
    def aim(position, pitch: float, yaw: float, focal: float, height: int, width: int) -> "Camera":
        """A camera that looks `pitch` radians down and `yaw` radians to the right."""
        cp, sp, cy, sy = cos(pitch), sin(pitch), cos(yaw), sin(yaw)
        axes = np.array([[cy, 0, -sy], [sy * sp, cp, cy * sp], [sy * cp, -sp, cy * cp]])
        return Camera(position, axes, focal, height, width)

    def rays(self) -> np.ndarray:
        """Directions `(3, samples, height, width)`, one unit long along the optical axis.

        A hit's distance in these units is therefore its planar depth in metres.
        """
        du, dv = np.array(SAMPLES).T
        u = (np.arange(self.width) + 0.5 - self.width / 2 + du[:, None]) / self.focal
        v = (np.arange(self.height) + 0.5 - self.height / 2 + dv[:, None]) / self.focal
        right, up, forward = self.axes[:, :, None, None, None]
        rays = forward + right * u[:, None, :] - up * v[:, :, None]
        return rays.astype(np.float32)

    def windows(self, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The part of the screen inside which each box may appear, and its nearest depth.

        Args:
            corners: World corners `(n, 8, 3)` in the order of `Shape.corners`.

        Returns:
            Windows `(n, 4)` as rows `top, bottom, left, right` (the ends excluded; empty if out of
            view), and depths `(n,)` in metres.
        """
        points = (corners - np.array(self.position)) @ self.axes.T
        a, b = (points[:, side] for side in zip(*_EDGES, strict=True))
        with np.errstate(divide="ignore", invalid="ignore"):
            # Where an edge crosses the near plane, the crossing bounds the visible part.
            t = (NEAR - a[..., 2]) / (b[..., 2] - a[..., 2])
            cut = a + np.clip(t, 0, 1)[..., None] * (b - a)
        points = np.concatenate([points, cut], axis=1)
        depth = points[..., 2]
        behind = ~(depth >= NEAR * 0.999)
        scale = self.focal / np.where(behind, 1.0, depth)
        u = points[..., 0] * scale + self.width / 2
        v = self.height / 2 - points[..., 1] * scale
        low = [np.where(behind, np.inf, p).min(axis=1) for p in (v, u)]
        high = [np.where(behind, -np.inf, p).max(axis=1) for p in (v, u)]
        bounds = np.stack([low[0] - 1, high[0] + 2, low[1] - 1, high[1] + 2], axis=1)
        limits = np.array([self.height, self.height, self.width, self.width])
        return np.clip(bounds, 0, limits).astype(int), np.maximum(depth.min(axis=1), NEAR)
