"""The blocks along a street: houses, gardens, trees."""

from dataclasses import dataclass, field

import numpy as np

from adaat_keras.streets import classes
from adaat_keras.streets.layout import Layout
from adaat_keras.streets.shapes import Box, Cylinder, Ellipsoid, Solid, draw_tint, prism


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


KERB = 0.12
START, END = -12.0, 165.0


@dataclass
class Side:
    """One side of the street.

    Attributes:
        sign: -1 for the left side, +1 for the right.
        kerb: Distance of the kerb from the middle of the road, metres.
        line: Distance of the lots' front line from the middle of the road, metres.
        solids: What has been built so far.
        crossings: Where side streets join, as (start, end) along the street.
        fronts: Facades as (start, end, distance from the middle, height), for shadows.
    """

    sign: float
    kerb: float
    line: float
    solids: list[Solid] = field(default_factory=list)
    crossings: list[tuple[float, float]] = field(default_factory=list)
    fronts: list[tuple[float, float, float, float]] = field(default_factory=list)

    def box(
        self,
        near: float,
        far: float,
        low: float,
        high: float,
        start: float,
        end: float,
        label: int,
        material: str,
        tint: tuple[float, float],
    ) -> None:
        """Add a box from `near` to `far` off the middle, `low` to `high`, `start` to `end`."""
        center = (self.sign * (near + far) / 2, (low + high) / 2, (start + end) / 2)
        half = ((far - near) / 2, (high - low) / 2, (end - start) / 2)
        self.solids.append(Solid(Box(center, half), label, material, tint))

    def crossed(self, z: float, margin: float = 0.0) -> bool:
        """Whether a side street joins at `z` metres along the street."""
        return any(start - margin < z < end + margin for start, end in self.crossings)


def build_side(layout: Layout, rng: np.random.Generator, sign: float, kerb: float) -> Side:
    """One side of the street, from behind the camera to the far end."""
    side = Side(sign, kerb, kerb + rng.uniform(*layout.sidewalk_width))
    paving = draw_tint(rng)
    z, paved = START + rng.uniform(-8, 0), START - 10
    while z < END:
        kind = rng.random()
        width = rng.uniform(*layout.building_width)
        if kind < layout.side_street_share and z > max(8.0, paved + 12):
            width = rng.uniform(6.5, 9.5)
            _pave(side, paved, z, paving)
            _side_street(side, rng, z, z + width)
            paved = z + width
        elif kind < layout.side_street_share + layout.yard_share:
            _yard(side, layout, rng, z, z + width)
        else:
            _lot(side, layout, rng, z, z + width)
        z += width
    _pave(side, paved, END + 30, paving)
    return side


def end_of_street(rng: np.random.Generator) -> list[Solid]:
    """The far end: a row of houses and trees across the street."""
    solids, x = [], -90.0
    while x < 90:
        width, height = rng.uniform(9, 22), rng.uniform(6, 16)
        z = END + 30 + rng.uniform(0, 12)
        box = Box((x + width / 2, height / 2, z), (width / 2, height / 2, 5.0))
        solids.append(Solid(box, classes.BUILDING, "facade", draw_tint(rng)))
        if rng.random() < 0.4:
            solids += tree(rng, x, z - 9, rng.uniform(6, 10))
        x += width
    return solids


def _pave(side: Side, start: float, end: float, tint) -> None:
    side.box(side.kerb, side.kerb + 0.2, -1, KERB, start, end, classes.SIDEWALK, "kerb", tint)
    side.box(side.kerb + 0.2, side.line, -1, KERB, start, end, classes.SIDEWALK, "paving", tint)


def _side_street(side: Side, rng, start: float, end: float) -> None:
    side.crossings.append((start, end))
    far = side.line + rng.uniform(30, 55)
    height = rng.uniform(7, 15)
    tint = draw_tint(rng)
    side.box(far, far + 8, 0, height, start - 9, end + 9, classes.BUILDING, "facade", tint)


def _ground(side: Side, rng, far: float, start: float, end: float, grass: float) -> None:
    tint = draw_tint(rng)
    label, material = (
        (classes.VEGETATION, "grass") if rng.random() < grass else (classes.SIDEWALK, "paving")
    )
    side.box(side.line, far, -1, KERB, start, end, label, material, tint)


