"""The camera that a model's pictures come from: their size, and how large things are in them."""

import math
from dataclasses import asdict, dataclass

# Pixels. Frames whose longer side has more are shrunk to it, unless a user says otherwise.
LONGEST = 512


@dataclass(frozen=True)
class Camera:
    """A picture's size in pixels, and where they are known its focal length and optical axis.

    Args:
        height, width: Pixels, at least 1.
        focal_length: Pixels, above 0; `None` where it is not known.
        center: Where the optical axis meets the picture, `(x, y)` in pixels from its upper left
            corner; `None` for the middle.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> Camera(1024, 2048, focal_length=2262.5).shrunk()
        Camera(height=256, width=512, focal_length=565.625, center=None)
    """

    height: int
    width: int
    focal_length: float | None = None
    center: tuple[float, float] | None = None

    def __post_init__(self):
        if min(self.height, self.width) < 1:
            raise ValueError(
                f"height and width must be at least 1, not {self.height} and {self.width}"
            )
        if self.focal_length is not None and not 0 < self.focal_length < math.inf:
            raise ValueError(f"focal_length must be above 0, not {self.focal_length}")
        if self.center is not None:
            object.__setattr__(self, "center", tuple(float(x) for x in self.center))

    def resized(self, height: int, width: int) -> "Camera":
        """The camera of its pictures at another size; the focal length goes with the width.

        Example:
            >>> Camera(100, 200, 150.0, (90.0, 50.0)).resized(50, 100)
            Camera(height=50, width=100, focal_length=75.0, center=(45.0, 25.0))
        """
        across, down = width / self.width, height / self.height
        focal = self.focal_length and self.focal_length * across
        center = self.center and (self.center[0] * across, self.center[1] * down)
        return Camera(height, width, focal, center)

    def shrunk(self, longest: int = LONGEST) -> "Camera":
        """The camera of its pictures shrunk until no side is longer; itself where none is."""
        scale = longest / max(self.height, self.width)
        if scale >= 1:
            return self
        return self.resized(round(self.height * scale), round(self.width * scale))

    def zoom_to(self, other: "Camera") -> float | None:
        """How much narrower a field of view the other camera has; `None` where one is not known.

        Example:
            >>> Camera(128, 256, 128.0).zoom_to(Camera(64, 128, 98.5))
            1.5390625
        """
        if self.focal_length is None or other.focal_length is None:
            return None
        return other.focal_length / other.width / (self.focal_length / self.width)

    def get_config(self) -> dict:
        """The constructor's arguments, as JSON takes them."""
        return asdict(self)
