"""KITTI 2015: Karlsruhe by daylight."""

from pathlib import Path
from typing import ClassVar

import tensorflow as tf

from adaat_keras.domains.decoders import kitti_depth
from adaat_keras.domains.domain import check_split
from adaat_keras.domains.file_domain import SkipBad, no_frames
from adaat_keras.domains.finding import check_folder, check_root
from adaat_keras.domains.listing import IMAGES, Pictures
from adaat_keras.domains.png import FIXED_POINT, IMAGE, LABEL_IDS
from adaat_keras.domains.stereo import LARGEST, DisparityDomain, StereoCamera
from adaat_keras.registry import check_name

_FIX = "take the file from KITTI's data_scene_flow_calib.zip"


def kitti_calibration(path: Path | str) -> StereoCamera:
    """Focal length, baseline and axis of the colour cameras 2 and 3 of a `calib_cam_to_cam` file.

    fx = P_rect_02[0, 0], baseline = (P_rect_02[0, 3] - P_rect_03[0, 3]) / fx; about 721.5
    pixels and 0.54 m.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A matrix is missing or not of 12 numbers, or the baseline is not above 0.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "000000.txt"
        >>> text = "P_rect_02: 700 0 0 45 0 0 0 0 0 0 0 0\\nP_rect_03: 700 0 0 -305 0 0 0 0 0 0 0 0"
        >>> _ = path.write_text(text)
        >>> kitti_calibration(path)
        StereoCamera(focal_length=700.0, baseline=0.5, center=None, camera_height=None)
    """
    if not Path(path).exists():
        raise FileNotFoundError(
            f"{path}: no calibration, which depth from disparity needs; {_FIX}, or pass "
            "calibration_root="
        )
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        left, right = (_matrix(lines, name) for name in ("P_rect_02", "P_rect_03"))
        baseline = (left[3] - right[3]) / left[0] if left[0] else 0.0
        if not (0 < left[0] < LARGEST and 0 < baseline < LARGEST):
            raise ValueError("P_rect_02 and P_rect_03 give no focal length and baseline above 0")
    except ValueError as error:
        raise ValueError(f"{path}: {error}; {_FIX}") from error
    center = left[2], left[6]
    return StereoCamera(left[0], baseline, center if min(center) > 0 else None)


def _matrix(lines: dict[str, str], name: str) -> list[float]:
    values = [float(value) for value in lines.get(name, "").split()]
    if len(values) != 12:
        raise ValueError(f"{name} has {len(values)} numbers, it must have 12")
    return values


_FOLDERS = {"train": "training", "test": "testing"}


