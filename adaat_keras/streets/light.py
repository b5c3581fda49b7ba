"""Light and sky."""

from dataclasses import dataclass
from functools import cached_property
from math import cos, radians, sin
from typing import NamedTuple

import numpy as np

from adaat_keras.streets.blocks import END, START, Side
from adaat_keras.streets.look import Look
from adaat_keras.streets.scene import Scene
from adaat_keras.streets.shapes import noise


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


_CELL, _WIDE, _LONG = 0.125, 14.0, 70.0
_WARM = np.array([[1.0], [0.86], [0.62]], np.float32)


class _Caster(NamedTuple):
    """How a material's solids darken the ground: strength below them, own half size and height.

    A car's body is too long a shape for its box, and starts at the ground; a crown hangs high.
    """

    contact: float
    half: tuple[float, float, float] | None = None
    height: float | None = None


_CASTERS = {
    "paint": _Caster(0.55, (0.92, 0.7, 2.2), 0.8),
    "cabin": _Caster(0.0, (0.8, 0.3, 1.4), 1.2),
    "leaf": _Caster(0.0),
    "shirt": _Caster(0.3, (0.3, 0.9, 0.3)),
}


@dataclass(frozen=True)
class Light:
    """The light of one frame: `direction` points to the sun; strengths are factors on colour."""

    scene: Scene
    direction: tuple[float, float, float]
    ambient: float
    sun: float
    color: tuple[float, float, float]
    lamps: float = 0.0
    headlights: float = 0.0

    @staticmethod
    def draw(scene: Scene, look: Look, rng: np.random.Generator) -> "Light":
        """The light of a frame, drawn from the look's ranges."""
        height, around = radians(rng.uniform(*look.sun_height)), rng.uniform(0, 2 * np.pi)
        direction = (cos(height) * sin(around), sin(height), cos(height) * cos(around))
        ambient, sun = rng.uniform(*look.ambient), rng.uniform(*look.sun)
        return Light(scene, direction, ambient, sun, look.sun_color, look.lamps, look.headlights)

    def shade(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """The factor `(3, n)` on the colour of each surface point."""
        x, y, z = points
        facing = sum(n * d for n, d in zip(normals, self.direction, strict=True))
        lit = np.maximum(facing, 0) * (1 - self._house_shadow(x, y, z))
        contact, cast = self._ground_shadow(x, y, z)
        sky = (
            self.ambient
            * (0.8 + 0.2 * normals[1])
            * (1 - 0.3 * np.exp(y * -1.6) * (normals[1] < 0.5))
        )
        sun = self.sun * lit * (1 - cast)
        light = np.array(self.color, np.float32)[:, None] * sun + sky
        if self.lamps or self.headlights:
            light = light + _WARM * (self._lamplight(points, normals) + self._headlight(points))
        return light * (1 - contact)

    def _lamplight(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """What the street lamps add: by the distance squared, on surfaces that face them."""
        total = np.zeros_like(points[0])
        for solid in self.scene.solids:
            if self.lamps and solid.material == "lamp":
                center = solid.shape.center
                ray = [c - p for c, p in zip(center, points, strict=True)]
                square = sum(r * r for r in ray)
                facing = sum(n * r for n, r in zip(normals, ray, strict=True)) / np.sqrt(square)
                # Streets reflect: a wall that turns away from a lamp is not black.
                total += (0.3 + 0.7 * np.maximum(facing, 0)) / (0.3 + square / center[1] ** 2)
        return total * np.float32(self.lamps * 1.3)

    def _headlight(self, points: np.ndarray) -> np.ndarray:
        """What the camera car's low beam adds: ahead of it, near the ground."""
        x, y, z = points
        low = np.clip(1.6 - 0.5 * y, 0.1, 1) * np.exp(-((x / (2 + 0.3 * z)) ** 2))
        return np.float32(self.headlights) * low / (1 + (z / 14) ** 2)

    def _house_shadow(self, x, y, z) -> np.ndarray:
        """1 where the houses on the sun's side stand before the sun."""
        dx, dy, dz = self.direction
        if abs(dx) < 0.05:
            return np.zeros_like(x)
        side = self.scene.sides[int(dx > 0)]
        front, height = self._profile[int(dx > 0)]
        reach = (side.sign * (side.line + 1) - x) / dx
        slot = np.clip((z + dz * reach - START).astype(np.int32), 0, len(front) - 1)
        reach = (side.sign * front[slot] - x) / dx
        over = height[slot] - (y + dy * reach)
        return np.clip(over / 0.25, 0, 1) * (reach > 0.3)

    @cached_property
    def _profile(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return [_house_profile(side) for side in self.scene.sides]

    def _ground_shadow(self, x, y, z) -> tuple[np.ndarray, np.ndarray]:
        """How dark the ground is close under things, and in their shadow from the sun; 0 to 1."""
        column = ((x + _WIDE) * (1 / _CELL)).astype(np.int32)
        row = (z * (1 / _CELL)).astype(np.int32)
        contact_map, cast_map = self._maps
        rows, columns = contact_map.shape
        low = (y < 0.2) & (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        at = np.where(low, row * columns + column, 0)
        return contact_map.reshape(-1)[at] * low, cast_map.reshape(-1)[at] * low

    @cached_property
    def _maps(self) -> np.ndarray:
        """Plans of the street, one for contact and one for cast shadows, 0 to 1."""
        maps = np.zeros((2, int(_LONG / _CELL), int(2 * _WIDE / _CELL)), np.float32)
        dx, dy, dz = self.direction
        for solid in self.scene.solids:
            caster = _CASTERS.get(solid.material)
            if caster is None:
                continue
            x, y, z = solid.shape.center
            y = y if caster.height is None else caster.height
            wide, _, long = caster.half or solid.shape.half
            _stain(maps[0], x, z, wide, long, caster.contact)
            _stain(maps[1], x - dx / dy * y, z - dz / dy * y, wide, long, 0.9)
        return maps


def _house_profile(side: Side) -> tuple[np.ndarray, np.ndarray]:
    """Distance of the facade from the middle, and its height, for each metre along the street."""
    front = np.full(int(END - START) + 40, side.line + 6, np.float32)
    height = np.zeros_like(front)
    for start, end, distance, top in side.fronts:
        span = slice(max(int(start - START), 0), max(int(end - START), 0))
        front[span], height[span] = distance, top
    return front, height


def _stain(target: np.ndarray, x, z, wide: float, long: float, strength: float) -> None:
    """Darken a soft-edged rectangle of a ground map."""
    soft = 0.35

    # Plain numbers, and `minimum` of `maximum`: `np.clip` takes longer than the rest together.
    def places(middle, reach, count):
        ends = ((middle + sign * reach) / _CELL for sign in (-1, 1))
        return [int(min(max(end, 0), count)) for end in ends]

    def ramp(distance):
        return np.minimum(np.maximum(0.5 - distance / (2 * soft), 0), 1)

    rows, columns = target.shape
    r0, r1 = places(z, long + soft, rows)
    c0, c1 = places(x + _WIDE, wide + soft, columns)
    if r0 >= r1 or c0 >= c1:
        return
    down = np.abs((np.arange(r0, r1) + 0.5) * _CELL - z) - long
    across = np.abs((np.arange(c0, c1) + 0.5) * _CELL - _WIDE - x) - wide
    window = target[r0:r1, c0:c1]
    np.maximum(window, strength * (ramp(down)[:, None] * ramp(across)), out=window)
