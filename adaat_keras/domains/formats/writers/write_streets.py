"""The embedded streets, written as one of the four real data sets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import joblib

from adaat_keras.domains.formats.writers import carla, cityscapes, kitti, synthia_sf
from adaat_keras.domains.formats.writers.street_frame import StreetFrame
from adaat_keras.domains.street_world.camera import focal_length
from adaat_keras.domains.street_world.frames import RENDERER_VERSION, frame_seed
from adaat_keras.domains.street_world.layout import LAYOUTS as STREET_LAYOUTS
from adaat_keras.domains.street_world.look import LOOKS
from adaat_keras.domains.street_world.render import render
from adaat_keras.domains.street_world.variants import VARIANTS
from adaat_keras.files import write_json
from adaat_keras.registry import check_name

# Fewer frames are made here before worker processes have started.
_FEW = 16


class Layout(NamedTuple):
    """How one data set is written: its splits, the streets that it shows, and its writer."""

    splits: tuple[str, ...]
    domain: str
    image_path: Callable[[Path, str, int], Path]
    write_frame: Callable[..., None]


LAYOUTS = {
    name: Layout(splits, domain, writer.image_path, writer.write_frame)
    for name, splits, domain, writer in (
        ("synthia_sf", ("train", "val"), "streets_sim", synthia_sf),
        ("carla", ("train", "val", "test"), "streets_sim", carla),
        ("cityscapes", ("train", "val", "test"), "streets_real", cityscapes),
        ("kitti", ("train", "test"), "streets_real", kitti),
    )
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
    out = Path(out)
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
        write_json(note, settings)
    held = json.loads(note.read_text())
    if held != settings:
        raise ValueError(f"{out} holds {held}, not {settings}; choose another folder or delete it")


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
