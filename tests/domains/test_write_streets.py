"""The streets in the four layouts, read back through the loaders and compared with the truth."""

import json
import subprocess
import sys

import numpy as np
import pytest

from adaat_keras import domains
from adaat_keras.domains import Streets
from adaat_keras.streets.classes import SKY
from adaat_keras.streets.writers import LAYOUTS, write_streets

FRAMES, HEIGHT, WIDTH = 2, 48, 96
SIZE = {"height": HEIGHT, "width": WIDTH}
SPLITS = [(name, split) for name, layout in LAYOUTS.items() for split in layout.splits]
STREETS = {"synthia_sf": "sim", "carla": "sim", "cityscapes": "real", "kitti": "real"}
# Metres, from the published formula.
QUANTUM = 1000 / (256**3 - 1)
FLOAT32 = float(np.finfo(np.float32).eps)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """The frames of the streets, rendered once for each domain and split."""
    cache = tmp_path_factory.mktemp("cache")

    def frames(layout, split):
        name = f"streets_{STREETS[layout]}"
        return Streets(name, split, frames=FRAMES, cache=cache, **SIZE)

    return frames


def pairs(layout, split, root, truth, **options):
    """The loader's frames, each beside the true one."""
    domain = domains.get(layout, root=root, split=split, **options)
    assert len(domain) == FRAMES
    return [(domain[index], truth(layout, split)[index]) for index in range(FRAMES)]


@pytest.mark.parametrize(("layout", "split"), SPLITS)
def test_images_and_labels_come_back_exactly(layout, split, tmp_path, truth):
    write_streets(layout, tmp_path, FRAMES, split, **SIZE)
    withheld = layout in ("cityscapes", "kitti") and split == "test"
    for read, true in pairs(layout, split, tmp_path, truth):
        np.testing.assert_array_equal(read["image"], true["image"])
        assert ("semantic" in read) is not withheld
        if not withheld:
            np.testing.assert_array_equal(read["semantic"], true["semantic"])


@pytest.mark.parametrize("tag_set", [13, 23, 28])
def test_each_set_of_carlas_tags_comes_back_exactly(tag_set, tmp_path, truth):
    write_streets("carla", tmp_path, FRAMES, "val", tag_set=tag_set, **SIZE)
    for read, true in pairs("carla", "val", tmp_path, truth, tag_set=tag_set):
        assert (true["semantic"] == SKY).any()
        np.testing.assert_array_equal(read["semantic"], true["semantic"])


@pytest.mark.parametrize("layout", ["synthia_sf", "carla"])
def test_24_bit_depth_comes_back_within_half_a_step(layout, tmp_path, truth):
    write_streets(layout, tmp_path, FRAMES, "val", **SIZE)
    for read, true in pairs(layout, "val", tmp_path, truth):
        solid = true["depth"] > 0
        assert (read["depth"][~solid] == 1000).all()
        error = np.abs(read["depth"][solid].astype(float) - true["depth"][solid])
        assert (error <= QUANTUM / 2 + true["depth"][solid] * FLOAT32).all()


@pytest.mark.parametrize(
    ("layout", "baseline", "valid"), [("cityscapes", 0.209313, 1.0), ("kitti", 0.54, 0.2)]
)
def test_disparity_comes_back_within_half_a_step(layout, baseline, valid, tmp_path, truth):
    write_streets(layout, tmp_path, FRAMES, "train", **SIZE)
    for read, true in pairs(layout, "train", tmp_path, truth):
        seen, solid = read["depth"] > 0, true["depth"] > 0
        assert not seen[~solid].any()
        assert abs(seen[solid].mean() - valid) < 0.03
        scale = truth(layout, "train").focal_length * baseline
        step = scale / read["depth"][seen].astype(float) - scale / true["depth"][seen]
        assert (np.abs(step) <= 0.5 / 256 + 1e-6 * scale / true["depth"][seen]).all()


def test_kittis_valid_pixels_are_others_in_another_frame(tmp_path):
    write_streets("kitti", tmp_path, 2, **SIZE)
    domain = domains.get("kitti", root=tmp_path)
    one, other = (domain[index]["depth"] > 0 for index in range(2))
    assert (one & other).mean() < 0.1


