"""Cityscapes: German and neighbouring cities by daylight."""

from pathlib import Path
from typing import ClassVar

from adaat_keras.domains.domain import check_split
from adaat_keras.domains.file_domain import SkipBad, no_frames
from adaat_keras.domains.finding import check_root
from adaat_keras.domains.listing import IMAGES, Pictures
from adaat_keras.domains.png import FIXED_POINT, IMAGE, LABEL_IDS
from adaat_keras.domains.stereo import LARGEST, DisparityDomain, StereoCamera
from adaat_keras.files import json_of

_FIX = "take the file from Cityscapes' camera archive (camera_trainvaltest.zip)"


def cityscapes_camera(path: Path | str) -> StereoCamera:
    """Focal length `intrinsic.fx`, `extrinsic.baseline` and more of a `..._camera.json`.

    The optical axis, `intrinsic.u0` and `v0`, and the height, `extrinsic.z`, may be missing.
    Commonly 2262.52 pixels and 0.209313 m, but not in every image.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, or a value is missing, not above 0, or of no camera.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a_camera.json"
        >>> _ = path.write_text('{"extrinsic": {"baseline": 0.2}, "intrinsic": {"fx": 2000}}')
        >>> cityscapes_camera(path)
        StereoCamera(focal_length=2000.0, baseline=0.2, center=None, camera_height=None)
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no camera file, which depth needs; {_FIX}")
    try:
        content = json_of(Path(path).read_text(encoding="utf-8-sig"))
        values = [_number(content, *at) for at in (("intrinsic", "fx"), ("extrinsic", "baseline"))]
    except ValueError as error:
        raise ValueError(f"{path}: {error}; {_FIX}") from error
    known = {
        name: value
        for group in ("intrinsic", "extrinsic")
        for name, value in content[group].items()
        if isinstance(value, int | float) and 0 < value < LARGEST
    }
    center = (known["u0"], known["v0"]) if {"u0", "v0"} <= set(known) else None
    return StereoCamera(*values, center, known.get("z"))


def _number(content, group: str, key: str) -> float:
    group_values = content.get(group) if isinstance(content, dict) else None
    value = group_values.get(key) if isinstance(group_values, dict) else None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < LARGEST:
        raise ValueError(
            f"{group}.{key} is {value!r}, it must be a number above 0 and below {LARGEST:g}"
        )
    return float(value)


_IMAGE = "leftImg8bit"


class Cityscapes(DisparityDomain):
    """Cityscapes (Cordts et al., 2016): 5000 finely labelled frames of 2048 x 1024 pixels.

    From cityscapes-dataset.com, after registration: leftImg8bit_trainvaltest.zip, and for the
    semantics gtFine_trainvaltest.zip, for the depth disparity_trainvaltest.zip and
    camera_trainvaltest.zip, all unpacked into one folder:

        root/
          leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png  8-bit RGB
          gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png   8-bit grey
          disparity/train/aachen/aachen_000000_000019_disparity.png      16-bit grey
          camera/train/aachen/aachen_000000_000019_camera.json

    Licence: for non-commercial use; check the site for its terms.

    Split: the official one, train (2975), val (500) and test (1525). The labels of test are
    withheld, and its published label files are blank, so test has depth alone.

    Keys: `"image"` uint8 `(height, width, 3)`; `"semantic"` uint8 `(height, width)`, 255 =
    ignored; `"depth"` float32 `(height, width)`, metres, 0 = invalid. Depth is
    `baseline * fx / d` with `d = (pixel - 1) / 256`, baseline and fx from that image's own camera
    file; nothing is filled in where the stereo matching failed.

    Args:
        root: The folder that contains leftImg8bit.
        split: `"train"`, `"val"` or `"test"`.
        riders_and_trucks: Count a rider as a person, and a truck, bus, train or bicycle as a
            vehicle; the AT/DT rule ignores them.
        train_ids: Read `..._gtFine_labelTrainIds.png` instead, which Cityscapes' own scripts make.
        skip_bad: Read every file once and leave out frames with a bad one, see `left_out`;
            `"missing"` leaves out frames that lack a file, without reading any.
        check_labels: Whether to look at some label files for what they should not hold: other
            ids, previews, depth for disparity.

    Raises:
        NoSplit: There is no such split, or no frame in it.
        ValueError: The root is not the right folder.
        FileNotFoundError: No such folder, or labels that only some frames have.

    Example:
        >>> import tempfile
        >>> from adaat_keras.streets.writers import write_streets
        >>> root = tempfile.mkdtemp()
        >>> write_streets("cityscapes", root, 1, "val", height=32, width=64)
        >>> frames = Cityscapes(root, "val")
        >>> len(frames), frames.tasks, frames[0]["depth"].shape
        (1, ('semantic', 'depth'), (32, 64))
    """

    name = "cityscapes"
    splits = ("train", "val", "test")
    # The labels of test are withheld.
    stands_in: ClassVar = {"test": "val"}
    kinds: ClassVar = {"image": IMAGE, "semantic": LABEL_IDS, "depth": FIXED_POINT}
    id_set_choices = ("cityscapes", "cityscapes_train")
    read_camera = staticmethod(cityscapes_camera)
    zero = 1

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "train",
        riders_and_trucks: bool = False,
        train_ids: bool = False,
        skip_bad: SkipBad = False,
        check_labels: bool = True,
    ):
        check_split(split, self.splits)
        root = check_root(self.name, root, lambda folder: (folder / _IMAGE).is_dir(), _IMAGE)
        ends = {"depth": ("disparity", "disparity.png"), "camera": ("camera", "camera.json")}
        if split != "test":
            kind = "labelTrainIds" if train_ids else "labelIds"
            ends["semantic"] = ("gtFine", f"gtFine_{kind}.png")
        top = root / _IMAGE / split
        files = []
        for city in sorted(top.glob("[!.]*/")) if top.is_dir() else []:
            images = Pictures(city, IMAGES, lambda name: name.endswith(f"_{_IMAGE}"))
            folders = {key: root / part / split / city.name for key, (part, _) in ends.items()}
            labels = {key: Pictures(folder) for key, folder in folders.items()}
            for image in images:
                stem = image.stem.removesuffix(_IMAGE)
                camera = folders["camera"] / f"{stem}{ends['camera'][1]}"
                others = {
                    key: labels[key].path(f"{stem}{Path(end).stem}")
                    for key, (_, end) in ends.items()
                }
                files.append({"image": image, **others, "camera": camera})
        if not files:
            raise no_frames(self.name, split, top, f"*/*_{_IMAGE}.png", [top])
        self.split = split
        id_set = "cityscapes_train" if train_ids else "cityscapes"
        super().__init__(files, id_set, riders_and_trucks, skip_bad, check_labels)
