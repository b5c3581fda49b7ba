"""Writes the embedded streets in the folders and encodings of the four data sets."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from PIL import Image

from adaat_keras.domains.class_names import ID_SETS
from adaat_keras.files import home_expanded, read_json, write_json, written_whole
from adaat_keras.registry import check_name
from adaat_keras.streets import VARIANTS
from adaat_keras.streets.camera import focal_length
from adaat_keras.streets.layout import LAYOUTS as STREET_LAYOUTS
from adaat_keras.streets.look import LOOKS
from adaat_keras.streets.render import RENDERER_VERSION, frame_seed, render


class StreetFrame(NamedTuple):
    """A frame of the streets, and where it goes.

    Attributes:
        out: The data set's root.
        split: `"train"`, `"val"` or `"test"`.
        index: Its number in the split.
        focal_length: Pixels.
        image, semantic, depth: As every domain gives them.
    """

    out: Path
    split: str
    index: int
    focal_length: float
    image: np.ndarray
    semantic: np.ndarray
    depth: np.ndarray


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write uint8 `(height, width)` or `(height, width, 3)`, or uint16 `(height, width)`."""
    with written_whole(path) as temporary:
        Image.fromarray(pixels).save(temporary, compress_level=1)


_LARGEST = 256**3 - 1
_FAR_PLANE = 1000.0


def pack_depth(depth: np.ndarray) -> np.ndarray:
    """Metres to the nearest 24-bit number; 0 is the sky here, which lies at the far plane.

    Args:
        depth: float32 `(height, width)`.

    Returns:
        uint8 `(height, width, 3)`, the red channel lowest.

    Example:
        >>> pack_depth(np.array([[0, 1000 / 16777215 * 0x030201]], "float32")).tolist()
        [[[255, 255, 255], [1, 2, 3]]]
    """
    metres = np.where(depth > 0, np.minimum(depth, _FAR_PLANE), _FAR_PLANE)
    code = np.rint(metres.astype(np.float64) / _FAR_PLANE * _LARGEST).astype(np.uint32)
    return np.stack([code >> shift & 255 for shift in (0, 8, 16)], axis=-1).astype(np.uint8)


def pack_disparity(depth: np.ndarray, focal_baseline: float, zero: int) -> np.ndarray:
    """Metres to the nearest 1/256 pixel of disparity; 0 where depth is invalid or too far.

    Args:
        depth: float32 `(height, width)`, 0 = invalid.
        focal_baseline: Focal length in pixels times baseline in metres.
        zero: The pixel value of disparity 0: 1 in Cityscapes, 0 in KITTI.

    Returns:
        uint16 `(height, width)`. Nearer than 256 pixels of disparity is out of range and clipped.

    Example:
        >>> pack_disparity(np.array([[400, 200, 0, 1e9]], "float32"), 400.0, zero=1).tolist()
        [[257, 513, 0, 0]]
    """
    with np.errstate(divide="ignore"):
        steps = np.rint(256 * focal_baseline / depth.astype(np.float64))
    pixels = np.minimum(steps + zero, 65535)
    return np.where((depth > 0) & (steps > 0), pixels, 0).astype(np.uint16)


_SEQUENCES = {"train": "SEQ2", "val": "SEQ3"}


def _synthia_sf_image(out: Path, split: str, index: int) -> Path:
    """Where a frame's image goes."""
    return out / _SEQUENCES[split] / "RGBLeft" / f"{index:07}.png"


def _write_synthia_sf(frame: StreetFrame) -> None:
    """Write image, labels (id in the red channel) and depth; the image comes last."""
    image = _synthia_sf_image(frame.out, frame.split, frame.index)
    folder, name = image.parents[1], image.name
    labels = np.zeros_like(frame.image)
    labels[..., 0] = ID_SETS["synthia_sf"].ids_of()[frame.semantic]
    write_png(folder / "GTLeft" / name, labels)
    write_png(folder / "DepthLeft" / name, pack_depth(frame.depth))
    write_png(image, frame.image)


_PER_EPISODE = 100


def _carla_image(out: Path, split: str, index: int) -> Path:
    """Where a frame's image goes."""
    episode = f"episode_{index // _PER_EPISODE:04}"
    return out / split / episode / "MyCamera_L" / f"{index:06}.png"


def _write_carla(frame: StreetFrame, tag_set: int = 13) -> None:
    """Write labels (tag in the red channel), depth and image, with the alpha CARLA's files have.

    With 13 tags the sky has none, so it is 0, at the far plane.
    """
    image = _carla_image(frame.out, frame.split, frame.index)
    folder, name = image.parent, image.name
    tags = np.zeros_like(frame.image)
    tags[..., 0] = ID_SETS[f"carla_{tag_set}"].ids_of()[frame.semantic]
    write_png(folder / "Semantic" / name, _opaque(tags))
    write_png(folder / "Depth" / name, _opaque(pack_depth(frame.depth)))
    write_png(image, frame.image)


