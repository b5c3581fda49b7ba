"""A street canyon ray-caster in NumPy: RGB, metric depth and 11 classes, with no asset at all.

- `scene`: a street's layout (`LAYOUTS`) and everything that stands in it, from `blocks` and
  `furniture`, made of `shapes`.
- `look`: colours, light, air and sensor by name (`LOOKS`); never changes a label.
- `textures`, `light`: the colour of a point, and the light on it.
- `camera`: rays of a frame, and what lens and sensor do to the picture.
- `render`: frames from seeds.
- `writers`: the frames on disk, in the layout and encoding of each real data set.
"""

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
