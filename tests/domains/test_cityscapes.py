"""Cityscapes from files made by hand."""

import json

import numpy as np
import pytest
import tensorflow as tf
from format_kit import cityscapes, color, write

from adaat_keras.domains import Cityscapes


def test_a_frame_is_decoded_by_the_published_formulae(tmp_path):
    files = cityscapes(tmp_path, ids=26)
    write(files["depth"], np.array([[0, 1, 257, 513, 25601, 2]] * 4, "uint16"))
    frame = Cityscapes(tmp_path)[0]
    assert (frame["image"] == (10, 20, 30)).all()
    assert (frame["semantic"] == 7).all()
    # 0.2 m * 2000 px = 400 m px, over disparities of (p - 1) / 256 pixels.
    assert frame["depth"][0].tolist() == [0, 0, 400, 200, 4, 102400]


def test_each_image_has_the_camera_of_its_own_file(tmp_path):
    cityscapes(tmp_path)
    files = cityscapes(tmp_path, name="ulm_000001_000019")
    files["camera"].write_text(
        json.dumps({"extrinsic": {"baseline": 0.3}, "intrinsic": {"fx": 1000}})
    )
    domain = Cityscapes(tmp_path)
    in_graph = [frame["depth"].numpy()[0, 0] for frame in domain.dataset(("depth",))]
    assert [domain[i]["depth"][0, 0] for i in (0, 1)] == [400, 300] == in_graph
    assert domain.focal_length == 1500


def test_cameras_are_not_read_for_semantics(tmp_path):
    files = cityscapes(tmp_path)
    files["camera"].unlink()
    frames = Cityscapes(tmp_path).dataset(("image", "semantic"))
    assert len(list(frames)) == 1


@pytest.mark.parametrize("damage", ["gone", "no baseline"])
def test_a_bad_camera_file_is_told_when_depth_is_asked_for(tmp_path, damage):
    camera = cityscapes(tmp_path)["camera"]
    camera.unlink() if damage == "gone" else camera.write_text('{"intrinsic": {"fx": 2000}}')
    domain = Cityscapes(tmp_path)
    for read in (lambda: domain[0], lambda: domain.dataset(("depth",))):
        with pytest.raises((ValueError, FileNotFoundError), match=f"{camera.name}: .*camera_train"):
            read()


def test_the_test_split_has_depth_alone_even_where_blank_labels_lie(tmp_path):
    cityscapes(tmp_path, "test", ids=0)
    domain = Cityscapes(tmp_path, "test")
    assert domain.tasks == ("depth",)
    assert set(domain[0]) == {"image", "depth"}
    with pytest.raises(ValueError, match="cityscapes has no labels for 'semantic'"):
        domain.dataset(("semantic",))


def test_train_ids_are_read_from_their_own_files(tmp_path):
    files = cityscapes(tmp_path, ids=7)
    name = files["semantic"].name.replace("labelIds", "labelTrainIds")
    write(files["semantic"].with_name(name), np.full((4, 6), 13, "uint8"))
    assert (Cityscapes(tmp_path)[0]["semantic"] == 0).all()
    assert (Cityscapes(tmp_path, train_ids=True)[0]["semantic"] == 7).all()


def test_a_coloured_label_is_refused(tmp_path):
    write(cityscapes(tmp_path)["semantic"], color(128, 64, 128, 255))
    with pytest.raises(ValueError, match=r"labelIds\.png: 8-bit RGBA, but .*_color\.png"):
        Cityscapes(tmp_path)[0]


def test_an_id_outside_the_table_is_told_with_the_other_ids_to_try(tmp_path):
    cityscapes(tmp_path, ids=57)
    domain = Cityscapes(tmp_path)
    with pytest.raises(ValueError, match=r"label id 57 is not among .* train_ids=True"):
        domain[0]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"labelIds\.png"):
        list(domain.dataset(("semantic",)))


def test_hidden_files_are_no_frames(tmp_path):
    files = cityscapes(tmp_path)
    files["image"].with_name(f"._{files['image'].name}").write_bytes(b"left by another system")
    assert len(Cityscapes(tmp_path)) == 1


def test_the_folder_of_images_in_place_of_the_root_is_told(tmp_path):
    cityscapes(tmp_path / "cs")
    right = tmp_path / "cs"
    with pytest.raises(ValueError, match=f"inside the right folder; pass root={right}"):
        Cityscapes(right / "leftImg8bit" / "train")
    with pytest.raises(ValueError, match=f"a parent of the right folder; pass root={right}"):
        Cityscapes(tmp_path)