class Kitti(DisparityDomain):
    """KITTI 2015 (Menze and Geiger, 2015): 200 labelled frames of about 1242 x 375 pixels.

    From cvlibs.net/datasets/kitti, after registration: for the semantics data_semantics.zip, for
    the depth data_scene_flow.zip and data_scene_flow_calib.zip, all unpacked into one folder, or
    into up to three:

        root/
          training/image_2/000000_10.png             8-bit RGB
          training/semantic/000000_10.png            8-bit grey, Cityscapes label ids
        scene_flow_root/  (by default root)
          training/disp_occ_0/000000_10.png          16-bit grey, sparse
        calibration_root/  (by default scene_flow_root)
          training/calib_cam_to_cam/000000.txt

    Either archive alone is enough for its task, since both contain the images. Licence: Creative
    Commons, non-commercial, share alike; check the site for its terms.

    Split: the official one; train is the folder training, test is testing, images without labels.

    Keys: `"image"` uint8 `(height, width, 3)`; `"semantic"` uint8 `(height, width)`, 255 =
    ignored; `"depth"` float32 `(height, width)`, metres, 0 = invalid: about one pixel in
    five is valid. Sizes differ from image to image. Depth is `fx * baseline / (pixel / 256)` with
    that image's own calibration.

    Args:
        root: The folder that contains training and testing.
        split: `"train"` or `"test"`.
        scene_flow_root: Where data_scene_flow.zip was unpacked, if elsewhere.
        calibration_root: Where data_scene_flow_calib.zip was unpacked, if elsewhere.
        disparity: The folder of disparities: `"disp_occ_0"` has occluded pixels too,
            `"disp_noc_0"` has not.
        depth_folder: A folder of KITTI depth maps (`pixel / 256` metres, 16-bit grey) with the
            images' names, read instead of disparities; needs no calibration.
        riders_and_trucks: Count a rider as a person, and a truck, bus, train or bicycle as a
            vehicle; the AT/DT rule ignores them.
        train_ids: The label files hold Cityscapes train ids (the official ones do not).
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
        >>> write_streets("kitti", root, 1, "train", height=32, width=64)
        >>> frames = Kitti(root, "train")
        >>> len(frames), frames.tasks, frames[0]["depth"].shape
        (1, ('semantic', 'depth'), (32, 64))
    """

    name = "kitti"
    camera_height = 1.65
    splits = tuple(_FOLDERS)
    # As in AT/DT: trained on the labels of task 1, scored on those of task 2, of the same images.
    stands_in: ClassVar = {"val": "train", "test": "train"}
    kinds: ClassVar = {"image": IMAGE, "semantic": LABEL_IDS, "depth": FIXED_POINT}
    id_set_choices = ("cityscapes", "cityscapes_train")
    read_camera = staticmethod(kitti_calibration)
    zero = 0

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "train",
        scene_flow_root: str | Path | None = None,
        calibration_root: str | Path | None = None,
        disparity: str = "disp_occ_0",
        depth_folder: str | Path | None = None,
        riders_and_trucks: bool = False,
        train_ids: bool = False,
        skip_bad: SkipBad = False,
        check_labels: bool = True,
    ):
        check_split(split, self.splits)
        check_name("folder of disparities", disparity, ["disp_occ_0", "disp_noc_0"])
        part = _FOLDERS[split]
        root, flow, calibration = _roots(root, scene_flow_root, calibration_root)
        depths = (
            check_folder("depth_folder", depth_folder) if depth_folder else flow / part / disparity
        )
        # data_scene_flow has a second image of each scene, ..._11.png, that has no labels, and its
        # multi-view extension has others.
        folder = root / part / "image_2"
        images = Pictures(folder, IMAGES, lambda name: name.endswith("_10"), r"\d+_\d\d")
        if not images.by_name:
            raise no_frames(self.name, split, folder, "000000_10.png, ...", [folder])
        semantic, depth = Pictures(root / part / "semantic"), Pictures(depths)
        files = [
            {
                "image": image,
                "semantic": semantic.path(image.stem),
                "depth": depth.path(image.stem),
                "camera": calibration / part / "calib_cam_to_cam" / f"{image.name[:6]}.txt",
            }
            for image in images
        ]
        self.split = split
        self.needs_camera = depth_folder is None
        id_set = "cityscapes_train" if train_ids else "cityscapes"
        named = ("depth",) if depth_folder else ()
        super().__init__(files, id_set, riders_and_trucks, skip_bad, check_labels, named)

    @property
    def other_depth(self) -> str:
        """What reads the other of depth and disparity."""
        if self.needs_camera:
            return "pass depth_folder= for KITTI's depth maps"
        return "leave out depth_folder=, and lay them into disp_occ_0"

    def depth(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Depth from what is stored: float32 `(height, width)`, metres, 0 = invalid."""
        if self.needs_camera:
            return super().depth(stored, index)
        return kitti_depth(stored["depth"])


def _roots(root, scene_flow_root, calibration_root) -> tuple[Path, Path, Path]:
    """The three roots, each by default the one before."""
    expected = "training/image_2 or testing/image_2"
    root = check_root("kitti", root, lambda folder: _holds(folder, "image_2"), expected)
    flow = calibration = root
    if scene_flow_root is not None:
        flow = calibration = check_root(
            "kitti scene flow",
            scene_flow_root,
            lambda folder: _holds(folder, "disp_occ_0") or _holds(folder, "disp_noc_0"),
            "training/disp_occ_0",
        )
    if calibration_root is not None:
        calibration = check_root(
            "kitti calibration",
            calibration_root,
            lambda folder: _holds(folder, "calib_cam_to_cam"),
            "training/calib_cam_to_cam",
        )
    return root, flow, calibration


def _holds(folder: Path, name: str) -> bool:
    return any((folder / part / name).is_dir() for part in _FOLDERS.values())
