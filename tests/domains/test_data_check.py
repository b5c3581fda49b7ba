"""`adaat-keras data check` on files made by hand, and on the streets."""

import json
import shutil

import numpy as np
import pytest
from format_kit import FRAME, carla, cityscapes, cut, grey, kitti, write
from PIL import Image

from adaat_keras.cli import main
from adaat_keras.streets.writers import write_streets


def check(capsys, domain, root, *options):
    """The exit status, and all that was printed."""
    status = main(["data", "check", domain, "--root", str(root), *options])
    printed = capsys.readouterr()
    return status, printed.out + printed.err


@pytest.mark.parametrize("layout", sorted(FRAME))
def test_the_streets_are_in_order(layout, tmp_path, capsys):
    write_streets(layout, tmp_path, 2, height=32, width=64)
    status, text = check(capsys, layout, tmp_path)
    assert status == 0, text
    assert "train: 2 frames, labels: semantic, depth" in text
    assert "64 x 32 (2)" in text
    assert "of pixels valid" in text
    assert "nothing is wrong" in text


def test_classes_and_depths_are_counted(tmp_path, capsys):
    files = kitti(tmp_path)
    write(files["semantic"], np.array([[7, 7, 7, 26, 26, 0]] * 4, "uint8"))
    write(files["depth"], np.array([[0, 0, 0, 256, 512, 3584]] * 4, "uint16"))
    status, text = check(capsys, "kitti", tmp_path)
    assert status == 0, text
    assert "road          50.00%" in text
    assert "vehicle       33.33%" in text
    assert "ignored       16.67%" in text
    assert "depth         25 to 350 m, 50.0% of pixels valid, 16.7% up to 100 m" in text
    assert "test: no frames" in text


def test_json_says_the_same_and_nothing_else_is_printed(tmp_path, capsys):
    files = kitti(tmp_path)
    write(files["semantic"], np.array([[7, 7, 7, 26, 26, 0]] * 4, "uint8"))
    write(files["depth"], np.array([[0, 0, 0, 256, 512, 3584]] * 4, "uint16"))
    bad = kitti(tmp_path, "000001")["image"]
    cut(bad)
    assert main(["data", "check", "kitti", "--root", str(tmp_path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["domain"], told["good"]) == ("kitti", False)
    split = told["splits"]["train"]
    assert split["frames"] == 2
    assert split["sizes"] == [[6, 4, 1]]
    assert (split["classes"]["road"], split["ignored"]) == (0.5, pytest.approx(1 / 6, abs=1e-6))
    assert (split["depth"]["nearest"], split["depth"]["valid"]) == (25, 0.5)
    [problem] = split["bad"]
    assert f"{bad}: the PNG file is cut off" in problem
    assert main(["data", "check", "kitti", "--root", str(tmp_path), "--json", "--skip-bad"]) == 0
    assert json.loads(capsys.readouterr().out)["good"] is True


def test_it_goes_on_after_a_bad_file_and_names_each(tmp_path, capsys):
    spoiled = [kitti(tmp_path, f"{number:06}") for number in range(6)]
    cut(spoiled[0]["image"])
    write(spoiled[2]["semantic"], grey(7, size=(3, 6)))
    spoiled[3]["camera"].unlink()
    spoiled[4]["depth"].unlink()
    status, text = check(capsys, "kitti", tmp_path)
    assert status == 1
    assert "train: 6 frames" in text
    assert "BAD: 4 of 6 frames" in text
    assert f"{spoiled[0]['image']}: the PNG file is cut off" in text
    assert f"{spoiled[2]['semantic']} is 6 x 3" in text
    assert f"{spoiled[3]['camera']}: no calibration" in text
    assert f"{spoiled[4]['depth']}: missing" in text
    assert "6 x 4 (2)" in text
    assert "something is wrong" in text


def test_bad_files_can_be_tolerated(tmp_path, capsys):
    kitti(tmp_path)
    cut(kitti(tmp_path, "000001")["image"])
    status, text = check(capsys, "kitti", tmp_path, "--skip-bad")
    assert status == 0
    assert "BAD: 1 of 2 frames, left out" in text


def test_many_bad_files_are_counted(tmp_path, capsys):
    for number in range(4):
        cut(kitti(tmp_path, f"{number:06}")["image"])
    status, text = check(capsys, "kitti", tmp_path, "--show", "1")
    assert status == 1
    assert text.count("is cut off") == 1
    assert "and 3 more; --show 4 names all" in text


@pytest.mark.parametrize(("true", "read_as"), [(28, 13), (13, 28), (13, 23), (23, 13)])
def test_the_likely_set_of_tags_is_named(true, read_as, tmp_path, capsys):
    write_streets("carla", tmp_path, 2, "train", height=32, width=64, tag_set=true)
    status, text = check(capsys, "carla", tmp_path, "--tag-set", str(read_as))
    assert status == 1
    assert f"pass tag_set={true}" in text
    assert check(capsys, "carla", tmp_path, "--tag-set", str(true))[0] == 0


def test_train_ids_under_the_name_of_label_ids_are_told(tmp_path, capsys):
    label = cityscapes(tmp_path)["semantic"]
    ids = np.zeros((4, 6), np.uint8)
    ids[0, 0] = 1
    Image.fromarray(ids).save(label)
    status, text = check(capsys, "cityscapes", tmp_path)
    assert status == 1
    assert "WRONG LABELS: read as Cityscapes label ids" in text
    assert "pass train_ids=True" in text


def test_a_wrong_root_is_told(tmp_path, capsys):
    carla(tmp_path / "recording")
    status, text = check(capsys, "carla", tmp_path)
    assert status == 2
    assert f"pass root={tmp_path / 'recording'}" in text
    status, text = check(capsys, "carla", tmp_path / "gone")
    assert status == 2
    assert "no such folder" in text


def test_a_root_without_an_image_is_told(tmp_path, capsys):
    files = kitti(tmp_path)
    shutil.rmtree(files["image"].parent)
    files["image"].parent.mkdir()
    status, text = check(capsys, "kitti", tmp_path)
    assert status == 2
    assert "no split of kitti has a single image" in text


@pytest.mark.parametrize(
    ("domain", "message"),
    [("streets_sim", "does not read folders"), ("waymo", "choose one of: carla, cityscapes")],
)
def test_a_domain_without_folders_is_refused(domain, message, tmp_path, capsys):
    status, text = check(capsys, domain, tmp_path)
    assert status == 2
    assert message in text


def test_options_are_checked(tmp_path, capsys):
    kitti(tmp_path)
    status, text = check(capsys, "kitti", tmp_path, "--tag-set", "13")
    assert status == 2
    assert "--tag-set is for carla alone" in text
    status, text = check(capsys, "kitti", tmp_path, "--domain-options", '{"tain_ids": true}')
    assert status == 2
    assert "tain_ids" in text