def _opaque(pixels: np.ndarray) -> np.ndarray:
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


_BASELINE = 0.209313
_CITY = "streets"


def _cityscapes_image(out: Path, split: str, index: int) -> Path:
    """Where a frame's image goes."""
    return _path(out, split, index, "leftImg8bit", "leftImg8bit.png")


def _write_cityscapes(frame: StreetFrame) -> None:
    """Write labels (none for test, where they are withheld), disparity, camera and image."""
    place = partial(_path, frame.out, frame.split, frame.index)
    disparity = pack_disparity(frame.depth, frame.focal_length * _BASELINE, zero=1)
    write_json(place("camera", "camera.json"), _camera(frame))
    write_png(place("disparity", "disparity.png"), disparity)
    if frame.split != "test":
        ids = ID_SETS["cityscapes"].ids_of()[frame.semantic]
        write_png(place("gtFine", "gtFine_labelIds.png"), ids)
    write_png(_cityscapes_image(frame.out, frame.split, frame.index), frame.image)


def _path(out: Path, split: str, index: int, top: str, end: str) -> Path:
    return out / top / split / _CITY / f"{_CITY}_000000_{index:06}_{end}"


def _camera(frame: StreetFrame) -> dict:
    height, width = frame.semantic.shape
    focal = frame.focal_length
    return {
        "extrinsic": {"baseline": _BASELINE},
        "intrinsic": {"fx": focal, "fy": focal, "u0": width / 2, "v0": height / 2},
    }


_KITTI_BASELINE = 0.54
_FOLDERS = {"train": "training", "test": "testing"}
# About the share of pixels that the laser scanner gave a disparity.
_VALID = 0.2


def _kitti_image(out: Path, split: str, index: int) -> Path:
    """Where a frame's image goes."""
    return out / _FOLDERS[split] / "image_2" / f"{index:06}_10.png"


def _write_kitti(frame: StreetFrame) -> None:
    """Write labels and sparse disparity (none for test), calibration and image."""
    image = _kitti_image(frame.out, frame.split, frame.index)
    folder, name = image.parents[1], image.name
    calibration = folder / "calib_cam_to_cam" / f"{frame.index:06}.txt"
    with written_whole(calibration) as temporary:
        temporary.write_text(_calibration(frame))
    if frame.split != "test":
        seen = np.random.default_rng(frame.index).random(frame.depth.shape) < _VALID
        sparse = np.where(seen, frame.depth, np.float32(0))
        disparity = pack_disparity(sparse, frame.focal_length * _KITTI_BASELINE, zero=0)
        write_png(folder / "disp_occ_0" / name, disparity)
        write_png(folder / "semantic" / name, ID_SETS["cityscapes"].ids_of()[frame.semantic])
    write_png(image, frame.image)


def _calibration(frame: StreetFrame) -> str:
    height, width = frame.semantic.shape
    focal = frame.focal_length
    lines = ["calib_time: 01-Jan-2000 00:00:00"]
    # The left colour camera lies to the left of camera 0, the right one a baseline further right.
    for number, offset in ((2, 0.06), (3, 0.06 - _KITTI_BASELINE)):
        matrix = (focal, 0, width / 2, focal * offset, 0, focal, height / 2, 0, 0, 0, 1, 0)
        lines.append(f"P_rect_0{number}: " + " ".join(f"{value:.12e}" for value in matrix))
    return "\n".join(lines) + "\n"


# Fewer frames are made here before worker processes have started.
_FEW = 16


class Layout(NamedTuple):
    """How one data set is written: its splits, the streets that it shows, and its writer.

    `tops` are patterns of the folders by which a root is known to hold such a data set.
    """

    splits: tuple[str, ...]
    tops: tuple[str, ...]
    domain: str
    image_path: Callable[[Path, str, int], Path]
    write_frame: Callable[..., None]


LAYOUTS = {
    "synthia_sf": Layout(
        ("train", "val"), ("SEQ*",), "streets_sim", _synthia_sf_image, _write_synthia_sf
    ),
    "carla": Layout(
        ("train", "val", "test"),
        ("train", "val", "test", "episode_*"),
        "streets_sim",
        _carla_image,
        _write_carla,
    ),
    "cityscapes": Layout(
        ("train", "val", "test"),
        ("leftImg8bit", "gtFine", "disparity", "camera"),
        "streets_real",
        _cityscapes_image,
        _write_cityscapes,
    ),
    "kitti": Layout(
        ("train", "test"), ("training", "testing"), "streets_real", _kitti_image, _write_kitti
    ),
}


