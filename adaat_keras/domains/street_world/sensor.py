"""What lens and sensor do to the picture: colour, contrast, blur, vignette, noise."""

import numpy as np

from adaat_keras.domains.street_world.look import Look


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
