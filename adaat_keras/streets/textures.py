"""The colour of every material at a point."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adaat_keras.streets.look import Look
from adaat_keras.streets.scene import Scene
from adaat_keras.streets.shapes import Solid, cells, noise


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


def palette_color(
    look: Look, material: str, tint: tuple[float, float], shift: float = 0.0
) -> np.ndarray:
    """The palette's colour `(3, 1)` for a tint, 0 to 1, float32."""
    choices = look.palette[material]
    pick = choices[int((tint[0] + shift) * len(choices)) % len(choices)]
    shade = 1 + look.shade * (2 * tint[1] - 1)
    return np.array(pick, np.float32)[:, None] * np.float32(shade / 255)


def mix(base: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """`base` where `share` is 0, `other` where it is 1."""
    return base + (other - base) * share


def speckle(
    patch: Patch, a: np.ndarray, b: np.ndarray, scale: float, strength: float
) -> np.ndarray:
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


_GROUND = 3.6
# Brighter than white paper, since it is the dim light of a night's street that falls on it.
_LAMPLIGHT = np.array([[3.6], [3.0], [2.0]], np.float32)


def facade(patch: Patch) -> np.ndarray:
    """The colour `(3, n)` of each point of a house."""
    first, second = patch.solid.tint
    # One number decides everything about a house that its colour does not.
    code = int(second * 9973)
    along, y = patch.along(), patch.points[1]
    top = patch.solid.shape.center[1] + patch.solid.shape.half[1]
    plain = _plaster(patch, along, y, code)
    shop = code % 2 == 0
    band = np.abs(y - _GROUND + 0.35) < 0.32 if shop else np.abs(y - _GROUND + 0.2) < 0.1
    cornice = (y > top - 0.45) | (np.abs(y - _GROUND) < 0.08) | band
    color = mix(plain, plain * 0.78, cornice)
    if shop:
        color = np.where(band, patch.color("awning", first), color)
    color = _windows(patch, color, along, y, top, code)
    return _ground_floor(patch, color, along, y, code)


def _plaster(patch: Patch, along: np.ndarray, y: np.ndarray, code: int) -> np.ndarray:
    stains = speckle(patch, along * 0.7, y * 0.3, 0.06, 0.3) * speckle(patch, along, y, 0.03, 0.2)
    plain = patch.color("facade") * stains
    if code % 3 == 0:
        plain = plain * bricks(patch, along, 0.12, 0.4 + 0.6 * patch.look.texture)
    return plain


def _windows(patch: Patch, color: np.ndarray, along, y, top: float, code: int) -> np.ndarray:
    """Rows of framed windows above the ground floor, as many floors as fit."""
    first = patch.solid.tint[0]
    floor_height, pitch = 2.9 + 0.5 * first, 1.9 + 0.16 * (code % 10)
    wide, tall = 0.21 + 0.018 * (code % 7), 0.25 + 0.023 * (code % 3)
    floors = int((top - 0.4 - _GROUND) / floor_height)
    floor, column = (y - _GROUND) / floor_height, along / pitch + first
    u, v = np.abs(column % 1 - 0.5), floor % 1 - 0.5
    upper = (floor > 0) & (floor < floors)
    frame = upper & (u < wide + 0.05) & (np.abs(v) < tall + 0.04)
    pane = upper & (u < wide) & (u > 0.015) & (np.abs(v) < tall)
    color = mix(color, np.minimum(color * 1.2, 0.95), frame * (0.7 * patch.look.windows))
    room = cells(column + 400, floor + 20)
    glass = patch.color("glass") * (0.55 + 0.75 * room + 0.25 * v)
    color = mix(color, glass, pane * patch.look.windows)
    lit = pane & (cells(column + 700 + code % 100, floor + 60) < patch.look.lit_windows)
    return mix(color, _LAMPLIGHT * (0.6 + 0.4 * room), lit)


def _ground_floor(patch: Patch, color: np.ndarray, along, y, code: int) -> np.ndarray:
    """Wide shop windows, or doors and small windows."""
    second, shop = patch.solid.tint[1], code % 2 == 0
    column = along / (2.4 + 0.2 * (code % 10)) + second
    door = cells(column + 300, np.full_like(column, code % 50)) > 0.62
    low = np.where(door, 0.12, 0.7 if shop else 1.1)
    opening = (np.abs(column % 1 - 0.5) < (0.42 if shop else 0.28)) & (y > low) & (y < 2.75)
    dark = patch.color("glass") * 0.6
    if not shop:
        dark = np.where(door, patch.color("facade") * 0.4, dark)
    return mix(color, dark, opening * patch.look.windows)


def albedo(patch: Patch) -> np.ndarray:
    """The colour `(3, n)` of each point of a patch before light falls on it, about 0 to 1."""
    paint = _TEXTURES.get(patch.solid.material)
    if paint is None:
        return np.broadcast_to(patch.color(patch.solid.material), patch.points.shape)
    return paint(patch)


def _road(patch: Patch) -> np.ndarray:
    x, _, z = patch.points
    worn = speckle(patch, x * 2, z * 0.5, 0.15, 0.35) * speckle(patch, x, z, 0.02, 0.3)
    color = patch.color("road") * worn
    scene, kerb = patch.scene, patch.scene.sides[0].kerb
    away = np.abs(x)
    open_road = np.ones(x.shape, bool)
    for side in scene.sides:
        for start, end in side.crossings:
            open_road &= (z < start - 4.5) | (z > end + 1)
    marks = (away < 0.08) & stripes(z, 6.0, 3.0)
    marks |= (np.abs(away - scene.lane) < 0.06) & stripes(z, 2.0, 1.2)
    marks &= open_road
    for at in scene.crosswalks:
        marks |= (np.abs(z - at) < 1.5) & (away < kerb - 0.3) & stripes(x + 0.25, 1.0, 0.5)
        stop = (z > at - 2.7) & (z < at - 2.3) & (x > 0) & (x < scene.lane)
        marks |= stop
    wear = 1 - patch.look.texture * 0.5 * noise(x, z, 0.06)
    return mix(color, patch.color("marking"), marks * wear)


def _paving(patch: Patch) -> np.ndarray:
    x, _, z = patch.points
    color = patch.color("paving") * speckle(patch, x, z, 0.08, 0.3)
    slab = (cells(x / 0.6 + 300, z / 0.6 + 300) - 0.5) * (0.14 * patch.look.texture + 0.03)
    joints = stripes(x, 0.6, 0.05) | stripes(z, 0.6, 0.05)
    return color * (1 + slab - 0.22 * joints * patch.detail(0.06))


def _kerb(patch: Patch) -> np.ndarray:
    z = patch.points[2]
    return patch.color("kerb") * (1 - 0.25 * stripes(z, 1.0, 0.06) * patch.detail(0.06))


def _grass(patch: Patch) -> np.ndarray:
    x, _, z = patch.points
    return patch.color("grass") * speckle(patch, x, z, 0.05, 0.7) * (0.9 + 0.2 * noise(x, z, 0.2))


def _leaf(patch: Patch) -> np.ndarray:
    x, y, z = patch.points
    strength = 0.55 + 0.45 * patch.look.texture
    clumps = noise(x + 0.7 * z, y - 0.7 * z, 0.05, 0.7)
    leaves = noise(x * 1.3 - 0.6 * z, y + 0.6 * z, 0.025, 0.2)
    return patch.color("leaf") * (1 + strength * ((clumps - 0.5) * 1.3 + (leaves - 0.5) * 0.5))


def _hedge(patch: Patch) -> np.ndarray:
    return _leaf(patch) * 0.92


def _trunk(patch: Patch) -> np.ndarray:
    x, y, z = patch.points
    return patch.color("trunk") * speckle(patch, (x + z) * 4, y, 0.06, 0.8)


def _wall(patch: Patch) -> np.ndarray:
    along, y = patch.along(), patch.points[1]
    stains = speckle(patch, along, y * 0.4, 0.06, 0.5)
    posts = 1 - 0.1 * stripes(along, 3.0, 0.4)
    return patch.color("wall") * stains * posts * bricks(patch, along, 0.16, 1.0)


def _coping(patch: Patch) -> np.ndarray:
    return patch.color("wall") * 0.8


def _fence(patch: Patch) -> np.ndarray:
    along, y = patch.along(), patch.points[1]
    top = patch.solid.shape.center[1] + patch.solid.shape.half[1]
    kind = int(patch.solid.tint[1] * 97) % 3
    period, share = ((0.16, 0.68), (0.24, 0.3), (2.4, 0.06))[kind]
    slats = stripes(along, period, period * share) | stripes(along, 2.4, 0.12)
    rails = (np.abs(y - 0.45) < 0.06) | (np.abs(y - top + 0.12) < 0.07)
    if kind == 2:
        slats = slats | (((along + y) % 0.14 < 0.04) | ((along - y) % 0.14 < 0.04))
    solid = np.where(slats | rails, 1.0, 0.0)
    average = {0: 0.74, 1: 0.42, 2: 0.5}[kind]
    solid = average + (solid - average) * patch.detail(period * 0.5 if kind != 2 else 0.07)
    fence = patch.color("fence") * speckle(patch, along * 3, y, 0.06, 0.4)
    return mix(patch.color("gap") * 0.75, fence, solid)


def _railing(patch: Patch) -> np.ndarray:
    along, y = patch.along(), patch.points[1]
    top = patch.solid.shape.center[1] + patch.solid.shape.half[1]
    bars = stripes(along, 0.14, 0.05) | stripes(along, 2.0, 0.1)
    rails = (y > top - 0.08) | (np.abs(y - 0.27) < 0.04)
    solid = 0.45 + (np.where(bars | rails, 1.0, 0.0) - 0.45) * patch.detail(0.07)
    solid = np.where(y > top - 0.08, 1.0, solid)
    return mix(patch.color("road") * 0.8, patch.color("fence"), solid)


def _balcony(patch: Patch) -> np.ndarray:
    bars = 1 - 0.3 * stripes(patch.along(), 0.25, 0.12) * patch.detail(0.12)
    return patch.color("facade") * 0.85 * bars


def _roof(patch: Patch) -> np.ndarray:
    x, y, z = patch.points
    rows = 1 - 0.25 * stripes(y, 0.3, 0.08) * patch.detail(0.12)
    return patch.color("roof") * rows * speckle(patch, x + z, y, 0.05, 0.5)


def _paint(patch: Patch) -> np.ndarray:
    """Car paint: a dark sill, door lines, and the sky mirrored in what faces up."""
    _, y, z = patch.solid.shape.local(patch.points)
    shine = 0.2 * patch.look.ambient[1] * np.clip(patch.normals[1], 0, 1)
    color = patch.color("paint") * (1 - 0.12 * (np.abs(y - 0.72) < 0.03)) + shine
    seams = ((np.abs(z - 0.75) < 0.03) | (np.abs(z + 0.35) < 0.03)) * patch.detail(0.06)
    return color * (1 - 0.4 * seams) * np.where(y < 0.36, 0.45, 1.0)


def _cabin(patch: Patch) -> np.ndarray:
    """A roof and pillars in the car's paint, and windows between them."""
    shape = patch.solid.shape
    _, y, z = shape.local(patch.points)
    nx, ny, nz = shape.to_local(*patch.normals)
    top = shape.half[1]
    glass = (y < top - 0.1) & (y > 0.94)
    sideways = np.abs(nx) > 0.6
    pillar = (np.abs(z + 0.35) < 0.06) | (z < -1.35)
    glass &= ~(sideways & pillar) & (ny < 0.9)
    mirror = 0.25 * patch.look.ambient[1] * np.clip(ny + 0.3, 0, 1)
    window = patch.color("glass") * (0.35 + 0.12 * nz) + mirror
    return np.where(glass, window, patch.color("paint") + 0.12 * np.clip(ny, 0, 1))


def _tyre(patch: Patch) -> np.ndarray:
    _, y, z = patch.solid.shape.local(patch.points)
    return np.where(np.hypot(y, z) < 0.19, patch.color("hub"), patch.color("tyre"))


def _plate_square(patch: Patch) -> np.ndarray:
    x, y, _ = patch.solid.shape.local(patch.points)
    inner = (np.abs(x) < 0.16) & (np.abs(y) < 0.2)
    white = patch.color("sign_white")
    border = np.maximum(np.abs(x), np.abs(y)) > 0.33
    return np.where(border | inner, white, patch.color("sign_blue"))


def _plate_triangle(patch: Patch) -> np.ndarray:
    _, y, x = patch.solid.shape.local(patch.points)
    inner = (y > -0.19) & (np.abs(x) < (0.36 - y) * 0.52)
    mark = (np.abs(x) < 0.05) & (y < 0.15) & inner
    color = np.where(inner, patch.color("sign_white"), patch.color("sign_red"))
    return np.where(mark, patch.color("ink"), color)


def _plate_round(patch: Patch) -> np.ndarray:
    """A red ring around white with a dark number, or no entry."""
    x, y, _ = patch.solid.shape.local(patch.points)
    red, white = patch.color("sign_red"), patch.color("sign_white")
    if patch.solid.tint[0] < 0.4:
        return np.where((np.abs(y) < 0.08) & (np.abs(x) < 0.28), white, red)
    number = (np.abs(np.abs(x) - 0.1) < 0.05) & (np.abs(y) < 0.16)
    return np.where(np.hypot(x, y) > 0.3, red, np.where(number, patch.color("ink"), white))


def _plate_blue(patch: Patch) -> np.ndarray:
    x, y, _ = patch.solid.shape.local(patch.points)
    arrow = ((np.abs(x) < 0.06) & (y < 0.1)) | ((y > 0) & (np.abs(x) < 0.26 - y) & (y < 0.26))
    ring = np.hypot(x, y) > 0.38
    return np.where(arrow | ring, patch.color("sign_white"), patch.color("sign_blue"))


def _board(name: str) -> Callable[[Patch], np.ndarray]:
    def paint(patch: Patch) -> np.ndarray:
        x, y, _ = patch.solid.shape.local(patch.points)
        wide, tall, _ = patch.solid.shape.half
        border = (np.abs(x) > wide - 0.07) | (np.abs(y) > tall - 0.07)
        length = 0.35 + 0.5 * cells(np.floor(y / 0.32) + 60, y * 0 + patch.solid.tint[1] * 90)
        text = (y % 0.32 < 0.14) & (np.abs(x) < wide * length) & ~border
        text &= cells(x / 0.11 + 90, np.floor(y / 0.32) + 30) > 0.35
        ink = patch.color("ink" if name in ("white", "yellow") else "sign_white")
        return np.where(border | text, ink, patch.color(f"sign_{name}"))

    return paint


def _signal_box(patch: Patch) -> np.ndarray:
    x, y, _ = patch.solid.shape.local(patch.points)
    unlit = np.hypot(x, (y + 0.155) % 0.31 - 0.155) < 0.11
    return patch.color("signal_box") * np.where(unlit & (patch.normals[2] < -0.5), 0.6, 1.0)


_TEXTURES: dict[str, Callable[[Patch], np.ndarray]] = {
    "road": _road,
    "paving": _paving,
    "kerb": _kerb,
    "grass": _grass,
    "leaf": _leaf,
    "hedge": _hedge,
    "trunk": _trunk,
    "wall": _wall,
    "coping": _coping,
    "fence": _fence,
    "railing": _railing,
    "facade": facade,
    "balcony": _balcony,
    "roof": _roof,
    "paint": _paint,
    "cabin": _cabin,
    "tyre": _tyre,
    "plate_square": _plate_square,
    "plate_triangle": _plate_triangle,
    "plate_round": _plate_round,
    "plate_blue": _plate_blue,
    "board_blue": _board("blue"),
    "board_green": _board("green"),
    "board_white": _board("white"),
    "board_yellow": _board("yellow"),
    "signal_box": _signal_box,
}
