"""The camera that a model's pictures come from: their size, and how large things are in them."""

import math
from dataclasses import asdict, dataclass, replace

from adaat_keras.deep_images import Range, checked_range

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
        camera_height: Metres above the road, above 0; `None` where it is not known.
        image_range: Of files of more than 8 bits, the two values that become black and white;
            `None` where files have 8.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> camera = Camera(1024, 2048, focal_length=2262.5).shrunk()
        >>> camera.height, camera.width, camera.focal_length
        (256, 512, 565.625)
    """

    height: int
    width: int
    focal_length: float | None = None
    center: tuple[float, float] | None = None
    camera_height: float | None = None
    image_range: Range | None = None

    def __post_init__(self):
        if min(self.height, self.width) < 1:
            raise ValueError(
                f"height and width must be at least 1, not {self.height} and {self.width}"
            )
        for name in ("focal_length", "camera_height"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} must be above 0, not {value}")
        if self.center is not None:
            object.__setattr__(self, "center", tuple(float(x) for x in self.center))
        if self.image_range is not None:
            object.__setattr__(self, "image_range", checked_range(self.image_range))

    def resized(self, height: int, width: int) -> "Camera":
        """The camera of its pictures at another size; the focal length goes with the width.

        Example:
            >>> camera = Camera(100, 200, 150.0, (90.0, 50.0)).resized(50, 100)
            >>> camera.focal_length, camera.center
            (75.0, (45.0, 25.0))
        """
        across, down = width / self.width, height / self.height
        focal = self.focal_length and self.focal_length * across
        center = self.center and (self.center[0] * across, self.center[1] * down)
        return replace(self, height=height, width=width, focal_length=focal, center=center)

    def shrunk(self, longest: int = LONGEST) -> "Camera":
        """The camera of its pictures shrunk until no side is longer; itself where none is."""
        scale = longest / max(self.height, self.width)
        if scale >= 1:
            return self
        return self.resized(round(self.height * scale), round(self.width * scale))

    def scaled(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of a picture once its longer side is as long as this camera's.

        Example:
            >>> Camera(128, 256).scaled(3000, 4000)
            (192, 256)
        """
        scale = max(self.height, self.width) / max(height, width)
        return max(round(height * scale), 1), max(round(width * scale), 1)

    def zoom_to(self, other: "Camera") -> float | None:
        """The factor by which to enlarge images so that the other camera could have taken them.

        Where both heights are known, a piece of road at a place of the picture is then as far away
        for both: that is how networks tell depth most. Where they are not, a thing of one size and
        distance is then as large in both pictures. With f the focal length and h the height,
        `(f h)_other / (f h)_this`, at one width.

        Returns:
            1 or more where the other one sees less; `None` where a focal length is not known.

        Example:
            >>> wide, narrow = Camera(128, 256, 128.0), Camera(64, 128, 96.0)
            >>> wide.zoom_to(narrow)
            1.5
            >>> Camera(9, 9, 1.0, camera_height=1.5).zoom_to(Camera(9, 9, 1.5, camera_height=1.2))
            1.2
        """
        if self.focal_length is None or other.focal_length is None:
            return None
        zoom = other.focal_length / other.width / (self.focal_length / self.width)
        if self.camera_height is None or other.camera_height is None:
            return zoom
        return zoom * other.camera_height / self.camera_height

    def get_config(self) -> dict:
        """The constructor's arguments, as JSON takes them."""
        config = asdict(self)
        # Omitted if unset, so that the keys of existing stages stay valid.
        if self.image_range is None:
            del config["image_range"]
        return config
