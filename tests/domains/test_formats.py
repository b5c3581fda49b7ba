"""The decoders against values computed by hand from the published formulae."""

import json

import numpy as np
import pytest
import tensorflow as tf
from cityscapesscripts.helpers.labels import labels as cityscapes_labels
from format_kit import color, cut, grey, raw_png, write

from adaat_keras.domains.check import wrong_ids
from adaat_keras.domains.cityscapes import cityscapes_camera
from adaat_keras.domains.class_names import ID_SETS, IGNORED, UNKNOWN
from adaat_keras.domains.decoders import disparity_depth, kitti_depth, map_classes, packed_depth
from adaat_keras.domains.finding import check_root
from adaat_keras.domains.kitti import kitti_calibration
from adaat_keras.domains.png import (
    FIXED_POINT,
    IMAGE,
    LABEL_IDS,
    LABELS_IN_RED,
    PACKED_DEPTH,
    png_header,
    read_png,
)
from adaat_keras.tasks.semantic import CLASS_NAMES, PAPER
from adaat_keras.tasks.semantic import IGNORED as TASK_IGNORED

# Typed from the data sets' own tables: for each data set the ids of the 11 classes in order.
TABLE = {
    "cityscapes": "7 | 8 | 12 | 13 | 24 | 17 | 21 | 26 32 | 19 20 | 11 | 23",
    "cityscapes_train": "0 | 1 | 3 | 4 | 11 | 5 | 8 | 13 17 | 6 7 | 2 | 10",
    "synthia_sf": "1 20 | 2 | 4 | 5 | 12 | 6 | 9 | 14 18 | 7 8 | 3 | 11",
    "carla_13": "7 6 | 8 | 11 | 2 | 4 | 5 | 9 | 10 | 12 | 1 |",
    "carla_23": "7 6 | 8 | 11 | 2 | 4 | 5 | 9 | 10 | 12 18 | 1 | 13",
    "carla_28": "1 24 | 2 | 4 | 5 | 12 | 6 | 9 | 14 18 | 7 8 | 3 | 11",
}
LAST = {
    "cityscapes": 33,
    "cityscapes_train": 18,
    "synthia_sf": 22,
    "carla_13": 12,
    "carla_23": 22,
    "carla_28": 28,
}
# What the other reading adds: ids of persons, and of vehicles.
MORE = {
    "cityscapes": ([25], [27, 28, 31, 33]),
    "cityscapes_train": ([12], [14, 15, 16, 18]),
    "synthia_sf": ([13], [15, 16, 17, 19]),
    "carla_13": ([], []),
    "carla_23": ([], []),
    "carla_28": ([13], [15, 16, 17, 19]),
}


@pytest.mark.parametrize(
    ("pixel", "metres"),
    [
        # (1 + 256 * 2 + 65536 * 3) / 16777215 * 1000
        ((1, 2, 3), 197121 / 16777215 * 1000),
        ((1, 0, 0), 1000 / 16777215),
        ((0, 0, 0), 0.0),
        ((255, 255, 255), 1000.0),
        ((254, 255, 255), 16777214 / 16777215 * 1000),
    ],
)
def test_24_bits_of_depth_have_red_lowest_and_a_far_plane_at_1000_metres(pixel, metres):
    depth = packed_depth(tf.constant([[pixel]], tf.uint8))
    assert depth.dtype == tf.float32
    assert depth.numpy() == np.float32(metres)


def test_cityscapes_disparity_begins_at_1():
    # d = (p - 1) / 256, depth = 0.209313 * 2262.52 / d; p = 0 invalid, p = 1 infinitely far.
    pixels = tf.constant([0, 1, 2, 257, 12801, 65535], tf.uint16)
    depth = disparity_depth(pixels, 0.209313 * 2262.52, zero=1)
    scale = 473.57484876
    expected = [0, 0, scale * 256, scale, scale / 50, scale * 256 / 65534]
    np.testing.assert_allclose(depth, expected, rtol=2e-7)


