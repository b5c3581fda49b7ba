"""A whole street, from a layout and a seed."""

from dataclasses import dataclass
from math import pi, radians

import numpy as np

from adaat_keras.streets import blocks, classes, furniture
from adaat_keras.streets.blocks import KERB, Side, build_side, end_of_street
from adaat_keras.streets.camera import Camera, focal_length
from adaat_keras.streets.furniture import person, vehicle
from adaat_keras.streets.layout import Layout
from adaat_keras.streets.shapes import Box, Solid, draw_tint

_REACH = 110.0
_PARKING = 2.2


@dataclass(frozen=True)
class Scene:
    """What the renderer needs to know.

    Attributes:
        camera: The camera.
        solids: Everything that rays can hit; the first is the road.
        sides: The left and the right side, for shadows and markings.
        lane: Width of each of the two lanes, metres.
        crosswalks: Where stripes cross the road, metres along the street.
    """

    camera: Camera
    solids: tuple[Solid, ...]
    sides: tuple[Side, Side]
    lane: float
    crosswalks: tuple[float, ...]


def build_scene(layout: Layout, rng: np.random.Generator, height: int, width: int) -> Scene:
    """A random street for a picture of `height` x `width` pixels."""
    kerb = rng.uniform(*layout.road_width) / 2
    lane = kerb - _PARKING
    sides = tuple(build_side(layout, rng, sign, kerb) for sign in (-1.0, 1.0))
    camera = _camera(layout, rng, lane / 2, height, width)
    crosswalks = [c[0] - 3.0 for side in sides for c in side.crossings]
    if rng.random() < 0.4:
        crosswalks.append(rng.uniform(9, 40))
    road = Box((0.0, -50.0, 0.0), (4000.0, 50.0, 4000.0))
    solids = [Solid(road, classes.ROAD, "road", draw_tint(rng))]
    solids += [solid for side in sides for solid in side.solids] + end_of_street(rng)
    for side in sides:
        solids += _furniture(layout, rng, side) + _plants(layout, rng, side)
        solids += _parked(layout, rng, side)
    solids += _driving(layout, rng, lane) + _persons(layout, rng, sides, crosswalks)
    return Scene(camera, tuple(solids), sides, lane, tuple(crosswalks))


def _camera(layout: Layout, rng, x: float, height: int, width: int) -> Camera:
    x += rng.uniform(-1, 1) * layout.lateral_jitter
    position = (x, rng.uniform(*layout.camera_height), 0.0)
    pitch, yaw = radians(rng.uniform(*layout.pitch)), radians(rng.uniform(*layout.yaw))
    return Camera.aim(position, pitch, yaw, focal_length(layout, width), height, width)


def _places(rng, per_10m: float, start: float, gap: float) -> list[float]:
    """Places along the street at random distances, at least `gap` metres apart."""
    places, z = [], start
    rest = max(10.0 / per_10m - gap, 0.1)
    while True:
        z += rng.exponential(rest)
        if z > _REACH:
            return places
        places.append(z)
        z += gap


def _furniture(layout: Layout, rng, side: Side) -> list[Solid]:
    solids = []
    for z in _places(rng, layout.lamps_per_10m / 2, 3, 6):
        if not side.crossed(z, 0.5):
            solids += furniture.lamp_post(rng, side, z)
    for z in _places(rng, layout.signs_per_10m / 2, 4, 2.5):
        make = furniture.direction_sign if rng.random() < 0.22 else furniture.traffic_sign
        if not side.crossed(z, 1.5):
            solids += make(rng, side, z)
    for start, end in side.crossings:
        solids += furniture.traffic_light(rng, side, start - 1.0)
        solids += furniture.traffic_light(rng, side, end + 1.0)
    if rng.random() < layout.gantry_share:
        solids += furniture.gantry(rng, side, rng.uniform(10, 30))
    for z in _places(rng, layout.railing_share / 2, 4, 0):
        end = z + rng.uniform(5, 14)
        if not any(side.crossed(at) for at in np.arange(z, end, 1.0)):
            solids += furniture.railing(rng, side, z, end)
    if rng.random() < 0.3:
        start = rng.uniform(5, 25)
        for z in np.arange(start, start + rng.uniform(4, 14), 1.6):
            if not side.crossed(z, 0.3):
                solids += furniture.bollard(rng, side, float(z))
    return solids


def _plants(layout: Layout, rng, side: Side) -> list[Solid]:
    solids = []
    for z in _places(rng, layout.trees_per_10m / 2, 5, 5):
        if not side.crossed(z, 2.5):
            x = side.sign * (side.kerb + 0.8)
            solids += blocks.tree(rng, x, z, rng.uniform(4.5, 8.0))
    return solids


def _parked(layout: Layout, rng, side: Side) -> list[Solid]:
    solids = []
    for z in _places(rng, layout.parked_per_10m / 2, 2, 5.6):
        if not side.crossed(z, 4.0):
            x = side.sign * (side.kerb - 1.1 + rng.uniform(-0.15, 0.1))
            yaw = (0.0 if side.sign > 0 else pi) + rng.normal(0, 0.02)
            solids += vehicle(rng, x, z, yaw if rng.random() < 0.85 else yaw + pi)
    return solids


def _driving(layout: Layout, rng, lane: float) -> list[Solid]:
    solids = []
    for sign in (-1, 1):
        for z in _places(rng, layout.driving_per_10m / 2, 6 if sign < 0 else 9, 9):
            x = sign * lane / 2 + rng.normal(0, 0.15)
            solids += vehicle(rng, x, z, (0.0 if sign > 0 else pi) + rng.normal(0, 0.02))
    return solids


def _persons(layout: Layout, rng, sides, crosswalks) -> list[Solid]:
    """People on the sidewalks, denser near the camera, and some who cross the road."""
    solids = []
    for _ in range(rng.poisson(layout.persons_per_10m * 5)):
        side = sides[rng.integers(2)]
        z = 4.0 + 60 * rng.random() ** 1.7
        x = side.sign * rng.uniform(side.kerb + 0.9, side.line - 0.35)
        ground = 0.0 if side.crossed(z) else KERB
        yaw = rng.choice((0.0, pi)) + rng.normal(0, 0.3)
        solids += person(rng, float(x), ground, z, float(yaw))
    for z in [*crosswalks, rng.uniform(12, 40)]:
        if z > 7 and rng.random() < 0.6:
            kerb = sides[0].kerb
            x, yaw = rng.uniform(-kerb, kerb), rng.choice((pi / 2, -pi / 2))
            solids += person(rng, float(x), 0.0, z + rng.uniform(-1, 1), float(yaw))
    return solids
