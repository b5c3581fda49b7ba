"""The embedded streets on disk, in the layout and encoding of each real data set.

- `write_streets`: what to call.
- `synthia_sf`, `carla`, `cityscapes`, `kitti`: where each puts a `street_frame`'s files.
- `pack_depth`, `pack_disparity`, `write_png`: the encodings.
"""

from adaat_keras.domains.formats.writers.write_streets import LAYOUTS, write_streets

__all__ = ["LAYOUTS", "write_streets"]
