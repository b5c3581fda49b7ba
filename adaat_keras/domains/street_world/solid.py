"""A shape with what it is and what it is made of."""

from dataclasses import dataclass

import numpy as np

from adaat_keras.domains.street_world.shapes import Shape


@dataclass(frozen=True)
class Solid:
    """One thing in the street.

    Attributes:
        shape: Where it is.
        label: Its class, 0 to 9.
        material: A name in the palette of every look, and perhaps of a texture.
        tint: Two numbers in 0 to 1 that choose its colour from the palette, and its shade. They
            belong to the scene, so that a look cannot change what else is drawn.
    """

    shape: Shape
    label: int
    material: str
    tint: tuple[float, float] = (0.5, 0.5)


def draw_tint(rng: np.random.Generator) -> tuple[float, float]:
    """A random tint."""
    return rng.random(), rng.random()
