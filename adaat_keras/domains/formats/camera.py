"""What a stereo camera file tells about depth."""

from typing import NamedTuple


class StereoCamera(NamedTuple):
    """Focal length in pixels, and the distance between the two cameras in metres."""

    focal_length: float
    baseline: float
