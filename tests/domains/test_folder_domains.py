"""What all four data sets promise, on files made by hand."""

import logging

import keras
import numpy as np
import pytest
import tensorflow as tf
from format_kit import FRAME, cut, grey, write
from PIL import Image

from adaat_keras import domains
from adaat_keras.domains.batches import evaluation_batches, training_batches
from adaat_keras.domains.check import survey

LAYOUTS = sorted(FRAME)


def open_domain(layout, root, **options):
    split = None if layout == "carla" else "train"
    return domains.get(layout, root=root, split=split, **options)


def three_frames(layout, root):
    """Three frames; the files of the second are returned, for the test to spoil."""
    digits = {"cityscapes": "ulm_00000{}_000019", "synthia_sf": "000000{}"}.get(layout, "00000{}")
    return [FRAME[layout](root, name=digits.format(number)) for number in range(3)][1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_keep_the_contract_of_a_domain(layout, tmp_path):
    three_frames(layout, tmp_path)
    domain = open_domain(layout, tmp_path)
    assert domain.name == layout
    assert len(domain) == 3
    assert domain.tasks == ("semantic", "depth")
    for index in range(3):
        frame = domain[index]
        assert {key: (value.shape, value.dtype) for key, value in frame.items()} == {
            "image": ((4, 6, 3), np.uint8),
            "semantic": ((4, 6), np.uint8),
            "depth": ((4, 6), np.float32),
        }
        assert (frame["semantic"] == 0).all()
        assert (frame["depth"] > 0).all()
    with pytest.raises(IndexError, match="3 frames"):
        domain[3]
    with pytest.raises(TypeError, match=r"by a frame's number, not by slice\(0, 2, None\)"):
        domain[0:2]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_graph_reads_what_an_index_reads(layout, tmp_path):
    three_frames(layout, tmp_path)
    domain = open_domain(layout, tmp_path)
    for index, frame in enumerate(domain.dataset(("image", "semantic", "depth"))):
        for key, value in domain[index].items():
            np.testing.assert_array_equal(frame[key], value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tensorflow_has_nothing_to_say_when_a_graph_reads(layout, tmp_path):
    three_frames(layout, tmp_path)
    said = []
    handler = logging.Handler()
    handler.emit = said.append
    tf.get_logger().addHandler(handler)
    list(open_domain(layout, tmp_path).dataset(("image", "semantic", "depth")))
    tf.get_logger().removeHandler(handler)
    assert not [record.getMessage() for record in said]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_become_batches(layout, tmp_path):
    three_frames(layout, tmp_path)
    domain = open_domain(layout, tmp_path)
    image, label = next(iter(training_batches(domain, "depth", 2, crop=4, seed=1)))
    assert image.shape == (2, 4, 4, 3)
    assert label.shape == (2, 4, 4)
    assert len(list(evaluation_batches(domain, "semantic"))) == 3


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_the_files_of_the_asked_keys_are_read(layout, tmp_path):
    three_frames(layout, tmp_path)
    # CARLA's 13 tags have the sky in the depth; the others keep the two apart.
    options = {"tag_set": 23} if layout == "carla" else {}
    domain = open_domain(layout, tmp_path, **options)
    for files in domain.files:
        files["depth"].write_bytes(b"nothing")
    assert len(list(domain.dataset(("image", "semantic")))) == 3
    with pytest.raises(tf.errors.InvalidArgumentError, match=domain.files[0]["depth"].name):
        list(domain.dataset(("depth",)))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("key", ["semantic", "depth"])
def test_a_split_without_one_task_is_usable_for_the_other(layout, key, tmp_path):
    three_frames(layout, tmp_path)
    for files in open_domain(layout, tmp_path).files:
        files[key].unlink()
    domain = open_domain(layout, tmp_path)
    other = {"semantic": "depth", "depth": "semantic"}[key]
    assert domain.tasks == (other,)
    assert set(domain[0]) == {"image", other}
    assert len(list(domain.dataset(("image", other)))) == 3
    with pytest.raises(ValueError, match=f"no labels for '{key}'; its labels: {other}"):
        domain.dataset((key,))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_label_that_only_some_frames_have_is_told(layout, tmp_path):
    files = three_frames(layout, tmp_path)
    files["semantic"].unlink()
    with pytest.raises(
        FileNotFoundError, match=r": missing, and so in 1 of 3 frames.*skip_bad=True"
    ):
        open_domain(layout, tmp_path)
    domain = open_domain(layout, tmp_path, skip_bad="missing")
    assert len(domain) == 2
    assert domain.left_out == [f"{files['semantic']}: missing"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("value", ["Misssing", 1, 0, "true", None, np.array([1, 2])])
def test_skip_bad_is_one_of_three_choices(layout, value, tmp_path):
    three_frames(layout, tmp_path)["semantic"].unlink()
    with pytest.raises(ValueError, match='skip_bad is False, True or "missing", not '):
        open_domain(layout, tmp_path, skip_bad=value)


SPOILED = {
    "image cut off": ("image", cut, "cut off"),
    "label cut off": ("semantic", cut, "cut off"),
    "16-bit image": ("image", lambda path: write(path, grey(7, "uint16")), "16-bit grey, but"),
    "16-bit label": ("semantic", lambda path: write(path, grey(7, "uint16")), "16-bit grey, but"),
    "other size": (
        "image",
        lambda path: write(path, np.zeros((5, 6, 3), "uint8")),
        "6 x 5 pixels, but .* is 6 x 4",
    ),
}


def unknown_id(path):
    pixels = np.array(Image.open(path))
    pixels.reshape(24, -1)[:, 0] = 57
    write(path, pixels)


def scratch(path):
    """Damage the middle of a file and keep both ends."""
    data = bytearray(path.read_bytes())
    middle = data.index(b"IDAT") + 8
    data[middle : middle + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(data))


SPOILED |= {
    "unknown id": ("semantic", unknown_id, "label id 57 is not among"),
    "damaged inside": ("depth", scratch, "damaged inside"),
    "no PNG": ("image", lambda path: path.write_bytes(b"\xff\xd8\xff"), "a JPEG"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("damage", SPOILED)
def test_a_bad_file_is_named_and_can_be_left_out(layout, damage, tmp_path):
    keras.config.disable_interactive_logging()
    key, spoil, message = SPOILED[damage]
    path = three_frames(layout, tmp_path)[key]
    spoil(path)
    options = {"check_tags": False} if layout == "carla" else {}
    domain = open_domain(layout, tmp_path, **options)
    with pytest.raises(ValueError, match=f"{path.name}.*{message}"):
        domain[1]
    left = open_domain(layout, tmp_path, skip_bad=True, **options)
    assert len(left) == 2
    assert len(left.left_out) == 1
    assert str(path) in left.left_out[0]
    assert path not in {files[key] for files in left.files}
    assert len(list(left.dataset(("image", "semantic", "depth")))) == 2


def blank(path):
    """The file with every pixel 0, in its own format."""
    write(path, np.zeros_like(np.array(Image.open(path))))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_frame_without_any_valid_depth_is_read_and_told_by_a_check(layout, tmp_path):
    """As a LiDAR has some, which is no reason for a run to stop."""
    keras.config.disable_interactive_logging()
    path = three_frames(layout, tmp_path)["depth"]
    blank(path)
    domain = open_domain(layout, tmp_path)
    assert not domain[1]["depth"].any()
    assert len(list(domain.dataset(("image", "semantic", "depth")))) == 3
    good, problem, other = domain.problems()
    assert good is other is None
    assert problem.startswith(f"{path}: no pixel has a valid depth")
    assert survey(domain).problems == [problem]
    assert open_domain(layout, tmp_path, skip_bad=True).left_out == [problem]


@pytest.mark.parametrize("layout", ["cityscapes", "kitti"])
@pytest.mark.parametrize("damage", ["gone", "no baseline"])
def test_a_bad_camera_file_is_named_and_its_frame_can_be_left_out(layout, damage, tmp_path):
    keras.config.disable_interactive_logging()
    camera = three_frames(layout, tmp_path)["camera"]
    camera.unlink() if damage == "gone" else camera.write_text("{}")
    domain = open_domain(layout, tmp_path)
    assert domain[0]["depth"].any()
    for read in (lambda: domain[1], lambda: domain.dataset(("depth",))):
        with pytest.raises((ValueError, FileNotFoundError), match=f"{camera.name}: .*; take the"):
            read()
    left = open_domain(layout, tmp_path, skip_bad=True)
    assert str(camera) in left.left_out[0]
    assert len(list(left.dataset(("depth",)))) == 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_frame_without_any_label_is_left_out_once(layout, tmp_path):
    files = three_frames(layout, tmp_path)
    files["semantic"].unlink()
    files["depth"].unlink()
    domain = open_domain(layout, tmp_path, skip_bad="missing")
    assert domain.left_out == [f"{files['semantic']} and {files['depth']}: missing"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_frame_left_is_an_error_that_names_the_first(layout, tmp_path):
    files = FRAME[layout](tmp_path)
    cut(files["image"])
    options = {"check_tags": False} if layout == "carla" else {}
    with pytest.raises(ValueError, match=f"no frame of {layout} is left.*{files['image'].name}"):
        open_domain(layout, tmp_path, skip_bad=True, **options)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sizes_that_differ_stop_a_graph_with_both_names(layout, tmp_path):
    files = three_frames(layout, tmp_path)
    write(files["image"], np.zeros((5, 6, 3), "uint8"))
    frames = open_domain(layout, tmp_path).dataset(("image", "depth"))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=f"{files['depth'].name}: sizes differ"
    ):
        list(frames)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_unknown_split_is_answered_with_the_choices(layout, tmp_path):
    with pytest.raises(ValueError, match="unknown split 'dev'; choose one of: train, "):
        domains.get(layout, root=tmp_path, split="dev")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_root_has_to_be_given_and_to_exist(layout, tmp_path):
    with pytest.raises(ValueError, match=f"{layout} needs root="):
        domains.get(layout)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        domains.get(layout, root=tmp_path / "gone")
    with pytest.raises(ValueError, match=r"is not .*'s root, which contains .*; see the docstring"):
        domains.get(layout, root=tmp_path)
