"""What stands in a street: poles, signs, persons, vehicles."""

from math import cos, sin

import numpy as np

from adaat_keras.streets import classes
from adaat_keras.streets.blocks import KERB, Side
from adaat_keras.streets.shapes import Box, Cylinder, Ellipsoid, Shape, Solid, draw_tint, prism

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
