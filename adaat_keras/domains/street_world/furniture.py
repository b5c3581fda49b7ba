"""Lamp posts, traffic signs, traffic lights, gantries and railings."""

import numpy as np

from adaat_keras.domains.street_world import classes
from adaat_keras.domains.street_world.blocks import KERB, Side
from adaat_keras.domains.street_world.shapes import Box, Cylinder, Ellipsoid, prism
from adaat_keras.domains.street_world.solid import Solid, draw_tint

_TRIANGLE = [(-0.52, -0.3), (0.52, -0.3), (0.0, 0.6)]
_FLAT = (0.0, 0.5)


def lamp_post(rng: np.random.Generator, side: Side, z: float) -> list[Solid]:
    """A street lamp at the kerb, its arm over the road."""
    height, tint = rng.uniform(5.5, 8.0), draw_tint(rng)
    x, reach = side.sign * (side.kerb + 0.5), rng.uniform(0.9, 1.8)
    tip = x - side.sign * reach
    arm = Box((x - side.sign * reach / 2, height, z), (reach / 2, 0.05, 0.05))
    head = Ellipsoid((tip, height - 0.05, z), (0.42, 0.1, 0.2))
    return [
        _post(x, z, height, rng.uniform(0.08, 0.12), tint),
        _post(x, z, 1.1, 0.16, tint),
        Solid(arm, classes.POLE, "pole", tint),
        Solid(head, classes.POLE, "lamp", tint),
    ]


def bollard(rng: np.random.Generator, side: Side, z: float) -> list[Solid]:
    """A short post at the kerb."""
    return [_post(side.sign * (side.kerb + 0.4), z, 0.95, 0.08, draw_tint(rng))]


def traffic_sign(rng: np.random.Generator, side: Side, z: float) -> list[Solid]:
    """A post with one or two plates; on the left side half of them face the other way."""
    x, tint = side.sign * (side.kerb + rng.uniform(0.4, 0.8)), draw_tint(rng)
    facing = side.sign > 0 or rng.random() < 0.5
    top = rng.uniform(2.7, 3.2)
    solids = [_post(x, z, top, 0.05, tint)]
    for row in range(rng.choice((1, 2), p=(0.6, 0.4))):
        solids += _plate(rng, x, top - 0.45 - 0.85 * row, z - 0.08, facing)
    return solids


def direction_sign(rng: np.random.Generator, side: Side, z: float) -> list[Solid]:
    """A large board on two posts beside the road."""
    width, height = rng.uniform(0.8, 1.3), rng.uniform(0.5, 0.8)
    x = side.sign * (side.kerb + 0.5 + width)
    material = str(rng.choice(("sign_blue", "sign_yellow", "sign_green", "sign_white")))
    board = Box((x, 3.3, z - 0.1), (width, height, 0.04))
    posts = [_post(x + s * width * 0.7, z, 3.6, 0.06, _FLAT) for s in (-1, 1)]
    return [*posts, Solid(board, classes.SIGN, f"board_{material[5:]}", draw_tint(rng))]


def gantry(rng: np.random.Generator, side: Side, z: float) -> list[Solid]:
    """A mast with an arm over the road, a board and a traffic light on it."""
    x, height, tint = side.sign * (side.kerb + 0.6), rng.uniform(5.4, 6.2), draw_tint(rng)
    reach = side.kerb * rng.uniform(0.7, 1.0)
    arm = Box((x - side.sign * reach / 2, height, z), (reach / 2, 0.09, 0.09))
    at = x - side.sign * reach * 0.55
    material = str(rng.choice(("blue", "green", "white")))
    board = Box((at, height + 0.1, z - 0.16), (1.4, 0.75, 0.05))
    solids = [
        _post(x, z, height + 0.1, 0.15, tint),
        Solid(arm, classes.POLE, "pole", tint),
        Solid(board, classes.SIGN, f"board_{material}", tint),
    ]
    return solids + _signal(rng, x - side.sign * reach, height - 0.2, z - 0.15)


def traffic_light(rng: np.random.Generator, side: Side, z: float) -> list[Solid]:
    """A post with a traffic light."""
    x = side.sign * (side.kerb + 0.45)
    return [_post(x, z, 3.3, 0.08, draw_tint(rng)), *_signal(rng, x, 2.9, z - 0.12)]


def railing(rng: np.random.Generator, side: Side, start: float, end: float) -> list[Solid]:
    """A railing between sidewalk and road."""
    x, height = side.sign * (side.kerb + 0.3), rng.uniform(0.9, 1.1)
    shape = Box((x, KERB + height / 2, (start + end) / 2), (0.04, height / 2, (end - start) / 2))
    return [Solid(shape, classes.FENCE, "railing", draw_tint(rng))]


def _post(x: float, z: float, height: float, radius: float, tint) -> Solid:
    shape = Cylinder((x, height / 2, z), (radius, height / 2, radius))
    return Solid(shape, classes.POLE, "pole", tint)


def _plate(rng, x: float, y: float, z: float, facing: bool) -> list[Solid]:
    kind = rng.integers(4)
    tint = draw_tint(rng)
    if kind == 0:
        shape, material = prism((x, y, z), _TRIANGLE, 0.02, np.pi / 2), "plate_triangle"
    elif kind == 1:
        shape, material = Box((x, y, z), (0.36, 0.38, 0.02)), "plate_square"
    elif kind == 2:
        shape, material = Ellipsoid((x, y, z), (0.42, 0.42, 0.03)), "plate_round"
    else:
        shape, material = Ellipsoid((x, y, z), (0.42, 0.42, 0.03)), "plate_blue"
    return [Solid(shape, classes.SIGN, material if facing else "sign_back", tint)]


def _signal(rng, x: float, y: float, z: float) -> list[Solid]:
    box = Box((x, y, z), (0.2, 0.5, 0.14))
    lit = ("lamp_red", "lamp_amber", "lamp_green")[rng.integers(3)]
    place = {"lamp_red": 0.31, "lamp_amber": 0.0, "lamp_green": -0.31}[lit]
    lamp = Ellipsoid((x, y + place, z - 0.13), (0.14, 0.14, 0.05))
    return [
        Solid(box, classes.SIGN, "signal_box", draw_tint(rng)),
        Solid(lamp, classes.SIGN, lit, _FLAT),
    ]
