"""Shapes that rays can hit, and solids: shapes with a class and a material."""

from dataclasses import dataclass
from functools import cache
from math import cos, sin

import numpy as np

_SIZE = 512


@cache
def _tile(smoothness: float) -> np.ndarray:
    """A `(512, 512)` float32 pattern in 0 to 1 that repeats without a seam."""
    white = np.random.default_rng(20240611).standard_normal((_SIZE, _SIZE))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(_SIZE), np.fft.rfftfreq(_SIZE), indexing="ij"))
    frequency[0, 0] = np.inf
    pattern = np.fft.irfft2(np.fft.rfft2(white) * frequency**-smoothness, s=(_SIZE, _SIZE))
    return np.clip(0.5 + pattern / (4 * pattern.std()), 0, 1).astype(np.float32)


def noise(x: np.ndarray, y: np.ndarray, scale: float, smoothness: float = 1.0) -> np.ndarray:
    """The pattern at `(x, y)` metres: float32 in 0 to 1, around 0.5.

    Args:
        x: First coordinate, any shape.
        y: Second coordinate, the same shape.
        scale: Size of the smallest detail in metres.
        smoothness: 0 is white noise, 1 has detail at all sizes, 1.5 is cloud-like.
    """
    column = (x * (1 / scale)).astype(np.int32) & (_SIZE - 1)
    row = (y * (1 / scale)).astype(np.int32) & (_SIZE - 1)
    return _tile(smoothness)[row, column]


