"""The sky's colour by direction."""

import numpy as np

from adaat_keras.domains.street_world.look import Look
from adaat_keras.domains.street_world.noise import noise


def sky_color(look: Look, rng: np.random.Generator, directions: np.ndarray) -> np.ndarray:
    """Colours `(3, n)`, 0 to 1, of the sky in world `directions` `(3, n)`."""
    cover, shift = rng.uniform(*look.clouds), rng.uniform(0, 500, size=2)
    x, y, z = directions
    up = y / np.sqrt(x * x + y * y + z * z)
    zenith, horizon = (np.array(c, np.float32)[:, None] / 255 for c in (look.zenith, look.horizon))
    color = horizon + (zenith - horizon) * np.clip(up * 1.6, 0, 1) ** 0.7
    flat = 1 / np.maximum(up + 0.12, 0.05)
    pattern = noise(x * flat + shift[0], z * flat + shift[1], 0.012, 1.5)
    cloud = np.clip((pattern - 0.95 + cover) * 3.5, 0, 1) * np.clip(up * 5, 0, 1)
    return color + (0.5 * horizon + 0.48 - color) * cloud * 0.85