def write_streets(
    layout: str,
    out: str | Path,
    frames: int,
    split: str = "train",
    height: int = 128,
    width: int = 256,
    domain: str | None = None,
    tag_set: int = 13,
) -> None:
    """Write frames of a split of the embedded streets as one of the real data sets.

    What the loader of that data set reads back is the truth to the last bit that its encoding
    carries: images and labels exactly, depth to the nearest step of its 24-bit depth or 16-bit
    disparity; the sky is at 1000 m in the former and invalid in the latter. KITTI's disparity is
    sparse, one pixel in five. Frame `i` shows the street that `Streets(domain, split)[i]` shows.

    Frames are rendered and written in parallel processes. The same call again goes on where a
    killed one stopped; frames beyond `frames` stay.

    Args:
        layout: `"synthia_sf"`, `"carla"`, `"cityscapes"` or `"kitti"`.
        out: The data set's root, made if need be.
        frames: How many.
        split: One of the data set's splits. Cityscapes' test has no semantics, KITTI's no labels.
        height: Pixels.
        width: Pixels.
        domain: Which streets; by default `"streets_sim"` for the simulators, `"streets_real"` for
            the others.
        tag_set: CARLA's tags, 13, 23 or 28; the other layouts have one set.

    Raises:
        FileExistsError: The folder holds a data set of this layout that is not the streets'.
        ValueError: An unknown name or split, `frames` below 1, or a folder that already holds
            other streets.

    Example:
        >>> import tempfile
        >>> out = Path(tempfile.mkdtemp())
        >>> write_streets("kitti", out, 1, height=16, width=32)
        >>> sorted(path.name for path in (out / "training").iterdir())
        ['calib_cam_to_cam', 'disp_occ_0', 'image_2', 'semantic']
    """
    check_name("layout", layout, list(LAYOUTS))
    chosen = LAYOUTS[layout]
    check_name(f"split of {layout}", split, list(chosen.splits))
    domain = chosen.domain if domain is None else domain
    check_name("streets domain", domain, sorted(VARIANTS))
    check_name("set of tags", str(tag_set), ["13", "23", "28"])
    if frames < 1:
        raise ValueError(f"frames must be at least 1, got {frames}")
    out = home_expanded(out)
    settings = {"layout": layout, "domain": domain, "height": height, "width": width}
    if layout == "carla":
        settings["tag_set"] = tag_set
    _claim(out, settings)
    missing = [i for i in range(frames) if not chosen.image_path(out, split, i).exists()]
    _in_parallel([joblib.delayed(_write)(out, settings, split, index) for index in missing])


def _claim(out: Path, settings: dict) -> None:
    """Note what the folder holds, so that no later call mixes other streets in."""
    note, settings = out / "streets.json", settings | {"renderer": RENDERER_VERSION}
    if not note.exists():
        _check_empty(out, settings["layout"])
        write_json(note, settings)
    held = read_json(note)
    if held != settings:
        raise ValueError(f"{out} holds {held}, not {settings}; choose another folder or delete it")


def _check_empty(out: Path, layout: str) -> None:
    """Raise a `FileExistsError` where drawn frames would be mixed into somebody's data set."""
    for file in (file for top in LAYOUTS[layout].tops for file in out.glob(f"{top}/*")):
        raise FileExistsError(
            f"{out} has a {file.parent.name} that these streets would be mixed into; choose a new "
            "folder, or move what is there"
        )


def _write(out: Path, settings: dict, split: str, index: int) -> None:
    layout, domain, height, width = (settings[k] for k in ("layout", "domain", "height", "width"))
    streets = STREET_LAYOUTS[VARIANTS[domain].layout]
    seed = frame_seed(domain, split, index)
    frame = render(streets, LOOKS[VARIANTS[domain].look], seed, height, width)
    options = {"tag_set": settings["tag_set"]} if "tag_set" in settings else {}
    focal = focal_length(streets, width)
    LAYOUTS[layout].write_frame(StreetFrame(out, split, index, focal, **frame), **options)


def _in_parallel(jobs: list) -> None:
    """Run the jobs in processes, or here if they are fewer than it takes to start some."""
    import keras

    progress = keras.utils.Progbar(len(jobs), unit_name="frame", verbose=int(len(jobs) > _FEW))
    workers = -1 if len(jobs) > _FEW else 1
    for _ in joblib.Parallel(workers, return_as="generator_unordered")(jobs):
        progress.add(1)