def test_kitti_disparity_begins_at_0():
    pixels = tf.constant([0, 1, 256, 12800], tf.uint16)
    depth = disparity_depth(pixels, 721.5377 * 0.54, zero=0)
    np.testing.assert_allclose(depth, [0, 99745.371648, 389.630358, 7.79260716], rtol=2e-7)


def test_kitti_depth_maps_are_in_256ths_of_a_metre():
    depth = kitti_depth(tf.constant([0, 1, 256, 25600, 65535], tf.uint16))
    assert depth.numpy().tolist() == [0.0, 0.00390625, 1.0, 100.0, 255.99609375]


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("more", [False, True])
def test_every_id_has_the_class_of_the_published_table(name, more):
    table = np.full(256, UNKNOWN)
    table[: LAST[name] + 1] = IGNORED
    for label, ids in enumerate(TABLE[name].split("|")):
        table[[int(i) for i in ids.split()]] = label
    if more:
        table[MORE[name][0]] = CLASS_NAMES.index("person")
        table[MORE[name][1]] = CLASS_NAMES.index("vehicle")
    if name.startswith("cityscapes"):
        table[255] = IGNORED
    np.testing.assert_array_equal(ID_SETS[name].table(PAPER, more), table)


def test_every_written_id_reads_back_as_its_class():
    for name, chosen in ID_SETS.items():
        back = chosen.table(PAPER)[chosen.ids_of()]
        # The older CARLA has no tag for the sky.
        assert back.tolist() == [*range(10), IGNORED if name == "carla_13" else 10]


@pytest.mark.parametrize("more", [False, True])
def test_cityscapes_own_scripts_know_the_ids_by_the_same_names(more):
    ours = {"motorcycle": "vehicle", "car": "vehicle", "traffic light": "traffic sign"}
    if more:
        ours |= {"rider": "person"} | dict.fromkeys(("truck", "bus", "train", "bicycle"), "vehicle")
    for label in cityscapes_labels:
        if label.id < 0:
            continue
        name = ours.get(label.name, label.name)
        expected = CLASS_NAMES.index(name) if name in CLASS_NAMES else IGNORED
        assert ID_SETS["cityscapes"].table(PAPER, more)[label.id] == expected
        if label.trainId not in (-1, 255):
            assert ID_SETS["cityscapes_train"].table(PAPER, more)[label.trainId] == expected


def test_the_loaders_ignore_what_the_task_ignores():
    assert IGNORED == TASK_IGNORED


def test_a_label_map_is_looked_up_in_a_graph():
    table = ID_SETS["carla_28"].table(PAPER)
    mapped = tf.function(map_classes)(tf.constant([[1, 24, 0]], tf.uint8), table, "a.png")
    assert mapped.dtype == tf.uint8
    assert mapped.numpy().tolist() == [[0, 0, 255]]


def test_an_unknown_id_stops_a_graph_with_the_name_of_the_file():
    table = ID_SETS["cityscapes"].table(PAPER)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"a\.png: has a label id outside"):
        tf.function(map_classes)(tf.constant([[57]], tf.uint8), table, "a.png")


def test_16_bits_are_read_as_they_stand_in_the_file(tmp_path):
    # One row of two samples, most significant byte first, as the PNG specification says.
    path = raw_png(tmp_path / "a.png", 2, 1, 16, 0, b"\x00" + b"\x01\x02" + b"\xff\xfe")
    pixels = read_png(tf.constant(str(path)), FIXED_POINT)
    assert pixels.dtype == tf.uint16
    assert pixels.numpy().tolist() == [[0x0102, 0xFFFE]]


def test_alpha_is_dropped_not_multiplied(tmp_path):
    path = raw_png(tmp_path / "a.png", 1, 1, 8, 6, b"\x00" + bytes((12, 34, 56, 0)))
    for kind in (IMAGE, LABELS_IN_RED, PACKED_DEPTH):
        assert read_png(tf.constant(str(path)), kind).numpy().tolist() == [[[12, 34, 56]]]


