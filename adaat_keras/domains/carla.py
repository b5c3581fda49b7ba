"""CARLA: what a script recorded in the simulator."""

import math
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import tensorflow as tf

from adaat_keras.domains.class_names import IGNORED, Entry, group_of
from adaat_keras.domains.decoders import FAR_PLANE, packed_depth
from adaat_keras.domains.domain import check_above_0, check_split
from adaat_keras.domains.file_domain import FileDomain, SkipBad, no_frames
from adaat_keras.domains.finding import check_folder, check_root
from adaat_keras.domains.listing import IMAGES, Files, Pictures
from adaat_keras.domains.png import IMAGE, LABELS_IN_RED, PACKED_DEPTH
from adaat_keras.files import home_expanded

# The end of each split as a share of all frames in order. Inferred: AT/DT's sizes are 3500, 500
# and 1000; which frames they took is not published.
_ENDS = {"train": (0.0, 0.7), "val": (0.7, 0.8), "test": (0.8, 1.0)}
# Inferred: the far plane is where the sky is; a little less, since it is not certain that every
# version of the simulator writes the very largest number there.
_SKY_DEPTH = 0.999 * FAR_PLANE


class Carla(FileDomain):
    """Frames recorded in CARLA (Dosovitskiy et al., 2017), simulator at carla.org.

    There is no official data set and no official tree: record one, with cameras for RGB, depth
    (raw) and semantic segmentation (raw, tags in the red channel) at the same place. The tree is
    AT/DT's:

        root/
          episode_0000/MyCamera_L/
            000000.png           8-bit RGB or RGBA
            Semantic/000000.png  8-bit RGB or RGBA, the tag in the red channel
            Depth/000000.png     24 bits of depth in 8-bit RGB or RGBA, red lowest

    or any folders whose files pair by name, given as `image_folder`, `semantic_folder` and
    `depth_folder`. Licence: CARLA's code is MIT, its assets CC-BY; check the site.

    Split: if root has folders named train, val or test, they are the split, each with episodes.
    Otherwise the frames in order are cut at 70 and 80 %, which gives AT/DT's sizes (3500, 500,
    1000) for their 5000 frames; that they cut there is inferred. `None` is all.

    Keys: `"image"` uint8 `(height, width, 3)`; `"semantic"` uint8 `(height, width)`, 255 =
    ignored; `"depth"` float32 `(height, width)`, metres, 0 = invalid, 1000 in the sky.

    Tags changed with the simulator's version, and a wrong set mislabels in silence. So some
    label files are looked at when the domain is opened. With 13 tags the sky has none: what has
    tag 0 and lies at the far plane is taken for sky (inferred), which reads the depth file too;
    without depth files the sky is ignored.

    Args:
        root: The folder that contains the episodes.
        split: `"train"`, `"val"`, `"test"` or `None`.
        tag_set: 13 (CARLA up to 0.9.9), 23 (0.9.10 to 0.9.13) or 28 (tags 0 to 28, from 0.9.14).
        image_folder, semantic_folder, depth_folder: Used instead of root's tree.
        riders_and_trucks: With tag set 28, count a rider as a person, and a truck, bus, train or
            bicycle as a vehicle; the AT/DT rule ignores them. (That the rule holds for CARLA is
            inferred, and road lines count as road.) The older sets do not tell them apart.
        check_tags: Whether to look at some label files for a wrong tag set.
        check_labels: Whether to look at some label files for other things than tags and 24 bits
            of depth: colours, grey previews, red and blue swapped.
        skip_bad: Read every file once and leave out frames with a bad one, see `left_out`;
            `"missing"` leaves out frames that lack a file, without reading any.
        field_of_view: Of the recording's camera, horizontal, in degrees, above 0 and below 180:
            the attribute `fov` of CARLA's camera (90 unless it was set). The focal length follows
            from it and the images' width; without it, it is not known. AT/DT's own recording had
            859.238 pixels: `domain.focal_length = 859.238`.
        camera_height: Of that camera above the road, in metres, if known.

    Raises:
        NoSplit: There is no such split, or no frame in it.
        ValueError: An unknown tag set; a root that is not the right folder; labels that do not
            follow the tag set, with the one that they likely follow; a field of view or a camera
            height out of range.
        FileNotFoundError: No such folder, or labels that only some frames have.

    Example:
        >>> import tempfile
        >>> from adaat_keras.streets.writers import write_streets
        >>> root = tempfile.mkdtemp()
        >>> write_streets("carla", root, 1, "val", height=32, width=64, tag_set=23)
        >>> frames = Carla(root, "val", tag_set=23, field_of_view=90)
        >>> len(frames), frames.tasks, frames[0]["depth"].shape, round(frames.focal_length, 6)
        (1, ('semantic', 'depth'), (32, 64), 32.0)
    """

    name = "carla"
    splits = tuple(_ENDS)
    dense: ClassVar = ("semantic", "depth")
    kinds: ClassVar = {"image": IMAGE, "semantic": LABELS_IN_RED, "depth": PACKED_DEPTH}
    checks_ids_itself = True
    id_set_choices = ("carla_13", "carla_23", "carla_28")

    def __init__(
        self,
        root: str | Path | None = None,
        split: str | None = "train",
        tag_set: int = 13,
        image_folder: str | Path | None = None,
        semantic_folder: str | Path | None = None,
        depth_folder: str | Path | None = None,
        riders_and_trucks: bool = False,
        check_tags: bool = True,
        skip_bad: SkipBad = False,
        check_labels: bool = True,
        field_of_view: float | None = None,
        camera_height: float | None = None,
    ):
        if split is not None:
            check_split(split, self.splits)
        check_above_0(field_of_view=field_of_view, camera_height=camera_height)
        if field_of_view is not None and field_of_view >= 180:
            raise ValueError(f"field_of_view= must be below 180 degrees, not {field_of_view!r}")
        id_set = f"carla_{tag_set}"
        if id_set not in self.id_set_choices:
            raise ValueError(
                f"tag_set is 13 (CARLA up to 0.9.9), 23 (0.9.10 to 0.9.13) or 28 (from 0.9.14), "
                f"not {tag_set!r}"
            )
        if image_folder is None:
            files = _of_split(check_root(self.name, root, _holds, "episode_0000, ..."), split)
        else:
            folders = {"image": image_folder, "semantic": semantic_folder, "depth": depth_folder}
            files = _share(_of_folders(folders), split)
        if not files:
            where = home_expanded(root if image_folder is None else image_folder)
            folders = _places(where, split) if image_folder is None else [where]
            raise no_frames(self.name, split, where, "PNG or JPEG files", folders)
        self.split = split
        given = {"semantic": semantic_folder, "depth": depth_folder}
        named = tuple(key for key, folder in given.items() if folder is not None)
        super().__init__(files, id_set, riders_and_trucks, skip_bad, check_labels, named)
        # Set only where they are given: what is set has a part in the identity.
        if field_of_view is not None:
            width = self.first_width()
            slope = math.tan(math.radians(field_of_view) / 2)
            self.focal_length = None if width is None else width / 2 / slope
        if camera_height is not None:
            self.camera_height = camera_height
        problem = self.label_variant_problem() if check_tags else None
        if problem:
            folder = self.files[0]["semantic"].parent
            raise ValueError(f"{folder}: {problem}; check_tags=False reads them as they are")

    def sources(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The keys whose files have to be read for the asked `keys`."""
        if "semantic" in keys and self._sky_is_in_depth:
            return tuple(dict.fromkeys((*keys, "depth")))
        return keys

    def semantic(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Classes from what is stored: uint8 `(height, width)`, 255 = ignored."""
        labels = super().semantic(stored, index)
        if not self._sky_is_in_depth:
            return labels
        untagged = self.label_ids(stored["semantic"]) == 0
        sky = untagged & (self.depth(stored, index) >= _SKY_DEPTH)
        return tf.where(sky, tf.constant(self._sky, tf.uint8), labels)

    def entries(self) -> list[Entry]:
        """What the tags tell apart, and the sky where the depth tells it."""
        return [*super().entries(), *(["sky"] if self._depth_tells_sky else [])]

    def depth(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Depth from what is stored: float32 `(height, width)`, metres, 0 = invalid."""
        return packed_depth(stored["depth"])

    @property
    def _depth_tells_sky(self) -> bool:
        return self.id_set == "carla_13" and "depth" in self.tasks

    @property
    def _sky(self) -> int:
        """The class of the sky."""
        return group_of("sky", self.groups)

    @property
    def _sky_is_in_depth(self) -> bool:
        """Whether a class is to be read from depth."""
        return self._depth_tells_sky and self._sky != IGNORED


def _holds(folder: Path) -> bool:
    return any(any((folder / part).glob("episode_*")) for part in ("", *_ENDS))


def _of_split(root: Path, split: str | None) -> list[Files]:
    """The frames of a split: those in its folder if there is one, else its share of all."""
    parts = [part for part in _ENDS if (root / part).is_dir()]
    if split in parts:
        return list(_episodes(root / split))
    files = [frame for part in ("", *parts) for frame in _episodes(root / part)]
    return files if split is None else [] if parts else _share(files, split)


def _places(root: Path, split: str | None) -> list[Path]:
    """The folders in which a split's images must be, if any."""
    parts = [part for part in _ENDS if (root / part).is_dir()]
    if parts:
        return [root / part for part in parts if split in (part, None)]
    # Of few frames a split's share may be none.
    return [] if any(_episodes(root)) else [root]


def _share(files: list[Files], split: str | None) -> list[Files]:
    start, end = (0.0, 1.0) if split is None else _ENDS[split]
    return files[round(start * len(files)) : round(end * len(files))]


def _episodes(folder: Path) -> Iterator[Files]:
    """The frames of all episodes in a folder, in order."""
    episodes = sorted(folder.glob("episode_*"))
    for episode in episodes:
        camera = episode / "MyCamera_L"
        if not camera.is_dir():
            warnings.warn(f"{episode} is left out: there is no {camera.name} in it", stacklevel=6)
        yield from _paired(camera, {"semantic": camera / "Semantic", "depth": camera / "Depth"})


def _of_folders(given: Mapping[str, str | Path | None]) -> list[Files]:
    """The frames of the given folders."""
    folders = {
        key: check_folder(f"{key}_folder", folder)
        for key, folder in given.items()
        if folder is not None
    }
    return list(_paired(folders.pop("image"), folders))


def _paired(images: Path, folders: Mapping[str, Path]) -> Iterator[Files]:
    """The images of a folder, each with the files of the same name in the other folders."""
    labels = {key: Pictures(folder) for key, folder in folders.items()}
    for image in Pictures(images, IMAGES):
        yield {"image": image, **{key: each.path(image.stem) for key, each in labels.items()}}
