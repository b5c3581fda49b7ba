"""Frames of two cameras, whose depth is stored as disparity."""

import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from adaat_keras.domains.decoders import disparity_depth
from adaat_keras.domains.file_domain import FileDomain
from adaat_keras.domains.listing import Files
from adaat_keras.domains.png import picture_size

LARGEST = 1e6
"""Pixels or metres: above every camera's focal length, and every baseline."""


class StereoCamera(NamedTuple):
    """Focal length in pixels, baseline in metres, and optionally the optical axis and the height.

    The optical axis is `(x, y)` in pixels from the upper left corner, the height in metres above
    the road.
    """

    focal_length: float
    baseline: float
    center: tuple[float, float] | None = None
    camera_height: float | None = None


class DisparityDomain(FileDomain):
    """Frames whose depth is stored as disparity; `files` name a `"camera"` for each.

    Camera files are read when depth is first used: all of them for a graph, only that frame's for
    `[i]`.

    Attributes:
        read_camera: Reads a camera file.
        zero: The pixel value of disparity 0.
        needs_camera: Whether depth is stored as disparity at all.
        other_depth: The option or class that reads the other of depth and disparity.
    """

    read_camera: Callable[[Path], StereoCamera]
    zero: int
    needs_camera = True
    # Read once, when it is first asked for; no part of the frames' content.
    _known: list[StereoCamera] | None = None
    _aside = (*FileDomain._aside, "_known")
    other_depth = "no option reads depth here: Folder(depth=..., depth_scale=...) does"

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise unless there are labels for the `keys`, and a good camera file for each depth.

        Raises:
            ValueError: This domain has no such labels, or a camera file is bad.
            FileNotFoundError: A camera file is missing.
        """
        super().require(keys)
        if "depth" in keys and self.needs_camera:
            self._all_focal_baselines()

    def depth(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Depth from what is stored: float32 `(height, width)`, metres, 0 = invalid."""
        if tf.executing_eagerly():
            scale = self._focal_baseline(self.files[int(index)])
        else:
            scale = tf.gather(self._all_focal_baselines(), index)
        return disparity_depth(stored["depth"], scale, self.zero)

    @property
    def focal_length(self) -> float | None:
        """Pixels, the median over the frames' camera files; `None` without these."""
        lengths = [camera.focal_length for camera in self._cameras]
        return float(np.median(lengths)) if lengths else None

    @property
    def principal_point(self) -> tuple[float, float] | None:
        """The optical axis in pixels, the median over the frames; `None` where it is not told."""
        centers = [camera.center for camera in self._cameras if camera.center is not None]
        return tuple(float(x) for x in np.median(centers, axis=0)) if centers else None

    @property
    def camera_height(self) -> float | None:
        """Metres above the road, the median over the frames; `None` where it is not told."""
        heights = [each.camera_height for each in self._cameras if each.camera_height is not None]
        return float(np.median(heights)) if heights else None

    @property
    def _cameras(self) -> list[StereoCamera]:
        """The cameras of all frames whose camera file can be read; `require` reports the others."""
        if self._known is None:
            self._known = []
            for files in self.files:
                with suppress(OSError, ValueError):
                    self._known.append(type(self).read_camera(files["camera"]))
        return self._known

    def _look_at_some(self) -> None:
        """As in the base class, with a warning if the cameras do not fit the images' size."""
        super()._look_at_some()
        files = self.files[0]
        with suppress(OSError, ValueError):
            center = type(self).read_camera(files["camera"]).center
            size = picture_size(files["image"])
            if center and any(not 0.25 < x / s < 0.75 for x, s in zip(center, size, strict=True)):
                warnings.warn(
                    f"{files['image']} is {size[0]} x {size[1]} pixels, and by {files['camera']} "
                    f"its middle is at {center[0]:.0f}, {center[1]:.0f}: these are resized or "
                    "cropped copies, and focal length and disparity are those of the originals; "
                    "get these, or give what fits to Folder(disparity=, focal_length=, baseline=)",
                    stacklevel=5,
                )

    def _depth_form(self) -> tuple[bool, str]:
        """Whether depth is stored as disparity, and what reads the other of the two."""
        return self.needs_camera, self.other_depth

    def _all_focal_baselines(self) -> tf.Tensor:
        return self.per_frame("focal_baseline", self._focal_baseline)

    def _focal_baseline(self, files: Files) -> float:
        camera = type(self).read_camera(files["camera"])
        return camera.focal_length * camera.baseline
