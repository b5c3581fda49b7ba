"""CARLA from files made by hand."""

import numpy as np
import pytest
from format_kit import carla, color, cut, write

from adaat_keras.domains import Carla
from adaat_keras.domains.resize import camera_of

FAR = (255, 255, 255)


def street(files, tags, far_rows=1):
    """Fill a frame's rows with tags; the first rows lie at the far plane."""
    labels, depth = color(0, 0, 0, 255), color(1, 2, 3, 255)
    labels[..., 0] = np.array(tags)[:, None]
    depth[:far_rows, :, :3] = FAR
    write(files["semantic"], labels)
    write(files["depth"], depth)


def test_a_frame_is_decoded_by_the_published_formulae(tmp_path):
    carla(tmp_path, depth=(255, 255, 254))
    frame = Carla(tmp_path, None)[0]
    assert (frame["image"] == (10, 20, 30)).all()
    assert (frame["semantic"] == 0).all()
    code = 255 + 256 * 255 + 65536 * 254
    assert (frame["depth"] == np.float32(code / (256**3 - 1) * 1000)).all()


def test_untagged_pixels_are_sky_at_the_far_plane_and_ignored_elsewhere(tmp_path):
    files = carla(tmp_path)
    street(files, [0, 0, 7, 6])
    domain = Carla(tmp_path, None, tag_set=13)
    assert domain[0]["semantic"][:, 0].tolist() == [10, 255, 0, 0]
    assert domain[0]["depth"][0, 0] == 1000
    semantic = next(iter(domain.dataset(("semantic",))))["semantic"]
    np.testing.assert_array_equal(semantic, domain[0]["semantic"])


def test_other_tags_at_the_far_plane_keep_their_class(tmp_path):
    street(carla(tmp_path), [1, 1, 7, 7], far_rows=4)
    assert Carla(tmp_path, None)[0]["semantic"][:, 0].tolist() == [9, 9, 0, 0]


def test_without_depth_files_the_sky_of_13_tags_is_ignored(tmp_path):
    files = carla(tmp_path)
    street(files, [0, 1, 7, 7])
    files["depth"].unlink()
    assert Carla(tmp_path, None)[0]["semantic"][:, 0].tolist() == [255, 9, 0, 0]


@pytest.mark.parametrize(
    ("tag_set", "tags"), [(13, [0, 1, 10, 7]), (23, [13, 1, 10, 7]), (28, [11, 3, 14, 1])]
)
def test_each_set_of_tags_gives_the_same_classes(tmp_path, tag_set, tags):
    street(carla(tmp_path), tags)
    frame = Carla(tmp_path, None, tag_set=tag_set)[0]
    assert frame["semantic"][:, 0].tolist() == [10, 9, 7, 0]


@pytest.mark.parametrize(
    ("tag_set", "likely", "tags"),
    [
        (13, 28, [11, 3, 14, 1]),
        (28, 13, [0, 1, 10, 7]),
        (23, 13, [0, 1, 10, 7]),
        (13, 23, [13, 1, 10, 7]),
    ],
)
def test_a_wrong_set_of_tags_is_refused_with_the_likely_right_one(tmp_path, tag_set, likely, tags):
    street(carla(tmp_path), tags)
    with pytest.raises(ValueError, match=f"Semantic: read as .*pass tag_set={likely}"):
        Carla(tmp_path, None, tag_set=tag_set)
    assert len(Carla(tmp_path, None, tag_set=tag_set, check_tags=False)) == 1


def test_an_unknown_set_of_tags_is_answered_with_the_choices(tmp_path):
    with pytest.raises(ValueError, match=r"tag_set is 13 .* 23 .* or 28 .*not 12"):
        Carla(tmp_path, tag_set=12)


