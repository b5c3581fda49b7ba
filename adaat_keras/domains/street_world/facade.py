"""Facades: plaster or brick, floors of windows, shops or doors at the ground, a cornice on top."""

import numpy as np

from adaat_keras.domains.street_world.noise import cells
from adaat_keras.domains.street_world.patch import Patch, bricks, mix, speckle

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