@pytest.mark.parametrize(
    ("kind", "pixels", "message"),
    [
        (LABEL_IDS, color(1, 2, 3, 255), "8-bit RGBA, but a map of label ids must be 8-bit grey"),
        (LABEL_IDS, grey(7, "uint16"), "16-bit grey, but a map of label ids must be 8-bit grey"),
        (LABELS_IN_RED, grey(7), "8-bit grey, but .* must be 8-bit RGB or 8-bit RGBA"),
        (IMAGE, grey(7, "uint16"), "16-bit grey, but an image must be 8-bit RGB"),
        (PACKED_DEPTH, grey(7, "uint16"), "16-bit grey, but 24-bit depth must be 8-bit RGB"),
        (FIXED_POINT, grey(7), "8-bit grey, but a disparity or depth map must be 16-bit grey"),
    ],
)
def test_another_pixel_format_is_told_with_file_and_fix(tmp_path, kind, pixels, message):
    path = write(tmp_path / "a.png", pixels)
    with pytest.raises(ValueError, match=rf"a\.png: {message}.*; \w+"):
        kind.check(path)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"a\.png"):
        tf.function(read_png)(tf.constant(str(path)), kind)


def test_label_ids_of_4_bits_are_refused_since_decoders_scale_them(tmp_path):
    path = raw_png(tmp_path / "a.png", 2, 1, 4, 0, b"\x00\x78")
    with pytest.raises(ValueError, match="4-bit grey"):
        LABEL_IDS.check(path)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"a\.png"):
        tf.function(read_png)(tf.constant(str(path)), LABEL_IDS)


def test_a_cut_png_is_told_from_its_last_bytes(tmp_path):
    path = write(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (9, 9), "uint8"))
    cut(path)
    with pytest.raises(ValueError, match=r"a\.png: the PNG file is cut off after \d+ bytes; copy"):
        png_header(path)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"a\.png: cut off"):
        tf.function(read_png)(tf.constant(str(path)), LABEL_IDS)


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "empty"), (b"\xff\xd8\xff\xe0JFIF", "a JPEG"), (b"hello", "starts with b'hello'")],
)
def test_what_is_no_png_is_named(tmp_path, content, what):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.png: not a PNG file \(it is .*{what}"):
        png_header(path)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"a\.png"):
        tf.function(read_png)(tf.constant(str(path)), LABEL_IDS)


def test_a_cityscapes_camera_gives_fx_and_baseline(tmp_path):
    path = tmp_path / "camera.json"
    path.write_text(
        '{"extrinsic": {"baseline": 0.209313, "pitch": 0.038, "z": 1.22},'
        ' "intrinsic": {"fx": 2262.52, "fy": 2265.3, "u0": 1096.98, "v0": 513.137}}'
    )
    assert cityscapes_camera(path) == (2262.52, 0.209313, (1096.98, 513.137), 1.22)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"extrinsic": {}, "intrinsic": {"fx": 1}}, "extrinsic.baseline is None"),
        ({"intrinsic": {"fx": 1}}, "extrinsic.baseline is None"),
        ({"extrinsic": {"baseline": 0}, "intrinsic": {"fx": 1}}, "extrinsic.baseline is 0"),
        ({"extrinsic": {"baseline": 1}, "intrinsic": {"fx": "f"}}, "intrinsic.fx is 'f'"),
        ([], "intrinsic.fx is None"),
    ],
)
def test_a_cityscapes_camera_without_a_value_is_told(tmp_path, content, message):
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=rf"camera\.json: {message}.*camera_trainvaltest"):
        cityscapes_camera(path)


def test_a_cityscapes_camera_that_is_no_json_is_told(tmp_path):
    path = tmp_path / "camera.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"camera\.json: .*camera_trainvaltest"):
        cityscapes_camera(path)


