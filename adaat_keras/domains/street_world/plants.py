"""Trees and bushes."""

import numpy as np

from adaat_keras.domains.street_world import classes
from adaat_keras.domains.street_world.shapes import Cylinder, Ellipsoid
from adaat_keras.domains.street_world.solid import Solid, draw_tint


def tree(rng: np.random.Generator, x: float, z: float, height: float) -> list[Solid]:
    """A tree of `height` metres at `(x, z)`: a trunk and a crown of several clumps."""
    tint, shade = draw_tint(rng)
    stem = height * rng.uniform(0.3, 0.42)
    trunk = Cylinder((x, stem / 2, z), (0.1 + height * 0.012, stem / 2 + 0.3, 0.1 + height * 0.012))
    solids = [Solid(trunk, classes.VEGETATION, "trunk", (tint, shade))]
    middle, spread = (height + stem) / 2, (height - stem) / 2
    for _ in range(6 if z < 70 else 2):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.5) * spread
        lift = rng.uniform(-0.45, 0.45) * spread
        radius = spread * rng.uniform(0.5, 0.72)
        center = (x + reach * np.cos(angle), middle + lift, z + reach * np.sin(angle))
        shape = Ellipsoid(_floats(center), (radius, radius * 0.85, radius), 0.0, 0.75)
        solids.append(Solid(shape, classes.VEGETATION, "leaf", (tint, (shade + lift / 9) % 1)))
    return solids


def bush(rng: np.random.Generator, x: float, z: float) -> list[Solid]:
    """A bush about a metre high at `(x, z)`."""
    size = rng.uniform(0.5, 0.9)
    shape = Ellipsoid((x, size * 0.8, z), (size, size, size * 1.2), 0.0, 0.6)
    return [Solid(shape, classes.VEGETATION, "leaf", draw_tint(rng))]


def _floats(values) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
