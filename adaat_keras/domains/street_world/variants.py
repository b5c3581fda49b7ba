"""The embedded domains by name: each is one layout seen with one look."""

from typing import NamedTuple


class Variant(NamedTuple):
    """The name of a layout in `LAYOUTS` and of a look in `LOOKS`."""

    layout: str
    look: str


VARIANTS: dict[str, Variant] = {
    "streets_sim": Variant(layout="simulator", look="simulator"),
    "streets_real": Variant(layout="camera_car", look="daylight"),
    "streets_night": Variant(layout="camera_car", look="night"),
    "streets_thermal": Variant(layout="camera_car", look="thermal"),
}
