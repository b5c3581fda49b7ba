"""SYNTHIA-SF: San Francisco, simulated."""

from pathlib import Path
from typing import ClassVar

import tensorflow as tf

from adaat_keras.domains.decoders import packed_depth
from adaat_keras.domains.domain import check_split
from adaat_keras.domains.file_domain import FileDomain, SkipBad, no_frames
from adaat_keras.domains.finding import check_root
from adaat_keras.domains.listing import IMAGES, Files, Pictures
from adaat_keras.domains.png import IMAGE, LABELS_IN_RED, PACKED_DEPTH

_SEQUENCES = {"train": (2, 4, 5, 6), "val": (3,)}
# Pixels, of the frames as they are published.
_FOCAL_LENGTH, _WIDTH = 847.630211643, 1920


class SynthiaSF(FileDomain):
    """SYNTHIA-SF (Hernandez-Juarez et al., 2017): 2224 frames of 1920 x 1080 pixels.

    From synthia-dataset.net, unpacked to:

        root/
          SEQ1/ ... SEQ6/
            RGBLeft/0000000.png    8-bit RGB
            GTLeft/0000000.png     8-bit RGB or RGBA, the class id in the red channel
            DepthLeft/0000000.png  24 bits of depth in 8-bit RGB or RGBA, red lowest

    Licence: for non-commercial research; check the site for its terms.

    Split: AT/DT's, train = SEQ2, 4, 5 and 6 (1766 frames), val = SEQ3 (201); `None` is all six.

    Keys: `"image"` uint8 `(height, width, 3)`; `"semantic"` uint8 `(height, width)`, 255 =
    ignored; `"depth"` float32 `(height, width)`, metres, 0 = invalid, 1000 in the sky.

    Args:
        root: The folder that contains SEQ1 to SEQ6.
        split: `"train"`, `"val"` or `None`.
        riders_and_trucks: Count a rider as a person, and a truck, bus, train or bicycle as a
            vehicle; the AT/DT rule ignores them. (That this data set follows the same rule is
            inferred, and road lines count as road.)
        skip_bad: Read every file once and leave out frames with a bad one, see `left_out`;
            `"missing"` leaves out frames that lack a file, without reading any.
        check_labels: Whether to look at some label files for what they should not hold: colours,
            previews, red and blue swapped.

    Raises:
        NoSplit: There is no such split, or no frame in it.
        ValueError: The root is not the right folder.
        FileNotFoundError: No such folder, or labels that only some frames have.

    Example:
        >>> import tempfile
        >>> from adaat_keras.streets.writers import write_streets
        >>> root = tempfile.mkdtemp()
        >>> write_streets("synthia_sf", root, 1, "val", height=32, width=64)
        >>> frames = SynthiaSF(root, "val")
        >>> len(frames), frames.tasks, frames[0]["depth"].shape
        (1, ('semantic', 'depth'), (32, 64))
    """

    name = "synthia_sf"
    splits = tuple(_SEQUENCES)
    stands_in: ClassVar = {"test": "val"}
    dense: ClassVar = ("semantic", "depth")
    kinds: ClassVar = {"image": IMAGE, "semantic": LABELS_IN_RED, "depth": PACKED_DEPTH}
    id_set_choices = ("synthia_sf",)
    # It says nothing of the pixels.
    _aside = (*FileDomain._aside, "_width")

    def __init__(
        self,
        root: str | Path | None = None,
        split: str | None = "train",
        riders_and_trucks: bool = False,
        skip_bad: SkipBad = False,
        check_labels: bool = True,
    ):
        if split is not None:
            check_split(split, self.splits)
        root = check_root(self.name, root, _holds, "SEQ1 to SEQ6 with RGBLeft, GTLeft, DepthLeft")
        sequences = range(1, 7) if split is None else _SEQUENCES[split]
        files = [frame for number in sequences for frame in _frames(root / f"SEQ{number}")]
        if not files:
            folders = [root / f"SEQ{number}" / "RGBLeft" for number in sequences]
            raise no_frames(self.name, split, root, "SEQ2/RGBLeft/0000000.png, ...", folders)
        self.split = split
        super().__init__(files, "synthia_sf", riders_and_trucks, skip_bad, check_labels)
        self._width = self.first_width() or _WIDTH

    @property
    def focal_length(self) -> float:
        """Pixels: 847.63 at the width of 1920, and of a resized copy by its width."""
        # One that was set is found as if it were a plain attribute, by `identity` too.
        return vars(self).get("focal_length", _FOCAL_LENGTH * (self._width / _WIDTH))

    @focal_length.setter
    def focal_length(self, pixels: float | None) -> None:
        vars(self)["focal_length"] = pixels

    def depth(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Depth from what is stored: float32 `(height, width)`, metres, 0 = invalid."""
        return packed_depth(stored["depth"])


def _holds(folder: Path) -> bool:
    return any((folder / f"SEQ{number}" / "RGBLeft").is_dir() for number in range(1, 7))


def _frames(sequence: Path) -> list[Files]:
    labels = {key: Pictures(sequence / name) for key, name in _LABELS.items()}
    return [
        {"image": image, **{key: each.path(image.stem) for key, each in labels.items()}}
        for image in Pictures(sequence / "RGBLeft", IMAGES)
    ]


_LABELS = {"semantic": "GTLeft", "depth": "DepthLeft"}
