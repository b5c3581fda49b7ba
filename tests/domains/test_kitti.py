"""KITTI from files made by hand."""

import shutil

import numpy as np
import pytest
from format_kit import grey, kitti, write

from adaat_keras.domains import Kitti


def test_a_frame_is_decoded_by_the_published_formulae(tmp_path):
    files = kitti(tmp_path, ids=32)
    write(files["depth"], np.array([[0, 1, 256, 512, 12800, 65535]] * 4, "uint16"))
    frame = Kitti(tmp_path)[0]
    assert (frame["semantic"] == 7).all()
    # 700 px * 0.5 m = 350 m px, over disparities of p / 256 pixels.
    expected = [0, 89600, 350, 175, 7, 89600 / 65535]
    np.testing.assert_allclose(frame["depth"][0], expected, rtol=1e-7)


def test_each_image_has_its_own_calibration_and_size(tmp_path):
    kitti(tmp_path)
    files = kitti(tmp_path, "000001")
    files["camera"].write_text(files["camera"].read_text().replace("-3.05", "-6.55"))
    for key, pixels in (
        ("image", np.zeros((5, 7, 3), "uint8")),
        ("semantic", grey(7, size=(5, 7))),
    ):
        write(files[key], pixels)
    write(files["depth"], grey(256, "uint16", size=(5, 7)))
    domain = Kitti(tmp_path)
    assert [domain[i]["depth"][0, 0] for i in (0, 1)] == [350, 700]
    assert [domain[i]["depth"].shape for i in (0, 1)] == [(4, 6), (5, 7)]
    assert [frame["depth"].shape for frame in domain.dataset(("depth",))] == [(4, 6), (5, 7)]


def test_labels_alone_are_enough_for_semantics(tmp_path):
    kitti(tmp_path)
    shutil.rmtree(tmp_path / "training" / "disp_occ_0")
    shutil.rmtree(tmp_path / "training" / "calib_cam_to_cam")
    domain = Kitti(tmp_path)
    assert domain.tasks == ("semantic",)
    assert set(domain[0]) == {"image", "semantic"}


def test_the_three_archives_can_lie_apart(tmp_path):
    whole = kitti(tmp_path / "whole")
    for folder, names in (
        ("semantics", ("image_2", "semantic")),
        ("flow", ("disp_occ_0",)),
        ("calibration", ("calib_cam_to_cam",)),
    ):
        for name in names:
            source = whole["image"].parents[1] / name
            shutil.copytree(source, tmp_path / folder / "training" / name)
    apart = Kitti(
        tmp_path / "semantics",
        scene_flow_root=tmp_path / "flow",
        calibration_root=tmp_path / "calibration",
    )
    for key, value in Kitti(tmp_path / "whole")[0].items():
        np.testing.assert_array_equal(apart[0][key], value)


def test_a_root_of_scene_flow_that_is_too_deep_is_told(tmp_path):
    kitti(tmp_path)
    with pytest.raises(ValueError, match=f"kitti scene flow.* inside .*root={tmp_path}"):
        Kitti(tmp_path, scene_flow_root=tmp_path / "training")


def test_a_missing_calibration_is_told(tmp_path):
    kitti(tmp_path)["camera"].unlink()
    domain = Kitti(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"000000\.txt: no calibration.*calibration_root="):
        domain[0]
    assert len(list(domain.dataset(("semantic",)))) == 1


def test_kitti_depth_maps_are_read_without_a_calibration(tmp_path):
    files = kitti(tmp_path)
    files["camera"].unlink()
    write(tmp_path / "maps" / files["depth"].name, grey(2560, "uint16"))
    domain = Kitti(tmp_path, depth_folder=tmp_path / "maps")
    assert (domain[0]["depth"] == 10).all()
    assert (next(iter(domain.dataset(("depth",))))["depth"] == 10).numpy().all()


def test_pixels_that_both_cameras_see_are_a_choice(tmp_path):
    files = kitti(tmp_path, pixel=256)
    write(files["image"].parents[1] / "disp_noc_0" / "000000_10.png", grey(512, "uint16"))
    assert (Kitti(tmp_path, disparity="disp_noc_0")[0]["depth"] == 175).all()


def test_only_the_first_image_of_a_scene_is_a_frame(tmp_path):
    files = kitti(tmp_path)
    shutil.copy(files["image"], files["image"].with_name("000000_11.png"))
    assert len(Kitti(tmp_path)) == 1


def test_the_test_split_has_images_alone(tmp_path):
    files = kitti(tmp_path, part="testing")
    files["semantic"].unlink()
    files["depth"].unlink()
    domain = Kitti(tmp_path, "test")
    assert domain.tasks == ()
    assert set(domain[0]) == {"image"}


def test_a_cropped_copy_is_told_with_both_files_and_sizes(tmp_path):
    files = kitti(tmp_path)
    write(files["semantic"], grey(7, size=(3, 6)))
    with pytest.raises(ValueError, match=r"image_2/.* is 6 x 4 .*semantic/.* is 6 x 3"):
        Kitti(tmp_path)[0]
