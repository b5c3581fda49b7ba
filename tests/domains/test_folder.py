"""A user's own folders, written by hand: what is read, and what is told."""

import json
import warnings

import numpy as np
import pytest
import tensorflow as tf
from format_kit import color, cut, grey, raw_png, write
from PIL import Image

from adaat_keras import domains
from adaat_keras.domains import Folder, NoSplit
from adaat_keras.domains.batches import training_batches
from adaat_keras.domains.check import check_splits
from adaat_keras.inference import read_image
from adaat_keras.tasks.semantic import IGNORED, Semantic

IDS = {0: "road", 1: "car", 2: "sky"}


@pytest.fixture(autouse=True)
def quiet():
    """No warning is expected unless a test says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def image(path, level=10, size=(4, 6)):
    """An image of one colour, PNG, JPEG or NumPy by its ending."""
    pixels = color(level, level + 10, level + 20, size=size)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".npy":
        np.save(path, pixels)
    elif path.suffix.lower() == ".png":
        Image.fromarray(pixels).save(path, "png")
    else:
        Image.fromarray(pixels).save(path, "jpeg", quality=95)
    return path


def array(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, pixels)
    return path


def drive(root, names=("a", "b", "c"), depth="{}.png"):
    """Images in cam, depth of 10 m in lidar."""
    for number, name in enumerate(names):
        image(root / f"cam/{name}.png", 10 * number)
        write(root / "lidar" / depth.format(name), grey(2560, "uint16"))
    return {"depth": root / "lidar", "depth_scale": 1 / 256}


def test_the_five_lines_of_the_design(tmp_path, monkeypatch):
    for number in range(3):
        image(tmp_path / f"cam/{number}.jpg", 10 * number)
        write(
            tmp_path / f"lidar/{number}.png", grey([[0, 256, 2560, 25600, 51200, 65535]], "uint16")
        )
    monkeypatch.chdir(tmp_path)
    target = Folder(images="cam/*.jpg", depth="lidar/*.png", depth_scale=1 / 256)
    assert (len(target), target.name, target.tasks) == (3, "folder", ("depth",))
    frame = target[2]
    assert frame["image"].shape == (4, 6, 3)
    assert abs(frame["image"].astype(int) - (20, 30, 40)).max() <= 3
    assert frame["depth"].dtype == np.float32
    assert frame["depth"][0].tolist() == [0, 1, 10, 100, 200, 65535 / 256]
    images, depth = next(iter(training_batches(target, "depth", 2, crop=4, seed=1)))
    assert (images.shape, depth.shape) == ((2, 4, 4, 3), (2, 4, 4))


# Images.


def test_depth_without_holes_is_told_to_it(tmp_path):
    drive(tmp_path)
    given = {"images": f"{tmp_path}/cam/*.png", "depth": f"{tmp_path}/lidar/*.png"}
    given["depth_scale"] = 1 / 256
    assert Folder(**given).dense == ()
    assert Folder(**given, dense="depth").dense == ("depth",)
    with pytest.raises(
        ValueError, match=r"folder: dense=True, but it names .*: dense='depth', or s"
    ):
        Folder(**given, dense=True)
    with pytest.raises(ValueError, match="folder: dense='semantic', but its labels are: depth"):
        Folder(**given, dense="semantic")


@pytest.mark.parametrize("ending", [".png", ".PNG", ".jpg", ".JPG", ".jpeg", ".Jpeg", ".npy"])
@pytest.mark.parametrize("given", ["folder", "pattern", "file", "list"])
def test_images_of_any_ending_by_folder_pattern_or_file(ending, given, tmp_path):
    path = image(tmp_path / f"cam/a{ending}", 50)
    (tmp_path / "cam/.hidden").write_text("")
    images = {
        "folder": tmp_path / "cam",
        "pattern": str(tmp_path / f"c?m/*{ending.lower()}"),
        "file": str(path),
        "list": [path],
    }[given]
    frame = Folder(images)[0]
    assert frame.keys() == {"image"}
    assert abs(frame["image"].astype(int) - (50, 60, 70)).max() <= 3


def test_png_and_jpeg_may_be_mixed_and_the_content_tells(tmp_path):
    image(tmp_path / "a.png", 10)
    image(tmp_path / "b.jpg", 20)
    image(tmp_path / "c.jpg", 30).rename(tmp_path / "c.png")
    frames = Folder(tmp_path)
    levels = [int(frame["image"][0, 0, 0]) for frame in frames.dataset(("image",))]
    assert np.abs(np.subtract(levels, (10, 20, 30))).max() <= 3
    assert abs(int(frames[2]["image"][0, 0, 0]) - 30) <= 3


def test_grey_palette_and_transparent_images_are_rgb(tmp_path):
    write(tmp_path / "a.png", grey(7))
    write(tmp_path / "b.png", color(7, 8, 9, 100))
    Image.fromarray(color(200, 100, 0)).convert("P").save(tmp_path / "c.png")
    Image.fromarray(grey(7)).save(tmp_path / "d.jpg")
    array(tmp_path / "npy/a.npy", color(1, 2, 3))
    pixels = [
        frame["image"][0, 0].tolist()
        for frame in map(Folder(tmp_path / "*.*g").__getitem__, range(4))
    ]
    palette = np.asarray(Image.open(tmp_path / "c.png").convert("RGB"))[0, 0].tolist()
    assert pixels == [[7, 7, 7], [7, 8, 9], palette, [7, 7, 7]]
    assert Folder(tmp_path / "npy")[0]["image"][0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("bits", "last"), [(1, 1), (2, 3), (4, 15)])
def test_grey_images_of_fewer_bits_reach_from_black_to_white(bits, last, tmp_path):
    # Two pixels in a byte: the first white, the second black.
    path = raw_png(tmp_path / "a.png", 2, 1, bits, 0, bytes((0, last << 8 - bits)))
    assert Folder(tmp_path)[0]["image"].tolist() == [[[255] * 3, [0] * 3]]
    assert read_image(path).tolist() == [[[255] * 3, [0] * 3]]


def test_sizes_may_differ_from_frame_to_frame(tmp_path):
    for name, size in (("a", (4, 6)), ("b", (8, 5))):
        image(tmp_path / f"cam/{name}.jpg", size=size)
        array(tmp_path / f"lidar/{name}.npy", np.full(size, 5.0))
    frames = Folder(tmp_path / "cam", depth=tmp_path / "lidar")
    assert [frame["depth"].shape for frame in frames.dataset(("image", "depth"))] == [
        (4, 6),
        (8, 5),
    ]


def test_a_folder_with_brackets_in_its_name_begins_a_pattern(tmp_path):
    root = tmp_path / "drive [1]"
    options = drive(root)
    options["depth"] = f"{root}/lidar/*.png"
    assert len(Folder(f"{root}/cam/*.png", **options)) == 3
    assert len(Folder(f"{root}/**/c?m/*.png", **options)) == 3
    with pytest.raises(FileNotFoundError, match=r"matches no file; .*cam has 3 \.png"):
        Folder(f"{root}/cam/*.jpg", **options)


def test_a_home_is_written_as_a_tilde(tmp_path, monkeypatch):
    image(tmp_path / "cam/a.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(Folder("~/cam")) == len(Folder("~/cam/*.png")) == 1


# Depth.


@pytest.mark.parametrize(
    ("pixels", "options", "metres"),
    [
        (grey(2560, "uint16"), {"depth_scale": 1 / 256}, 10.0),
        (grey(40), {"depth_scale": 0.5}, 20.0),
        (grey(12500, "uint16"), {"depth_scale": 0.001}, 12.5),
    ],
)
def test_depth_of_whole_numbers_has_a_scale(pixels, options, metres, tmp_path):
    image(tmp_path / "cam/a.jpg")
    write(tmp_path / "lidar/a.png", pixels)
    frame = Folder(tmp_path / "cam", depth=tmp_path / "lidar", **options)[0]
    np.testing.assert_allclose(frame["depth"], metres, rtol=1e-7)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("last", [(), (1,)])
def test_depth_as_an_array_is_in_metres(dtype, last, tmp_path):
    image(tmp_path / "cam/a.jpg")
    values = np.full((4, 6, *last), 7.5, dtype)
    values[0, :4] = np.reshape([np.nan, np.inf, -1, 0], (4, *last))
    array(tmp_path / "lidar/a.npy", values)
    frames = Folder(tmp_path / "cam", depth=tmp_path / "lidar")
    assert frames[0]["depth"][0].tolist() == [0, 0, 0, 0, 7.5, 7.5]
    assert Folder(tmp_path / "cam", depth=tmp_path / "lidar", depth_scale=2)[0]["depth"][1, 0] == 15


def test_disparity_becomes_depth_by_focal_length_and_baseline(tmp_path):
    """700 px * 0.5 m = 350 m px, over disparities of p / 256 pixels."""
    image(tmp_path / "cam/a.jpg")
    write(tmp_path / "disp/a.png", grey([[0, 256, 512, 12800, 35, 65535]], "uint16"))
    camera = {"focal_length": 700.0, "baseline": 0.5}
    frames = Folder(
        tmp_path / "cam", disparity=tmp_path / "disp", disparity_scale=1 / 256, **camera
    )
    expected = [0, 350, 175, 7, 350 * 256 / 35, 350 * 256 / 65535]
    np.testing.assert_allclose(frames[0]["depth"][0], expected, rtol=1e-6)
    assert frames.focal_length == 700.0
    array(tmp_path / "float/a.npy", np.full((4, 6), 35.0))
    frames = Folder(tmp_path / "cam", disparity=tmp_path / "float", **camera)
    assert (frames[0]["depth"] == 10).all()


@pytest.mark.parametrize("ending", ["png", "npy"])
def test_normals_are_vectors_of_length_1(ending, tmp_path):
    image(tmp_path / "cam/a.jpg")
    vectors = np.zeros((4, 6, 3))
    vectors[1], vectors[2], vectors[3] = (0, -1, 0), (0, 0, -1), (0.6, 0, -0.8)
    if ending == "png":
        colors = np.round(127.5 * (vectors + 1)).astype(np.uint8)
        colors[0] = 0
        write(tmp_path / "normals/a.png", colors)
    else:
        array(tmp_path / "normals/a.npy", 3 * vectors)
    normals = Folder(tmp_path / "cam", normals=tmp_path / "normals")[0]["normals"]
    np.testing.assert_allclose(normals, vectors, atol=0.01)
    lengths = np.linalg.norm(normals, axis=-1)
    np.testing.assert_allclose(lengths[1:], 1, rtol=1e-6)
    assert not lengths[0].any()


# Classes.


def labelled(root, pixels, name="a"):
    image(root / f"cam/{name}.jpg")
    return write(root / f"labels/{name}.png", pixels)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "npy", "palette"])
@pytest.mark.parametrize(
    "ids", [IDS, {str(n): name for n, name in IDS.items()}, list(IDS.values())]
)
def test_numbers_have_names(kind, ids, tmp_path):
    numbers = np.array([[0, 1, 2, 255, 0, 0]] * 4, np.uint8)
    if kind == "npy":
        image(tmp_path / "cam/a.jpg")
        array(tmp_path / "labels/a.npy", numbers.astype(int))
    elif kind == "palette":
        image(tmp_path / "cam/a.jpg")
        picture = Image.fromarray(numbers, "P")
        picture.putpalette(np.random.default_rng(0).integers(0, 256, 768, np.uint8).tobytes())
        (tmp_path / "labels").mkdir()
        picture.save(tmp_path / "labels/a.png")
    else:
        labelled(tmp_path, numbers.astype(kind))
    frames = Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids=ids)
    # The paper's classes, since some of them are there: road, vehicle, sky.
    assert frames[0]["semantic"][0].tolist() == [0, 7, 10, 255, 0, 0]
    own = frames.with_classes(Semantic({"sky": "sky", "rest": "*"}))
    assert own[0]["semantic"][0].tolist() == [1, 1, 0, 255, 1, 1]
    assert next(iter(own.dataset(("semantic",))))["semantic"][0].numpy().tolist() == [
        1,
        1,
        0,
        255,
        1,
        1,
    ]


@pytest.mark.parametrize(("bits", "byte"), [(1, 0b01000000), (2, 0b00011000), (4, 0x01)])
def test_numbers_of_fewer_bits_are_as_they_stand_in_the_file(bits, byte, tmp_path):
    """Decoders scale them to 0 to 255."""
    names = {0: "sky", 1: "road", 2: "car"}
    image(tmp_path / "cam/a.png", size=(4, 2))
    raw_png(tmp_path / "labels/a.png", 2, 4, bits, 0, bytes((0, byte)) * 4)
    frames = Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids=names)
    assert frames[0]["semantic"].tolist() == [[10, 0]] * 4
    assert next(iter(frames.dataset(("semantic",))))["semantic"].numpy().tolist() == [[10, 0]] * 4
    # By another number of bits 1 may mean another class.
    image(tmp_path / "cam/b.png", size=(4, 2))
    write(tmp_path / "labels/b.png", grey(1, size=(4, 2)))
    with pytest.raises(ValueError, match=rf"b\.png: 8-bit grey, but .* must be {bits}-bit grey"):
        Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids=names)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_numbers_may_be_saved_as_colours_of_equal_channels(mode, tmp_path):
    numbers = np.array([[0, 1, 2, 255, 0, 0]] * 4, np.uint8)
    for name in "abc":
        labelled(tmp_path, np.asarray(Image.fromarray(numbers).convert(mode)), name)
    options = {"semantic": tmp_path / "labels", "ids": IDS}
    frames = Folder(tmp_path / "cam", **options)
    assert frames[0]["semantic"][0].tolist() == [0, 7, 10, 255, 0, 0]
    batch = next(iter(frames.dataset(("semantic",))))
    assert batch["semantic"][0].numpy().tolist() == [0, 7, 10, 255, 0, 0]


def test_colours_among_numbers_saved_as_colours_are_told(tmp_path):
    for name in "abcde":
        labelled(tmp_path, color(1, 1, 2) if name == "b" else color(1, 1, 1), name)
    # Only the first, the middle and the last are looked at.
    frames = Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids=IDS)
    differ = r"labels/b\.png: red, green and blue differ; if these are colours, pass palette="
    with pytest.raises(ValueError, match=differ):
        frames[1]
    with pytest.raises(tf.errors.InvalidArgumentError, match=differ):
        list(frames.dataset(("semantic",)))
    for name in "abcde":
        labelled(tmp_path, color(1, 1, 2), name)
    with pytest.raises(ValueError, match=r"a\.png: 8-bit RGB, but a map of numbers .*palette="):
        Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids=IDS)


def test_numbers_of_a_data_set_have_its_names(tmp_path):
    labelled(tmp_path, np.array([[7, 26, 27, 24, 255, 0]] * 4, np.uint8))
    frames = Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids="cityscapes")
    assert frames[0]["semantic"][0].tolist() == [0, 7, 255, 4, 255, 255]
    frames = frames.with_classes(Semantic("cityscapes"))
    assert frames[0]["semantic"][0].tolist() == [0, 13, 14, 11, 255, 255]


@pytest.mark.filterwarnings("default")
def test_numbers_without_a_name_are_ignored_and_told(tmp_path):
    labelled(tmp_path, np.array([[0, 1, 9, 9, 40000, 255]] * 4, np.uint16))
    with pytest.warns(UserWarning, match="numbers that have no name in ids= are ignored: .*9"):
        frames = Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids=IDS)
    assert frames[0]["semantic"][0].tolist() == [0, 7, 255, 255, 255, 255]


def test_numbers_none_of_which_has_a_name_are_refused(tmp_path):
    labelled(tmp_path, grey(7))
    with pytest.raises(
        ValueError, match=r"a\.png: none of its numbers has a name in ids=; they are 7"
    ):
        Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids=IDS)


def test_names_that_the_paper_does_not_have_are_classes_of_their_own(tmp_path):
    labelled(tmp_path, np.array([[3, 3, 3, 8, 8, 255]] * 4, np.uint8))
    frames = Folder(tmp_path / "cam", semantic=tmp_path / "labels", ids={3: "lawn", 8: "path"})
    assert frames[0]["semantic"][0].tolist() == [0, 0, 0, 1, 1, 255]
    assert frames.label_names == ("lawn", "path")
    with pytest.raises(ValueError, match=r"folder has none of the classes road, .* is lawn, path"):
        frames.with_classes(Semantic())
    own = frames.with_classes(Semantic({"path": "path", "lawn": "lawn"}))
    assert own[0]["semantic"][0].tolist() == [1, 1, 1, 0, 0, 255]


PALETTE = {"sky": (70, 130, 180), "road": (128, 64, 128), "car": "#00008e"}


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "P", "npy"])
def test_colours_have_names(kind, tmp_path):
    colors = np.zeros((4, 6, 3), np.uint8)
    colors[:, 1], colors[:, 2], colors[:, 3] = (128, 64, 128), (0, 0, 142), (70, 130, 180)
    image(tmp_path / "cam/a.jpg")
    if kind == "npy":
        array(tmp_path / "labels/a.npy", colors)
    else:
        picture = Image.fromarray(colors)
        picture = picture.quantize(8) if kind == "P" else picture.convert(kind)
        (tmp_path / "labels").mkdir()
        picture.save(tmp_path / "labels/a.png")
    frames = Folder(tmp_path / "cam", semantic=tmp_path / "labels", palette=PALETTE)
    assert frames[0]["semantic"][0].tolist() == [255, 0, 7, 10, 255, 255]
    batch = next(iter(frames.dataset(("semantic",))))
    assert batch["semantic"][0].numpy().tolist() == [255, 0, 7, 10, 255, 255]


@pytest.mark.filterwarnings("default")
def test_colours_without_a_name_are_told(tmp_path):
    colors = color(128, 64, 128)
    labelled(tmp_path, colors)
    assert (
        Folder(tmp_path / "cam", tmp_path / "labels", palette=PALETTE)[0]["semantic"] == 0
    ).all()
    colors[0, 0] = (128, 64, 129)
    labelled(tmp_path, colors)
    with pytest.warns(UserWarning, match=r"no name in palette= are ignored: \(128, 64, 129\)"):
        frames = Folder(tmp_path / "cam", tmp_path / "labels", palette=PALETTE)
    assert frames[0]["semantic"][0, 0] == IGNORED
    with pytest.raises(ValueError, match=r"none of its colours has a name in palette=.*\(128, 64"):
        Folder(tmp_path / "cam", tmp_path / "labels", palette={"sky": (1, 2, 3)})


# Splits.


def test_split_in_the_patterns_chooses_a_folder(tmp_path):
    for split, count in (("train", 3), ("val", 2)):
        drive(tmp_path / split, "abc"[:count])
    options = {
        "images": str(tmp_path / "{split}/cam"),
        "depth": str(tmp_path / "{split}/lidar/*.png"),
        "depth_scale": 0.00390625,
    }
    # As the command line has it.
    options = json.loads(json.dumps(options))
    assert [len(domains.get("folder", split=s, **options)) for s in ("train", "val")] == [3, 2]
    with pytest.raises(NoSplit, match=r"folder finds no images: .*test/cam: there is no .*test"):
        domains.get("folder", split="test", **options)


def test_a_folder_without_splits_is_the_training_split(tmp_path):
    options = drive(tmp_path)
    assert len(Folder(tmp_path / "cam", split="train", **options)) == 3
    with pytest.raises(NoSplit, match=r"no split 'val': all its frames .*\{split\}.*fractions="):
        Folder(tmp_path / "cam", split="val", **options)


@pytest.mark.filterwarnings("default")
def test_a_split_may_lack_a_label_whose_folder_is_not_there(tmp_path):
    for split in ("train", "test"):
        drive(tmp_path / split)
    for name in "abc":
        write(tmp_path / f"test/labels/{name}.png", grey(0))
    options = {
        "images": f"{tmp_path}/{{split}}/cam",
        "depth": f"{tmp_path}/{{split}}/lidar",
        "semantic": f"{tmp_path}/{{split}}/labels",
        "ids": IDS,
        "depth_scale": 1 / 256,
    }
    assert Folder(split="test", **options).tasks == ("semantic", "depth")
    with pytest.warns(UserWarning, match="the split 'train' has no semantic, since there is no"):
        assert Folder(**options).tasks == ("depth",)


def test_frames_in_order_are_cut_by_fractions(tmp_path):
    options = drive(tmp_path, [f"{n:02}" for n in range(10)])
    fractions = {"train": 0.7, "val": 0.1, "test": 0.2}

    def names(split):
        frames = Folder(tmp_path / "cam", split=split, fractions=fractions, **options).files
        return [int(files["image"].stem) for files in frames]

    assert names("train") == [*range(7)]
    assert (names("val"), names("test")) == ([7], [8, 9])
    with pytest.raises(NoSplit, match="the split 'test' has no frame"):
        Folder(tmp_path / "cam", split="test", fractions={"train": 0.8, "val": 0.2}, **options)


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ({"train": 0.8, "val": 0.3}, "more than 1 together"),
        ({"train": -1}, "shares, 0 to 1"),
        ({"dev": 0.5}, "shares, 0 to 1, of train, val and test"),
        ({"train": "0.8"}, r"shares, 0 to 1, .*not \{'train': '0.8'\}"),
        ([0.8, 0.2], r"such as \{'train': 0.8, 'val': 0.2\}, not \[0.8, 0.2\]"),
    ],
)
def test_fractions_that_are_none_are_told(fractions, message, tmp_path):
    image(tmp_path / "a.png")
    with pytest.raises(ValueError, match=message):
        Folder(tmp_path, fractions=fractions)


# What is wrong is told.


def test_a_folder_that_is_not_there_is_answered_with_what_is_there(tmp_path):
    drive(tmp_path)
    with pytest.raises(
        FileNotFoundError, match=r"camera: there is no .*camera; .* has the folders cam, lidar"
    ):
        Folder(tmp_path / "camera")
    with pytest.raises(
        FileNotFoundError, match=r"no images: .*\.jpg: matches no file; .*cam has 3 \.png"
    ):
        Folder(tmp_path / "cam/*.jpg")
    with pytest.raises(
        FileNotFoundError, match=r"no images: .*the folders cam, lidar \(\*\* looks"
    ):
        Folder(tmp_path)
    with pytest.raises(FileNotFoundError, match="no depth files"):
        Folder(tmp_path / "cam", depth=tmp_path / "lidar/*.npy")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty has nothing in it"):
        Folder(tmp_path / "empty")


def test_what_cannot_be_read_is_never_dropped_in_silence(tmp_path):
    options = drive(tmp_path)
    Image.new("RGB", (6, 4)).save(tmp_path / "cam/d.tif")
    with pytest.raises(
        ValueError, match=r"1 of 4 files cannot be read as image, such as d\.tif; write"
    ):
        Folder(tmp_path / "cam", **options)
    assert len(Folder(tmp_path / "cam/*.png", **options)) == 3


def test_labels_as_jpeg_are_refused(tmp_path):
    image(tmp_path / "cam/a.jpg")
    image(tmp_path / "labels/a.jpg")
    with pytest.raises(ValueError, match=r"cannot be read as semantic.*\(JPEG changes labels\)"):
        Folder(tmp_path / "cam", tmp_path / "labels", ids=IDS)


@pytest.mark.filterwarnings("default")
def test_what_is_no_picture_is_left_aside_with_a_word(tmp_path):
    image(tmp_path / "a.png")
    (tmp_path / "readme.txt").write_text("")
    (tmp_path / ".DS_Store").write_text("")
    with pytest.warns(UserWarning, match=r"left aside what is no picture: readme\.txt$"):
        assert len(Folder(tmp_path)) == 1


@pytest.mark.filterwarnings("default")
def test_files_in_folders_within_a_folder_are_told_with_what_takes_them(tmp_path):
    options = drive(tmp_path)
    image(tmp_path / "cam/sub/d.png")
    with pytest.warns(
        UserWarning, match=r"left aside as image: 1 in folders within it, such as sub/d\.png"
    ) as told:
        assert len(Folder(tmp_path / "cam", **options)) == 3
    [warning] = told
    assert f"{tmp_path}/cam/**/* takes them too" in str(warning.message)
    assert len(Folder(f"{tmp_path}/cam/**/*")) == 4


def test_folders_within_a_folder_that_are_taken_otherwise_are_no_matter(tmp_path):
    image(tmp_path / "a.png")
    image(tmp_path / ".thumbnails/a.png")
    write(tmp_path / "depth/a.png", grey(2560, "uint16"))
    (tmp_path / "depth/self").symlink_to(tmp_path)
    assert len(Folder(tmp_path, depth=str(tmp_path / "depth/*.png"), depth_scale=1 / 256)) == 1


def test_frames_that_do_not_pair_are_counted_and_named(tmp_path):
    options = drive(tmp_path, "abcde")
    for name in "bcde":
        (tmp_path / f"lidar/{name}.png").unlink()
    write(tmp_path / "lidar/z.png", grey(2560, "uint16"))
    with pytest.raises(ValueError, match=r"5 images .* and 2 depth files") as told:
        Folder(tmp_path / "cam", **options)
    message = str(told.value)
    assert "they make 1 frame by their names" in message
    assert "nothing pairs with 4 images, such as b.png, c.png, d.png, ..." in message
    assert "nothing pairs with 1 depth file, such as z.png" in message
    assert "skip_bad='missing'" in message
    frames = Folder(tmp_path / "cam", skip_bad="missing", **options)
    assert [files["image"].name for files in frames.files] == ["a.png"]
    assert len(frames.left_out) == 5
    assert f"{tmp_path}/lidar/z.png: pairs with no other file" in frames.left_out


def test_a_bad_file_is_named_and_can_be_left_out(tmp_path):
    import keras

    keras.config.disable_interactive_logging()
    options = drive(tmp_path, "abcde")
    cut(tmp_path / "cam/b.png")
    cut(tmp_path / "lidar/d.png")
    frames = Folder(tmp_path / "cam", **options)
    for index, name in ((1, "cam/b"), (3, "lidar/d")):
        with pytest.raises(ValueError, match=f"{name}.png: the PNG file is cut off"):
            frames[index]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"cam/b\.png: cut off"):
        list(frames.dataset(("image",)))
    left = Folder(tmp_path / "cam", skip_bad=True, **options)
    assert (len(left), len(left.left_out)) == (3, 2)
    assert len(list(left.dataset(("image", "depth")))) == 3


@pytest.mark.parametrize("ending", ["jpg", "npy"])
def test_a_cut_image_of_another_kind_stops_a_graph_with_its_name(ending, tmp_path):
    for name in "abcde":
        image(tmp_path / f"{name}.{ending}", size=(40, 60))
    cut(tmp_path / f"b.{ending}")
    frames = Folder(tmp_path)
    with pytest.raises(tf.errors.OpError, match=rf"b\.{ending}"):
        list(frames.dataset(("image",)))


@pytest.mark.parametrize("size", [(3, 6), (8, 12)])
def test_a_label_of_another_size_than_its_image_is_told_with_both(size, tmp_path):
    options = drive(tmp_path)
    write(tmp_path / "lidar/a.png", grey(2560, "uint16", size))
    with pytest.raises(
        ValueError,
        match=rf"cam/a\.png is 6 x 4 pixels, but .*lidar/a\.png is {size[1]} x {size[0]}",
    ):
        Folder(tmp_path / "cam", **options)
    frames = Folder(tmp_path / "cam", skip_bad="missing", **options)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=rf"cam/a\.png and .*lidar/a\.png: sizes differ, 6 x 4 and {size[1]} x {size[0]}",
    ):
        list(frames.dataset(("image", "depth")))


def test_depth_in_another_unit_is_told(tmp_path):
    options = drive(tmp_path) | {"depth_scale": 1.0}
    with pytest.raises(ValueError, match=r"lidar/a\.png: the nearest depth is 2560, .*to metres"):
        Folder(tmp_path / "cam", **options)


@pytest.mark.parametrize(
    ("column", "pixels", "options", "message"),
    [
        ("semantic", color(1, 2, 3), {"ids": IDS}, "8-bit RGB, but a map of numbers .*palette="),
        ("semantic", grey(1), {"palette": PALETTE}, "8-bit grey, but a map of colours .*ids="),
        (
            "depth",
            color(1, 2, 3),
            {"depth_scale": 1},
            "8-bit RGB, but depth .* must be 16-bit grey",
        ),
        ("depth", grey(9, "uint16"), {}, "whole numbers: pass depth_scale=, the metres"),
        (
            "disparity",
            grey(9, "uint16"),
            {"focal_length": 700, "baseline": 0.5},
            "whole numbers: pass disparity_scale=, the pixels",
        ),
        ("normals", grey(1), {}, "8-bit grey, but normals as colours must be 8-bit RGB"),
    ],
)
def test_labels_of_another_form_are_told_with_the_fix(column, pixels, options, message, tmp_path):
    labelled(tmp_path, pixels)
    with pytest.raises(ValueError, match=message):
        Folder(tmp_path / "cam", **{column: tmp_path / "labels"}, **options)


@pytest.mark.parametrize(
    ("column", "values", "options", "message"),
    [
        ("semantic", np.zeros((4, 6)), {"ids": IDS}, "must be .height, width. of whole numbers"),
        ("semantic", np.zeros((4, 6, 3), int), {"ids": IDS}, r"shape \(4, 6, 3\)"),
        ("depth", np.zeros((4, 6, 3)), {}, r"shape \(4, 6, 3\) .*must be .height, width."),
        ("depth", np.array([None]), {}, "no array that can be read"),
        ("normals", np.zeros((4, 6)), {}, "must be .height, width, 3. of floating-point numbers"),
    ],
)
def test_arrays_of_another_form_are_told(column, values, options, message, tmp_path):
    image(tmp_path / "cam/a.jpg")
    array(tmp_path / "labels/a.npy", values)
    with pytest.raises(ValueError, match=message):
        Folder(tmp_path / "cam", **{column: tmp_path / "labels"}, **options)


def test_images_of_more_than_8_bits_and_floats_are_told(tmp_path):
    write(tmp_path / "deep/a.png", color(1, 2, 3))
    write(tmp_path / "deep/b.png", grey(9, "uint16"))
    array(tmp_path / "float/a.npy", np.zeros((4, 6, 3)))
    for folder, message in (
        (
            "deep",
            "16-bit grey, but an image must be 8-bit .* write all with 8 bits, or all with 16",
        ),
        ("float", r"dtype float64, but image must be \(height, width, 3\) of uint8"),
    ):
        with pytest.raises(ValueError, match=message):
            Folder(tmp_path / folder)


def test_pictures_and_arrays_are_not_mixed(tmp_path):
    options = drive(tmp_path)
    array(tmp_path / "lidar/d.npy", np.ones((4, 6)))
    image(tmp_path / "cam/d.png")
    with pytest.raises(ValueError, match=r"d\.npy is an array and .*a\.png is a picture"):
        Folder(tmp_path / "cam", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"semantic": "x"}, "semantic= needs ids or palette="),
        ({"ids": IDS}, "ids or palette= is given, but not what it is for"),
        ({"depth_scale": 1}, "depth_scale= is given, but not what it is for"),
        ({"disparity": "x"}, "disparity= needs baseline="),
        ({"disparity": "x", "baseline": 1}, "disparity= needs focal_length="),
        ({"baseline": 1}, "baseline= is given"),
        ({"semantic": "x", "ids": IDS, "palette": PALETTE}, "not both"),
        (
            {"depth": "x", "disparity": "y", "baseline": 1, "focal_length": 1},
            "give depth or disparity, not both",
        ),
        ({"split": "dev"}, "unknown split 'dev'"),
        ({"depth": "x", "depth_scale": 0}, "depth_scale= must be a finite number above 0, not 0"),
        ({"depth": "x", "depth_scale": float("nan")}, "depth_scale= must be .* not nan"),
        ({"depth": "x", "depth_scale": "1/1000"}, "depth_scale= must be .* not '1/1000'"),
        ({"focal_length": [700]}, r"focal_length= must be .* not \[700\]"),
        ({"camera_height": True}, "camera_height= must be .* not True"),
        ({"principal_point": 5}, r"principal_point= must be \(x, y\) in pixels, not 5"),
        ({"principal_point": "12"}, r"principal_point= must be \(x, y\) in pixels, not '12'"),
        ({"images": None}, "images= must be a folder, a pattern, or a list of some, not None"),
        ({"images": []}, r"images= must be a folder.* not \[\]"),
        ({"images": ""}, "images= must be a folder.* not ''"),
        ({"depth": 5}, "depth= must be a folder.* not 5"),
        ({"disparity": []}, r"disparity= must be a folder.* not \[\]"),
        (
            {"semantic": "x", "palette": {(0, 0, 0): "road"}},
            r"turned round: \{\(0, 0, 0\): 'road'",
        ),
        ({"semantic": "x", "palette": {}}, "palette has a colour a name"),
        ({"semantic": "x", "palette": {"a": "red", "b": "red"}}, "a name, each its own"),
        ({"semantic": "x", "ids": {}}, "labels are numbers from 0"),
        ({"depth": "{split}/x"}, r"labels have \{split\} in their patterns, images have not"),
    ],
)
def test_options_that_need_each_other_are_told(options, message, tmp_path):
    image(tmp_path / "a.png")
    with pytest.raises(ValueError, match=message):
        Folder(**{"images": tmp_path, **options})


def test_a_check_reads_a_folder_from_end_to_end(tmp_path, capsys):
    import keras

    keras.config.disable_interactive_logging()
    for name in "abc":
        labelled(tmp_path, np.array([[3, 3, 3, 8, 8, 255]] * 4, np.uint8), name)
    options = {
        "images": str(tmp_path / "cam"),
        "semantic": str(tmp_path / "labels"),
        "ids": {"3": "lawn", "8": "path"},
    }
    assert check_splits("folder", None, options)
    text = capsys.readouterr().out
    assert "train: 3 frames, labels: semantic" in text
    assert "lawn          50.00%" in text
    assert "path          33.33%" in text
    assert "ignored       16.67%" in text
    assert "val: no frames (folder has no split 'val'" in text
    cut(tmp_path / "labels/b.png")
    assert not check_splits("folder", None, options)
    assert "labels/b.png: the PNG file is cut off" in capsys.readouterr().out