def test_the_loaders_find_the_focal_length_that_was_written(tmp_path, truth):
    for layout in ("cityscapes", "kitti"):
        write_streets(layout, tmp_path / layout, 1, "train", **SIZE)
        found = domains.get(layout, root=tmp_path / layout).focal_length
        assert found == pytest.approx(truth(layout, "train").focal_length, rel=1e-9)


def test_a_stopped_writer_goes_on_and_rewrites_nothing(tmp_path):
    write_streets("synthia_sf", tmp_path, 2, "val", **SIZE)
    images = sorted(tmp_path.glob("SEQ3/RGBLeft/*.png"))
    before = images[0].stat().st_mtime_ns
    whole = images[1].read_bytes()
    images[1].unlink()
    write_streets("synthia_sf", tmp_path, 2, "val", **SIZE)
    assert images[0].stat().st_mtime_ns == before
    assert images[1].read_bytes() == whole


@pytest.mark.parametrize("other", [{"height": 32}, {"tag_set": 23}, {"domain": "streets_real"}])
def test_other_streets_do_not_mix_into_a_folder(other, tmp_path):
    write_streets("carla", tmp_path, 1, **SIZE)
    with pytest.raises(ValueError, match="choose another folder"):
        write_streets("carla", tmp_path, 1, **SIZE | other)


@pytest.mark.parametrize(
    ("layout", "there"),
    [
        ("synthia_sf", "SEQ6/RGBLeft"),
        ("carla", "episode_0000/MyCamera_L"),
        ("cityscapes", "gtFine/train"),
        ("kitti", "training/image_2"),
    ],
)
def test_streets_do_not_mix_into_somebodys_data_set(layout, there, tmp_path):
    (tmp_path / there).mkdir(parents=True)
    top = there.partition("/")[0]
    with pytest.raises(FileExistsError, match=f"{tmp_path} has a {top} that these streets would"):
        write_streets(layout, tmp_path, 1, **SIZE)
    assert [path.name for path in tmp_path.iterdir()] == [top]


def test_worker_processes_write_the_same_files(tmp_path, monkeypatch):
    from adaat_keras.streets.writers import write_streets as function

    small = {"height": 16, "width": 32}
    write_streets("kitti", tmp_path / "a", 3, **small)
    monkeypatch.setitem(function.__globals__, "_FEW", 1)
    write_streets("kitti", tmp_path / "b", 3, **small)
    files = [sorted(path.rglob("*.*")) for path in (tmp_path / "a", tmp_path / "b")]
    assert len(files[0]) == len(files[1]) == 3 * 4 + 1
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(*files, strict=True))


def test_the_writer_needs_no_tensorflow():
    code = "import sys; import adaat_keras.streets.writers;print('tensorflow' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "False", answer.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("waymo", 1), "unknown layout 'waymo'; choose one of: synthia_sf, carla"),
        (("kitti", 1, "val"), "unknown split of kitti 'val'; choose one of: train, test"),
        (("kitti", 0), "frames must be at least 1"),
    ],
)
def test_a_wrong_argument_is_answered_with_the_choices(arguments, message, tmp_path):
    layout, *others = arguments
    with pytest.raises(ValueError, match=message):
        write_streets(layout, tmp_path, *others)


def test_the_command_writes_every_split(tmp_path, capsys):
    from adaat_keras.cli import main

    command = ["data", "write-streets", "--layout", "cityscapes", "--out", str(tmp_path)]
    assert main([*command, "--frames", "2", "--height", "16", "--width", "32"]) == 0
    assert "2 frames of the split train" in capsys.readouterr().out
    sizes = [
        len(domains.get("cityscapes", root=tmp_path, split=s)) for s in ("train", "val", "test")
    ]
    assert sizes == [2, 1, 1]
    camera = next(tmp_path.glob("camera/test/*/*_camera.json"))
    assert json.loads(camera.read_text())["extrinsic"]["baseline"] == 0.209313