def _lot(side: Side, layout: Layout, rng, start: float, end: float) -> None:
    """A building, right at the sidewalk or behind a front garden."""
    front = side.line + rng.uniform(0, 0.5)
    if rng.random() < layout.setback_share:
        front = side.line + rng.uniform(*layout.setback)
        _ground(side, rng, front + 1, start, end, 0.7)
        _boundary(side, layout, rng, start, end)
        if rng.random() < 0.5:
            x, z = rng.uniform(side.line + 0.8, front - 0.8), rng.uniform(start + 1, end - 1)
            side.solids += bush(rng, side.sign * x, z)
    _building(side, layout, rng, front, start, end)


def _yard(side: Side, layout: Layout, rng, start: float, end: float) -> None:
    """A gap between buildings: a garden or a court, its trees, and a house far behind."""
    _ground(side, rng, side.line + 40, start, end, 0.75)
    _boundary(side, layout, rng, start, end)
    for _ in range(rng.integers(1, 4)):
        x, z = side.line + rng.uniform(3, 14), rng.uniform(start + 2, end - 2)
        side.solids += tree(rng, side.sign * x, z, rng.uniform(4, 8))
    if rng.random() < 0.6:
        _building(side, layout, rng, side.line + rng.uniform(18, 30), start - 3, end + 3)


def _building(side: Side, layout: Layout, rng, front: float, start: float, end: float) -> None:
    height, depth = rng.uniform(*layout.building_height), rng.uniform(9, 14)
    tint = draw_tint(rng)
    far = front + depth
    side.box(front, far, 0, height, start, end, classes.BUILDING, "facade", tint)
    side.fronts.append((start, end, front, height))
    roof = draw_tint(rng)
    if rng.random() < 0.45 and height < 15:
        profile = [(-depth / 2 - 0.4, 0.0), (depth / 2 + 0.4, 0.0), (0.0, rng.uniform(2.0, 4.0))]
        center = (side.sign * (front + far) / 2, height, (start + end) / 2)
        shape = prism(center, profile, (end - start) / 2, np.pi / 2)
        side.solids.append(Solid(shape, classes.BUILDING, "roof", roof))
    else:
        rim = front - 0.25
        side.box(rim, far, height, height + 0.5, start, end, classes.BUILDING, "roof", roof)
    _balconies(side, rng, front, start, end, height, tint)


def _balconies(side: Side, rng, front, start, end, height, tint) -> None:
    if rng.random() < 0.7 or height < 8:
        return
    z = rng.uniform(start + 1, max(start + 1.5, end - 4))
    for floor in range(1, int(height / 3.1)):
        low = floor * 3.1 + 0.1
        side.box(front - 0.7, front, low, low + 0.95, z, z + 3, classes.BUILDING, "balcony", tint)


def _boundary(side: Side, layout: Layout, rng, start: float, end: float) -> None:
    """A wall, a fence or a hedge along the sidewalk, perhaps with a gate left open."""
    choice, tint = rng.random(), draw_tint(rng)
    wall, fence, hedge = np.cumsum(layout.boundary)
    gate = rng.uniform(start + 1, end - 2.5) if rng.random() < 0.3 else end
    for first, last in ((start, gate), (min(gate + 1.6, end), end)):
        if last - first < 0.5:
            continue
        if choice < wall:
            height = 0.9 + 1.9 * tint[1]
            _panel(side, first, last, 0.3, height, classes.WALL, "wall", tint)
            _panel(side, first, last, 0.4, height + 0.1, classes.WALL, "coping", tint, height)
        elif choice < fence:
            height = 1.0 + 1.1 * tint[1]
            _panel(side, first, last, 0.08, height, classes.FENCE, "fence", tint)
        elif choice < hedge:
            height = 0.9 + 1.0 * tint[1]
            _panel(side, first, last, 0.8, height, classes.VEGETATION, "hedge", tint)


def _panel(side: Side, start, end, thick, height, label, material, tint, low=0.0) -> None:
    near = side.line + 0.25 - thick / 2
    side.box(near, near + thick, low, height + KERB, start, end, label, material, tint)