def test_frames_in_order_are_cut_at_70_and_80_percent(tmp_path):
    for number in range(10):
        carla(tmp_path, f"{number:06}", f"episode_{number // 5:04}")
    names = {
        split: [int(files["image"].stem) for files in Carla(tmp_path, split).files]
        for split in ("train", "val", "test")
    }
    assert names == {"train": [*range(7)], "val": [7], "test": [8, 9]}
    assert len(Carla(tmp_path, None)) == 10


def test_folders_named_as_splits_are_the_splits(tmp_path):
    for part, count in (("train", 2), ("test", 1)):
        for number in range(count):
            carla(tmp_path / part, f"{number:06}")
    assert [len(Carla(tmp_path, split)) for split in ("train", "test", None)] == [2, 1, 3]
    with pytest.raises(FileNotFoundError, match="no image here for the split 'val'"):
        Carla(tmp_path, "val")


def test_any_folders_pair_by_the_names_of_their_files(tmp_path):
    files = carla(tmp_path)
    files["image"].rename(tmp_path / "rgb_000000.png")
    for key in ("semantic", "depth"):
        target = tmp_path / key / "rgb_000000.png"
        target.parent.mkdir()
        files[key].rename(target)
    domain = Carla(
        split=None,
        image_folder=tmp_path,
        semantic_folder=tmp_path / "semantic",
        depth_folder=tmp_path / "depth",
    )
    assert len(domain) == 1
    assert domain.tasks == ("semantic", "depth")
    assert Carla(split=None, image_folder=tmp_path).tasks == ()


def test_an_episode_in_place_of_the_root_is_told(tmp_path):
    carla(tmp_path)
    with pytest.raises(ValueError, match=f"inside the right folder; pass root={tmp_path}"):
        Carla(tmp_path / "episode_0000")


@pytest.mark.parametrize("key", ["image", "semantic", "depth"])
def test_a_folder_that_is_not_there_is_told(key, tmp_path):
    folders = {f"{name}_folder": tmp_path for name in ("image", "semantic", "depth")}
    with pytest.raises(FileNotFoundError, match=f"gone: there is no such folder; .*{key}_folder="):
        Carla(split=None, **folders | {f"{key}_folder": tmp_path / "gone"})


def test_the_field_of_view_and_the_images_width_give_the_focal_length(tmp_path):
    """By the two rays to the borders of a picture 6 pixels wide."""
    carla(tmp_path)
    for degrees in (60, 90, 120.5):
        focal_length = Carla(tmp_path, None, field_of_view=degrees).focal_length
        assert 2 * np.degrees(np.arctan2(3, focal_length)) == pytest.approx(degrees)
    cut(carla(tmp_path, "000001")["image"])
    assert Carla(tmp_path, None, field_of_view=90).focal_length == pytest.approx(3)


def test_a_recording_whose_camera_is_not_told_is_not_given_at_dts(tmp_path):
    carla(tmp_path)
    domain = Carla(tmp_path, None)
    assert camera_of(domain).focal_length is None
    domain.focal_length = 859.238
    assert camera_of(domain).focal_length == 859.238


def test_the_camera_counts_in_the_identity_only_where_it_is_told(tmp_path):
    carla(tmp_path)
    plain = Carla(tmp_path, None)
    assert (plain.focal_length, plain.camera_height) == (None, None)
    assert not {"focal_length", "camera_height", "field_of_view"} & vars(plain).keys()
    seen = Carla(tmp_path, None, field_of_view=90)
    high = Carla(tmp_path, None, camera_height=1.4)
    assert high.camera_height == 1.4
    assert len({each.identity() for each in (plain, seen, high)}) == 3


@pytest.mark.parametrize(
    "option",
    [{"field_of_view": v} for v in (0, -90, 180, float("nan"), "90")]
    + [{"camera_height": v} for v in (0, -1.4)],
)
def test_a_camera_that_cannot_be_is_refused_by_its_option(option, tmp_path):
    carla(tmp_path)
    with pytest.raises(ValueError, match=f"{next(iter(option))}= must be "):
        Carla(tmp_path, None, **option)
