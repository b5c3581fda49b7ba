"""The visible points of one solid, and what the textures have in common."""

from dataclasses import dataclass

import numpy as np

from adaat_keras.domains.street_world.look import Look
from adaat_keras.domains.street_world.noise import cells, noise
from adaat_keras.domains.street_world.scene import Scene
from adaat_keras.domains.street_world.solid import Solid


@dataclass(frozen=True)
class Patch:
    """The visible points of one solid.

    Attributes:
        scene: The street around it.
        look: The look.
        solid: The solid.
        points: World coordinates `(3, n)`, metres.
        normals: Unit normals `(3, n)`.
        grain: Metres that one pixel covers at each point, `(n,)`; finer detail is left out.
    """

    scene: Scene
    look: Look
    solid: Solid
    points: np.ndarray
    normals: np.ndarray
    grain: np.ndarray

    def color(self, material: str, shift: float = 0.0) -> np.ndarray:
        """The colour `(3, 1)` of a material with this solid's tint, 0 to 1."""
        return palette_color(self.look, material, self.solid.tint, shift)

    def detail(self, size: float) -> np.ndarray:
        """How well detail of `size` metres is resolved at each point, 0 to 1."""
        return np.clip(size / self.grain - 0.5, 0, 1)

    def along(self) -> np.ndarray:
        """The horizontal coordinate of each point on an upright surface, metres."""
        x, _, z = self.points
        return np.where(np.abs(self.normals[0]) > 0.7, z, x)


def palette_color(look: Look, material: str, tint, shift: float = 0.0) -> np.ndarray:
    """The palette's colour `(3, 1)` for a tint, 0 to 1, float32."""
    choices = look.palette[material]
    pick = choices[int((tint[0] + shift) * len(choices)) % len(choices)]
    shade = 1 + look.shade * (2 * tint[1] - 1)
    return np.array(pick, np.float32)[:, None] * np.float32(shade / 255)


def mix(base: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """`base` where `share` is 0, `other` where it is 1."""
    return base + (other - base) * share


def speckle(patch: Patch, a, b, scale: float, strength: float) -> np.ndarray:
    """A factor around 1 that varies over a surface."""
    return 1 + (noise(a, b, scale) - 0.5) * (strength * patch.look.texture)


def stripes(a: np.ndarray, period: float, width: float) -> np.ndarray:
    """Whether `a` is in the first `width` metres of its `period`."""
    return (a % period) < width


def bricks(patch: Patch, along: np.ndarray, size: float, strength: float) -> np.ndarray:
    """A factor: mortar lines, and bricks that differ a little."""
    height = patch.points[1] / size
    row = np.floor(height)
    column = along / (2.6 * size) + 0.5 * (row % 2)
    mortar = (height % 1 < 0.16) | (column % 1 < 0.07)
    shade = (cells(column + 500, row) - 0.5) * 0.3
    return 1 + strength * patch.detail(size * 0.5) * (shade - 0.2 * mortar)