def test_a_kitti_calibration_gives_fx_and_baseline(tmp_path):
    path = tmp_path / "000000.txt"
    path.write_text(
        "calib_time: 09-Jan-2012 13:57:47\nS_02: 1.392000e+03 5.120000e+02\n"
        "P_rect_02: 7.215377e+02 0 6.095593e+02 4.485728e+01 0 7.215377e+02 1.728540e+02 "
        "2.163791e-01 0 0 1 2.745884e-03\n"
        "P_rect_03: 7.215377e+02 0 6.095593e+02 -3.395242e+02 0 7.215377e+02 1.728540e+02 "
        "2.199936e+00 0 0 1 2.729905e-03\n"
    )
    camera = kitti_calibration(path)
    # (44.85728 + 339.5242) / 721.5377
    assert camera.focal_length == 721.5377
    assert camera.baseline == pytest.approx(0.532725, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("P_rect_03: " + "1 " * 12, "P_rect_02 has 0 numbers"),
        ("P_rect_02: " + "1 " * 12 + "\nP_rect_03: 1 2", "P_rect_03 has 2 numbers"),
        ("P_rect_02: " + "1 " * 12 + "\nP_rect_03: " + "1 " * 12, "no focal length and baseline"),
    ],
)
def test_a_kitti_calibration_without_a_baseline_is_told(tmp_path, text, message):
    path = tmp_path / "000000.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"000000\.txt: .*{message}.*data_scene_flow_calib"):
        kitti_calibration(path)


def test_a_parent_and_a_child_of_the_root_are_told_apart(tmp_path):
    inner = tmp_path / "archive" / "kitti" / "training" / "image_2"
    inner.mkdir(parents=True)

    def check(folder):
        return check_root("kitti", folder, lambda f: (f / "training").is_dir(), "training")

    right = tmp_path / "archive" / "kitti"
    assert check(right) == right
    for parent in (tmp_path, tmp_path / "archive"):
        with pytest.raises(ValueError, match=f"a parent of the right folder; pass root={right}$"):
            check(parent)
    for child in (right / "training", inner):
        with pytest.raises(ValueError, match=f"inside the right folder; pass root={right}$"):
            check(child)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        check(tmp_path / "gone")
    with pytest.raises(ValueError, match="needs root="):
        check(None)


def street(name):
    """A street picture in the ids of a class map: sky, then buildings and cars, then road."""
    written = ID_SETS[name].ids_of()
    rows = [written[10]] * 3 + [written[9], written[7], written[6]] + [written[0]] * 3
    return np.repeat(np.array(rows, "uint8")[:, None], 4, axis=1)


CARLA = ("carla_13", "carla_23", "carla_28")


@pytest.mark.parametrize("read_as", CARLA)
@pytest.mark.parametrize("true", CARLA)
def test_the_likely_set_of_tags_is_named(true, read_as):
    problem = wrong_ids([street(true)], read_as, CARLA)
    if true == read_as:
        assert problem is None
    else:
        assert problem.advice.endswith(f"pass tag_set={true[-2:]}")


@pytest.mark.parametrize(
    ("true", "read_as", "option"),
    [("cityscapes", "cityscapes_train", "False"), ("cityscapes_train", "cityscapes", "True")],
)
def test_train_ids_in_place_of_label_ids_are_named(true, read_as, option):
    problem = wrong_ids([street(true)], read_as, ("cityscapes", "cityscapes_train"))
    assert problem.advice.endswith(f"pass train_ids={option}")


def test_labels_that_follow_no_ids_are_told():
    ids = np.full((9, 9), 10, "uint8")
    problem = wrong_ids([ids], "synthia_sf", ["synthia_sf"])
    assert "100% of the pixels are ignored" in problem.reason
    # Of nothing but zeros no numbering is advised, whichever would make a road of it.
    problem = wrong_ids([0 * ids], "cityscapes", ["cityscapes", "cityscapes_train"])
    assert "every pixel is 0" in problem.reason
    assert problem.better is None
