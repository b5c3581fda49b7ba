"""Cars and vans, from a few convex solids and ellipsoids."""

from math import cos, sin

import numpy as np

from adaat_keras.domains.street_world import classes
from adaat_keras.domains.street_world.shapes import Box, Ellipsoid, Shape, prism
from adaat_keras.domains.street_world.solid import Solid, draw_tint

# Profiles as (forward, up) in metres, counter-clockwise; the nose points forward.
_CAR_BODY = [
    (-2.15, 0.28), (2.1, 0.24), (2.2, 0.45), (2.1, 0.74), (0.9, 0.95), (-1.9, 1.0), (-2.2, 0.75),
]  # fmt: skip
_CAR_CABIN = [(-1.85, 0.9), (1.15, 0.88), (0.35, 1.44), (-1.05, 1.48), (-1.45, 1.4)]
_VAN_BODY = [(-2.5, 0.3), (2.45, 0.26), (2.5, 0.6), (2.35, 1.0), (1.7, 1.12), (-2.5, 1.12)]
_VAN_CABIN = [(-2.5, 1.05), (1.8, 1.05), (1.15, 1.95), (-2.45, 2.05)]


def vehicle(rng: np.random.Generator, x: float, z: float, yaw: float) -> list[Solid]:
    """A car, or now and then a van, at `(x, z)`; its nose points along `yaw` (0: away)."""
    van = rng.random() < 0.16
    size = rng.uniform(0.92, 1.06)
    tint, glass = draw_tint(rng), draw_tint(rng)
    body, cabin = (_VAN_BODY, _VAN_CABIN) if van else (_CAR_BODY, _CAR_CABIN)
    half = (0.95 if van else 0.87) * size
    place = _Place(x, z, yaw, size)
    parts = [
        (place.prism(body, half), "paint", tint),
        (place.prism(cabin, half + 0.2, lean=0.24 if not van else 0.14), "cabin", tint),
    ]
    if z < 80:
        end = 1.45 if van else 1.32
        for side in (-1, 1):
            for forward in (-end, end):
                wheel = place.ellipsoid((side * (half - 0.08), 0.33, forward), (0.13, 0.34, 0.34))
                parts.append((wheel, "tyre", glass))
    if z < 60:
        parts += _lights(place, half, 2.5 if van else 2.17, 0.8 if van else 0.66)
    return [Solid(shape, classes.VEHICLE, material, shade) for shape, material, shade in parts]


def _lights(place: "_Place", half: float, end: float, height: float) -> list:
    parts = []
    for side in (-1, 1):
        at = side * (half - 0.22)
        parts.append(
            (place.box((at, height, end - 0.06), (0.17, 0.08, 0.08)), "headlight", (0, 0.5))
        )
        at = side * (half - 0.14)
        parts.append(
            (place.box((at, height + 0.12, -end), (0.1, 0.13, 0.08)), "taillight", (0, 0.5))
        )
    for forward in (-end, end):
        parts.append((place.box((0.0, 0.5, forward), (0.26, 0.06, 0.06)), "plate", (0, 0.5)))
    return parts


class _Place:
    """Puts parts given in a vehicle's own axes into the world."""

    def __init__(self, x: float, z: float, yaw: float, size: float):
        self.x, self.z, self.yaw, self.size = x, z, yaw, size

    def _center(self, side: float, up: float, forward: float) -> tuple[float, float, float]:
        c, s = cos(self.yaw), sin(self.yaw)
        forward, up = forward * self.size, up * self.size
        return self.x + side * c + forward * s, up, self.z + forward * c - side * s

    def box(self, at, half) -> Shape:
        return Box(self._center(*at), half, self.yaw)

    def ellipsoid(self, at, radii) -> Shape:
        return Ellipsoid(self._center(*at), radii, self.yaw)

    def prism(self, profile, half: float, lean: float = 0.0) -> Shape:
        scaled = [(z * self.size, y * self.size) for z, y in profile]
        return prism((self.x, 0.0, self.z), scaled, half, self.yaw, lean)
