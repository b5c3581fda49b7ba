"""What Cityscapes and KITTI share: depth from disparity and each image's own camera file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from adaat_keras.domains.formats.camera import StereoCamera
from adaat_keras.domains.formats.disparity_depth import disparity_depth
from adaat_keras.domains.formats.folder_domain import Files, FolderDomain


class DisparityDomain(FolderDomain):
    """Frames whose depth is stored as disparity; `files` name a `"camera"` for each.

    Camera files are read when depth is first asked for: all of them for a graph, that frame's
    alone for `[i]`.

    Attributes:
        read_camera: Reads a camera file.
        zero: The pixel value of disparity 0.
        needs_camera: Whether depth is stored as disparity at all.
    """

    read_camera: Callable[[Path], StereoCamera]
    zero: int
    needs_camera = True

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
    def focal_length(self) -> float:
        """Focal length in pixels, the median over the frames' camera files."""
        cameras = (type(self).read_camera(files["camera"]) for files in self.files)
        return float(np.median([camera.focal_length for camera in cameras]))

    def _all_focal_baselines(self) -> tf.Tensor:
        return self.per_frame("focal_baseline", self._focal_baseline)

    def _focal_baseline(self, files: Files) -> float:
        camera = type(self).read_camera(files["camera"])
        return camera.focal_length * camera.baseline
