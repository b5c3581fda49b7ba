"""A domain's frames as another camera would have seen them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from adaat_keras.camera import Camera
from adaat_keras.domains.cache import FrameStore
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.resize import Resized, camera_of
from adaat_keras.tasks.semantic import Semantic

# The zooms that `zoom_by_depth` tries, and the number of frames it reads.
_ZOOMS = np.round(np.arange(1.0, 2.01, 0.05), 2)
_FRAMES = 24


def zoom_by_depth(source: Domain, target: Domain, camera: Camera) -> float | None:
    """Estimate the zoom at which the source's depth best matches the target's.

    For unknown focal lengths. At each location in the image where both domains have depth, the mean
    log depth over some frames is compared.

    Args:
        source, target: Domains with depth, the source's frames of one size.
        camera: The camera that both are fitted to, at least 2 pixels high and wide.

    Returns:
        1 to 2, in steps of 0.05; `None` if no location has depth in both domains.

    Example:
        >>> depth = 5.0 + np.abs(np.arange(64) - 31.5)[None, None] * np.ones((1, 32, 1))
        >>> images = np.zeros((1, 32, 64, 3), np.uint8)
        >>> near, wide = (Domain.from_arrays(images, depth=d) for d in (depth, 2 * depth - 5))
        >>> round(zoom_by_depth(wide, near, Camera(32, 64)), 1)
        2.0
    """
    # A small size suffices for means, and is fast.
    small = camera.shrunk(64)
    source, target = _Depths(source), _Depths(target)
    (theirs,) = _log_depths(target, small, [None])
    errors = []
    for ours in _log_depths(source, small, _ZOOMS):
        difference = np.abs(ours - theirs)
        known = np.isfinite(difference)
        errors.append(difference[known].mean() if known.any() else np.inf)
    best = int(np.argmin(errors))
    return None if np.isinf(errors[best]) else float(_ZOOMS[best])


class _Depths(Domain):
    """The depth of some frames of a domain that have the first one's size, read once.

    Nothing is checked here; training reports problems with the depth.
    """

    name = "some frames"
    tasks = ("depth",)

    def __init__(self, domain: Domain):
        count = min(_FRAMES, len(domain))
        places = (tf.constant(n * len(domain) // count, tf.int64) for n in range(count))
        depths = [domain.read(place, ("depth",))["depth"].numpy() for place in places]
        valid = [np.where(np.isfinite(d) & (d > 0), d, 0).astype(np.float32) for d in depths]
        with tf.device("CPU"):
            self._store = FrameStore([d for d in valid if d.shape == valid[0].shape])
        # Without the focal length, which would take precedence over the zooms that are tried.
        self.principal_point = domain.principal_point

    def __len__(self) -> int:
        return len(self._store.shapes)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        return {"depth": self._store.read(index)}


def _log_depths(domain: Domain, camera: Camera, zooms) -> list[np.ndarray]:
    """The mean log depth at each location, for each zoom; NaN where none is known."""
    means = []
    for zoom in zooms:
        seen = Seen(domain, camera, zoom)
        depths = (
            seen.read(tf.constant(n, tf.int64), ("depth",))["depth"] for n in range(len(seen))
        )
        depths = np.stack([depth.numpy() for depth in depths])
        known = depths > 0
        total = np.log(depths, where=known, out=np.zeros_like(depths)).sum(0)
        counts = known.sum(0)
        means.append(np.where(counts, total / np.maximum(counts, 1), np.nan))
    return means


class Seen(Resized):
    """A domain with frames cropped and resized to what another camera would have seen.

    The part of a frame that the camera sees is resized to the camera's size, with the same factor
    in both directions, labels like the image, as in `Resized`. Depth is not rescaled, as with a
    zoom lens. The optical axes are aligned as far as the frame allows.

    Args:
        domain: The domain.
        camera: The camera.
        zoom: Magnification relative to the frame's full width; by default from focal lengths and
            camera heights (`Camera.zoom_to`), or 1 if a focal length is unknown. A part that would
            exceed the frame is limited to it.

    Raises:
        ValueError: The zoom is not above 0.

    Example:
        >>> import numpy as np
        >>> wide = Domain.from_arrays(np.zeros((1, 64, 128, 3), np.uint8), focal_length=64.0)
        >>> [int(side) for side in Seen(wide, Camera(32, 64, focal_length=64.0)).part(64, 128)]
        [16, 32, 32, 64]
    """

    def __init__(self, domain: Domain, camera: Camera, zoom: float | None = None):
        if zoom is not None and not 0 < zoom < float("inf"):
            raise ValueError(f"zoom must be above 0, not {zoom}")
        super().__init__(domain, camera.height, camera.width)
        self.camera = camera
        self.zoom = zoom

    @property
    def focal_length(self) -> float | None:
        """The camera's."""
        return self.camera.focal_length

    @property
    def principal_point(self) -> tuple[float, float] | None:
        """The camera's."""
        return self.camera.center

    @property
    def camera_height(self) -> float | None:
        """The camera's."""
        return self.camera.camera_height

    def told(self) -> str:
        """A description of what is done to the frames.

        Example:
            >>> import numpy as np
            >>> wide = Domain.from_arrays(np.zeros((1, 64, 128, 3), np.uint8), focal_length=64.0)
            >>> Seen(wide, Camera(32, 64, focal_length=48.0)).told()
            "cut and enlarged 1.51 times to the model's camera"
        """
        own = camera_of(self.domain)
        *_, rows, columns = (int(side) for side in self.part(own.height, own.width))
        if (rows, columns) == (own.height, own.width):
            return "seen whole by the model's camera"
        zoom = round(own.width / columns, 2)
        return f"cut{f' and enlarged {zoom:.2f} times' if zoom > 1 else ''} to the model's camera"

    def part(self, height: int, width: int) -> tuple[int, int, int, int]:
        """The part of a frame of this size that the camera sees: top, left, height and width.

        In pixels; computed with graph operations, since frames may differ in size.
        """
        height, width = (tf.cast(side, tf.float64) for side in (height, width))
        camera, domain, axis = self.camera, self.domain, self.domain.principal_point
        # Per pixel of width; multiplied by the frame's width below.
        own = Camera(1, 1, domain.focal_length, camera_height=domain.camera_height)
        by_cameras = own.zoom_to(camera)
        zoom = tf.constant(self.zoom or 1.0, tf.float64)
        if self.zoom is None and by_cameras is not None:
            zoom = by_cameras * width
        aspect = camera.height / camera.width
        across = tf.minimum(tf.minimum(width / zoom, width), height / aspect)
        rows, columns = tf.maximum(tf.round(across * aspect), 1), tf.maximum(tf.round(across), 1)
        x, y = (width / 2, height / 2) if axis is None else axis
        to_x, to_y = camera.center or (camera.width / 2, camera.height / 2)
        scale = across / camera.width
        top = tf.clip_by_value(tf.round(y - to_y * scale), 0, height - rows)
        left = tf.clip_by_value(tf.round(x - to_x * scale), 0, width - columns)
        return tuple(tf.cast(side, tf.int32) for side in (top, left, rows, columns))

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar); raises as the domain does."""
        frame = self.domain.read(index, keys)
        value = next(iter(frame.values()))
        if value.shape[:2].is_fully_defined():
            # The size is static: computed eagerly, outside the graph.
            with tf.init_scope():
                part = [int(side) for side in self.part(*value.shape[:2])]
        else:
            part = self.part(*tf.unstack(tf.shape(value)[:2]))
        top, left, rows, columns = part
        return {
            key: self._resize(key, value[top : top + rows, left : left + columns])
            for key, value in frame.items()
        }

    def described(self, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
        """As the wrapped domain's, with the camera added."""
        return super().described(keys, place), self.camera.get_config()

    def with_classes(self, task: Semantic) -> Domain:
        """The same frames in these classes, fitted to the same camera."""
        domain = self.domain.with_classes(task)
        return self if domain is self.domain else Seen(domain, self.camera, self.zoom)