def cells(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A value in 0 to 1 for each integer cell `(x, y)`, unrelated between neighbours."""
    return _tile(0.0)[y.astype(np.int32) & (_SIZE - 1), x.astype(np.int32) & (_SIZE - 1)]


NEAR = 0.1
# Of the corners of a box, by axis.
_SIGNS = np.array(np.meshgrid((-1, 1), (-1, 1), (-1, 1), indexing="ij")).reshape(3, 8)
Vector = tuple[float, float, float]
Axis = float | np.ndarray
"""Coordinates along one axis."""


@dataclass(frozen=True)
class Shape:
    """A solid around `center`, turned by `yaw` radians, inside a box of half size `half`.

    Subclasses say where a ray enters (`enter`) and which way the surface faces (`facing`), both in
    the shape's own axes.
    """

    center: Vector
    half: Vector
    yaw: float = 0.0

    def to_local(self, x: Axis, y: Axis, z: Axis) -> tuple[Axis, Axis, Axis]:
        """Turn directions from world axes to the shape's own."""
        if self.yaw == 0.0:
            return x, y, z
        c, s = cos(self.yaw), sin(self.yaw)
        return x * c - z * s, y, x * s + z * c

    def to_world(self, x: Axis, y: Axis, z: Axis) -> tuple[Axis, Axis, Axis]:
        """Turn directions from the shape's own axes to the world's."""
        if self.yaw == 0.0:
            return x, y, z
        c, s = cos(self.yaw), sin(self.yaw)
        return x * c + z * s, y, z * c - x * s

    def local(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """World `points` `(3, n)` as coordinates about the centre, in the shape's own axes."""
        return self.to_local(*(p - c for p, c in zip(points, self.center, strict=True)))

    def corners(self) -> np.ndarray:
        """The eight corners `(8, 3)` of the box around the shape, in the world."""
        sides = self.to_world(
            *(signs * half for signs, half in zip(_SIGNS, self.half, strict=True))
        )
        corners = np.empty((8, 3))
        for axis, (side, middle) in enumerate(zip(sides, self.center, strict=True)):
            np.add(side, middle, out=corners[:, axis])
        return corners

    def hit(self, origin: Vector, directions: tuple) -> np.ndarray:
        """How far along each ray the shape begins, infinity where the ray misses it."""
        offset = (o - c for o, c in zip(origin, self.center, strict=True))
        return self.enter(self.to_local(*offset), self.to_local(*directions))

    def normal(self, points: np.ndarray) -> np.ndarray:
        """Unit surface normals `(3, n)` at world `points` `(3, n)` on the surface."""
        return np.stack(self.to_world(*self.facing(self.local(points)))).astype(np.float32)


class Box(Shape):
    """A box."""

    def enter(self, origin: Vector, directions: tuple) -> np.ndarray:
        """Enter through the last of the three slabs."""
        near, far = None, None
        for o, d, h in zip(origin, directions, self.half, strict=True):
            inverse = 1.0 / d
            a, b = inverse * (-h - o), inverse * (h - o)
            low, high = np.minimum(a, b), np.maximum(a, b)
            near = low if near is None else np.maximum(near, low, out=near)
            far = high if far is None else np.minimum(far, high, out=far)
        near[(near > far) | (near < NEAR)] = np.inf
        return near

    def facing(self, local: tuple) -> np.ndarray:
        """The axis on which the point is farthest out."""
        scaled = np.stack([p * (1 / h) for p, h in zip(local, self.half, strict=True)])
        # The thin side decides near an edge: compare distances to the faces, not ratios.
        gap = (1 - np.abs(scaled)) * np.array(self.half, np.float32)[:, None]
        axis = np.argmin(gap, axis=0)
        normal = np.zeros_like(scaled)
        columns = np.arange(scaled.shape[1])
        normal[axis, columns] = np.sign(scaled[axis, columns])
        return normal


@dataclass(frozen=True)
class Ellipsoid(Shape):
    """An ellipsoid with the radii `half`; `rough` (0 to 1) breaks up its surface, as leaves do."""

    rough: float = 0.0

    def enter(self, origin: Vector, directions: tuple) -> np.ndarray:
        """Enter at the near root, found from the point of closest approach."""
        x, y, z = (d * (1 / h) for d, h in zip(directions, self.half, strict=True))
        ox, oy, oz = (o / h for o, h in zip(origin, self.half, strict=True))
        square = x * x + y * y + z * z
        middle = (x * ox + y * oy + z * oz) / -square
        x = x * middle + ox
        y = y * middle + oy
        z = z * middle + oz
        inside = 1.0 - (x * x + y * y + z * z)
        if self.rough:
            u, v = self.half[0] * x + self.center[0], self.half[1] * y + self.center[1]
            w = self.half[2] * z + self.center[2]
            inside -= self.rough * noise(u + 0.7 * w, v - 0.7 * w, 0.09, 0.6)
        t = middle - np.sqrt(np.maximum(inside, 0.0) / square)
        t[(inside <= 0) | (t < NEAR)] = np.inf
        return t

    def facing(self, local: tuple) -> np.ndarray:
        """The gradient of the ellipsoid's equation."""
        normal = np.stack([p * (1 / h**2) for p, h in zip(local, self.half, strict=True)])
        return normal / np.maximum(np.sqrt((normal**2).sum(axis=0)), 1e-6)


class Cylinder(Shape):
    """An upright cylinder of the radius `half[0]`, with no caps."""

    def enter(self, origin: Vector, directions: tuple) -> np.ndarray:
        """Enter at the near root, if that is between the two ends."""
        (x, y, z), (ox, oy, oz) = directions, origin
        radius, height = self.half[0], self.half[1]
        square = x * x + z * z
        middle = (x * ox + z * oz) / -square
        cx, cz = x * middle + ox, z * middle + oz
        inside = radius**2 - (cx * cx + cz * cz)
        t = middle - np.sqrt(np.maximum(inside, 0.0) / square)
        t[(inside <= 0) | (t < NEAR) | (np.abs(t * y + oy) > height)] = np.inf
        return t

    def facing(self, local: tuple) -> np.ndarray:
        """Away from the axis."""
        x, _, z = local
        length = np.maximum(np.hypot(x, z), 1e-6)
        return np.stack([x / length, np.zeros_like(x), z / length])


@dataclass(frozen=True)
class Convex(Shape):
    """The inside of several planes: rows `(nx, ny, nz, d)`, points with n.p <= d, own axes."""

    planes: tuple[tuple[float, float, float, float], ...] = ()

    def enter(self, origin: Vector, directions: tuple) -> np.ndarray:
        """Enter through the last plane that the ray crosses inwards."""
        x, y, z = directions
        near = np.full_like(x, NEAR)
        far = np.full_like(x, np.inf)
        for nx, ny, nz, d in self.planes:
            slope = x * nx + y * ny + z * nz
            t = (d - nx * origin[0] - ny * origin[1] - nz * origin[2]) / slope
            np.maximum(near, t, out=near, where=slope < 0)
            np.minimum(far, t, out=far, where=slope > 0)
        near[(near > far) | (near <= NEAR)] = np.inf
        return near

    def facing(self, local: tuple) -> np.ndarray:
        """The normal of the plane that the point is nearest to."""
        planes = np.array(self.planes, np.float32)
        height = planes[:, :3] @ np.stack(local).astype(np.float32) - planes[:, 3:]
        return planes[np.argmax(height, axis=0), :3].T


def prism(
    center: Vector,
    profile: list[tuple[float, float]],
    half_x: float,
    yaw: float = 0.0,
    lean: float = 0.0,
) -> Convex:
    """A convex profile stretched sideways: a roof, a car's body, a triangular plate.

    Args:
        center: Where the profile's (0, 0) is, half way between the two ends.
        profile: Corners (z, y) of a convex polygon, counter-clockwise seen with z right, y up.
        half_x: Half the length, at y = 0.
        yaw: Turn about the vertical, in radians.
        lean: How much narrower, per metre of height, each end becomes.
    """
    planes = []
    for (z0, y0), (z1, y1) in zip(profile, profile[1:] + profile[:1], strict=True):
        nz, ny = y1 - y0, z0 - z1
        length = float(np.hypot(nz, ny))
        planes.append((0.0, ny / length, nz / length, (ny * y0 + nz * z0) / length))
    slant = float(np.hypot(1.0, lean))
    planes += [(side / slant, lean / slant, 0.0, half_x / slant) for side in (-1.0, 1.0)]
    half_y = max(abs(y) for _, y in profile)
    half_z = max(abs(z) for z, _ in profile)
    return Convex(center, (half_x + lean * half_y, half_y, half_z), yaw, tuple(planes))


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
