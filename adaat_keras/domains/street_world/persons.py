"""People, from ellipsoids."""

from math import cos, sin

import numpy as np

from adaat_keras.domains.street_world import classes
from adaat_keras.domains.street_world.shapes import Ellipsoid
from adaat_keras.domains.street_world.solid import Solid, draw_tint

# Of a person 1.75 m tall who walks along z: sideways, up, forward; then the radii.
_TORSO = ((0.0, 1.13, 0.0), (0.23, 0.36, 0.15))
_HIPS = ((0.0, 0.86, 0.0), (0.19, 0.17, 0.14))
_HEAD = ((0.0, 1.6, 0.02), (0.105, 0.14, 0.12))
_HAIR = ((0.0, 1.66, -0.025), (0.115, 0.11, 0.12))


def person(rng: np.random.Generator, x: float, ground: float, z: float, yaw: float) -> list[Solid]:
    """A person at `(x, z)` on the `ground` (metres), who walks in the direction `yaw`."""
    size = rng.uniform(0.9, 1.06)
    stride = rng.uniform(0.02, 0.2)
    shirt, trousers, skin, hair = (draw_tint(rng) for _ in range(4))
    parts = [(*_TORSO, "shirt", shirt), (*_HIPS, "trousers", trousers), (*_HEAD, "skin", skin)]
    if z < 60:
        parts.append((*_HAIR, "hair", hair))
    for side in (-1, 1):
        leg = ((side * 0.1, 0.44, side * stride), (0.095, 0.46, 0.11))
        arm = ((side * 0.27, 1.1, -side * stride * 0.6), (0.065, 0.34, 0.08))
        parts.append((*leg, "trousers", trousers))
        parts.append((*arm, "shirt", shirt))
    return [
        Solid(_part((x, ground, z), yaw, size, place, radii), classes.PERSON, material, tint)
        for place, radii, material, tint in parts
    ]


def _part(foot, yaw: float, size: float, place, radii) -> Ellipsoid:
    side, up, forward = (size * p for p in place)
    x = foot[0] + side * cos(yaw) + forward * sin(yaw)
    z = foot[2] + forward * cos(yaw) - side * sin(yaw)
    return Ellipsoid((x, foot[1] + up, z), tuple(size * r for r in radii), yaw)
