"""Frames of a street from seeds."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from adaat_keras.streets import classes
from adaat_keras.streets.camera import Camera, expose
from adaat_keras.streets.layout import Layout
from adaat_keras.streets.light import Light, sky_color
from adaat_keras.streets.look import LOOKS, Look
from adaat_keras.streets.scene import Scene, build_scene
from adaat_keras.streets.shapes import Solid
from adaat_keras.streets.textures import Patch, albedo


def render(layout: Layout, look: Look, seed: int, height: int, width: int) -> dict[str, np.ndarray]:
    """Draw the street of a seed.

    Label and depth are those of the one ray through the pixel's centre; the picture averages it
    with four more. The labels depend on `layout` and `seed` alone.

    Args:
        layout: Camera and street geometry.
        look: Colours, light, air and sensor.
        seed: Any non-negative integer; the same seed gives the same bytes.
        height: Pixels.
        width: Pixels.

    Returns:
        `"image"` uint8 `(height, width, 3)` RGB; `"semantic"` uint8 `(height, width)`, 0 to 10;
        `"depth"` float32 `(height, width)`, metres along the optical axis, 0 in the sky.

    Example:
        >>> from adaat_keras.streets.layout import LAYOUTS
        >>> from adaat_keras.streets.look import LOOKS
        >>> frame = render(LAYOUTS["simulator"], LOOKS["daylight"], seed=1, height=32, width=64)
        >>> frame["image"].shape, frame["depth"].dtype
        ((32, 64, 3), dtype('float32'))
    """
    geometry, appearance = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    scene = build_scene(layout, geometry, height, width)
    rays = scene.camera.rays()
    depth, owner = _cast(scene.camera, scene.solids, rays)
    labels = np.array([s.label for s in scene.solids] + [classes.SKY], np.uint8)
    light = _paint(scene, look, appearance, rays, depth, owner)
    return {
        "image": expose(look, appearance, light),
        "semantic": labels[owner[0]],
        "depth": np.where(owner[0] < 0, np.float32(0), depth[0]),
    }


def _cast(
    camera: Camera, solids: tuple[Solid, ...], rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The depth of the first hit of every ray, and the number of the solid hit (-1: none)."""
    depth = np.full(rays.shape[1:], np.inf, np.float32)
    owner = np.full(rays.shape[1:], -1, np.int16)
    windows, nearest = camera.windows(np.stack([s.shape.corners() for s in solids]))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # Near to far, so that most of what is hidden is never intersected.
        for number in np.argsort(nearest, kind="stable"):
            top, bottom, left, right = windows[number]
            if top >= bottom or left >= right:
                continue
            window = (slice(None), slice(top, bottom), slice(left, right))
            if depth[window].max() <= nearest[number]:
                continue
            t = solids[number].shape.hit(camera.position, tuple(axis[window] for axis in rays))
            closer = t < depth[window]
            np.copyto(depth[window], t, where=closer)
            owner[window][closer] = number
    return depth, owner


def _paint(scene: Scene, look: Look, rng: np.random.Generator, rays, depth, owner) -> np.ndarray:
    """The light `(height, width, 3)` that falls on each pixel."""
    flat = owner.reshape(-1)
    order = np.argsort(flat, kind="stable")
    numbers, starts = np.unique(flat[order], return_index=True)
    directions = rays.reshape(3, -1)[:, order]
    distance = depth.reshape(-1)[order]
    color = np.empty_like(directions)
    light = Light.draw(scene, look, rng)
    sky = int(np.searchsorted(flat[order], 0))
    color[:, :sky] = sky_color(look, rng, directions[:, :sky])
    grain = distance / scene.camera.focal
    points = (
        directions[:, sky:] * distance[sky:] + np.array(scene.camera.position, np.float32)[:, None]
    )
    normals, glow = np.empty_like(points), np.zeros(len(flat), np.float32)
    for number, start, end in zip(numbers, starts, [*starts[1:], len(flat)], strict=True):
        if number < 0:
            continue
        solid, span = scene.solids[number], slice(start - sky, end - sky)
        normals[:, span] = solid.shape.normal(points[:, span])
        patch = Patch(scene, look, solid, points[:, span], normals[:, span], grain[start:end])
        color[:, start:end] = albedo(patch)
        glow[start:end] = look.glow.get(solid.material, 0.0)
    color[:, sky:] *= light.shade(points, normals) + glow[sky:]
    color[:, sky:] = _hazed(look, rng, color[:, sky:], distance[sky:])
    picture = np.empty_like(color)
    picture[:, order] = color
    samples, height, width = owner.shape
    return picture.reshape(3, samples, height, width).mean(axis=1).transpose(1, 2, 0)


def _hazed(look: Look, rng, color: np.ndarray, distance: np.ndarray) -> np.ndarray:
    air = np.array(look.horizon, np.float32)[:, None] / 255
    clear = np.exp(distance * np.float32(-1 / rng.uniform(*look.haze)))
    return air + (color - air) * clear


RENDERER_VERSION = 3
"""Raised whenever a pixel of any frame changes, so that old caches are not taken for new."""

SPLITS = {"train": 0, "val": 1_000_000, "test": 2_000_000}
"""The first seed of each split, before the domain's name is added; a million seeds each."""


def frame_seed(name: str, split: str, index: int) -> int:
    """The seed of one frame: never the same for two domains, splits or indices.

    Args:
        name: The domain's name, e.g. `"streets_sim"`.
        split: `"train"`, `"val"` or `"test"`.
        index: 0 to 999,999.

    Example:
        >>> frame_seed("streets_sim", "val", 7) - frame_seed("streets_sim", "train", 7)
        1000000
    """
    if not 0 <= index < 1_000_000:
        raise ValueError(f"a split has frames 0 to 999999, there is no frame {index}")
    return crc32(name.encode()) * 10_000_000 + SPLITS[split] + index


def render_batch(
    layout: Layout, look: str, seeds: Sequence[int], height: int, width: int
) -> dict[str, np.ndarray]:
    """The frames of several seeds, as `render` gives them, stacked on a first axis."""
    frames = [render(layout, LOOKS[look], seed, height, width) for seed in seeds]
    return {key: np.stack([frame[key] for frame in frames]) for key in frames[0]}
