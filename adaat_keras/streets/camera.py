"""The camera: rays, and what its sensor makes of light."""

from dataclasses import dataclass
from math import cos, radians, sin, tan

import numpy as np

from adaat_keras.streets.layout import Layout
from adaat_keras.streets.look import Look
from adaat_keras.streets.shapes import NEAR, Vector

# The first sample is the pixel's centre: it alone gives label and depth. The others are a rotated
# grid, which smooths near-vertical and near-horizontal edges best.
SAMPLES = ((0.0, 0.0), (-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375))
_EDGES = [(a, b) for a in range(8) for b in range(a) if bin(a ^ b).count("1") == 1]


def focal_length(layout: Layout, width: int) -> float:
    """Focal length in pixels of a picture `width` pixels wide.

    Example:
        >>> from adaat_keras.streets.layout import LAYOUTS
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
    def aim(
        position: Vector, pitch: float, yaw: float, focal: float, height: int, width: int
    ) -> "Camera":
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


def expose(look: Look, rng: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """Turn light `(height, width, 3)`, about 0 to 1, into a picture, uint8."""
    light = light * (rng.uniform(*look.exposure) * _ranges(rng, look.cast))
    grey = light @ np.array([0.299, 0.587, 0.114], np.float32)
    light = grey[..., None] + (light - grey[..., None]) * np.float32(rng.uniform(*look.saturation))
    light = (light - 0.5) * np.float32(rng.uniform(*look.contrast)) + np.float32(0.5)
    light = _blur(light, rng.uniform(*look.blur) * light.shape[1] / 256)
    light = light * _vignette(light.shape, rng.uniform(*look.vignette))
    strength = rng.uniform(*look.noise) / 255
    if strength:
        # A sensor without colour has one value a pixel.
        channels = 3 if max(look.saturation) else 1
        shape = (*light.shape[:2], channels)
        light = light + strength * rng.standard_normal(shape, dtype=np.float32)
    return np.clip(light * 255 + 0.5, 0, 255).astype(np.uint8)


def _ranges(rng: np.random.Generator, ranges) -> np.ndarray:
    return np.array([rng.uniform(*r) for r in ranges], np.float32)


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur with a kernel of five pixels, enough for `sigma` up to about 1."""
    if sigma <= 0:
        return image
    weights = np.exp(-0.5 * (np.arange(-2, 3) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    height, width, _ = image.shape
    padded = np.pad(image, ((2, 2), (0, 0), (0, 0)), mode="edge")
    image = sum(w * padded[i : i + height] for i, w in enumerate(weights))
    padded = np.pad(image, ((0, 0), (2, 2), (0, 0)), mode="edge")
    return sum(w * padded[:, i : i + width] for i, w in enumerate(weights))


def _vignette(shape: tuple[int, ...], strength: float) -> np.ndarray:
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) for size in shape[:2])
    return (1 - np.float32(strength / 2) * (y[:, None] ** 2 + x**2))[..., None]
