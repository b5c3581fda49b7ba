"""Kind 1: pictures that are not what their folder says."""

import matplotlib
import numpy as np
import pytest
from field_kit import change, codes, silent, streets
from PIL import Image

from adaat_keras.cli import main
from adaat_keras.domains import Carla, Cityscapes, Domain, Folder, Kitti, SynthiaSF
from adaat_keras.domains.class_names import ID_SETS

# Of which each is opened, with what it is opened by, and its folders of labels.
PACKED = {
    "carla": (Carla, {"tag_set": 28}, "Depth/*.png", "Semantic/*.png"),
    "synthia_sf": (SynthiaSF, {}, "DepthLeft/*.png", "GTLeft/*.png"),
}


def grey(pixels):
    """CARLA's logarithmic converter."""
    share = np.clip(1 + np.log(np.maximum(codes(pixels), 1e-9)) / 5.70378, 0.005, 1)
    return np.repeat((share * 255).astype(np.uint8)[..., None], 3, axis=-1)


def linear(pixels):
    return np.repeat((codes(pixels) * 2550).clip(0, 255).astype(np.uint8)[..., None], 3, axis=-1)


def colored(name):
    def how(pixels):
        near = 1 + np.log(np.maximum(codes(pixels), 1e-3)) / np.log(1000)
        return matplotlib.colormaps[name](1 - near, bytes=True)[..., :3].copy()

    return how


DEPTHS = {
    "logarithmic grey": (grey, "grey picture of depth"),
    "linear grey": (linear, "grey picture of depth"),
    "red and blue swapped": (lambda p: p[..., 2::-1].copy(), "red and blue are swapped"),
    "a coloured preview": (colored("plasma"), "coloured preview"),
    "8 bits in red": (lambda p: linear(p) * np.array([1, 0, 0], np.uint8), "8 bits of depth"),
}


@pytest.mark.parametrize("layout", PACKED)
@pytest.mark.parametrize("case", DEPTHS)
def test_24_bit_depth_that_is_something_else_is_refused(layout, case, tmp_path, capsys):
    loader, options, depth, _ = PACKED[layout]
    how, message = DEPTHS[case]
    streets(layout, tmp_path, **({"tag_set": 28} if layout == "carla" else {}))
    [first, *_] = change(tmp_path, depth, how)
    with pytest.raises(ValueError, match=f"{first.name}: .*{message}.*no option reads"):
        loader(tmp_path, "val", **options)
    assert loader(tmp_path, "val", check_labels=False, **options)[0]["depth"].max() > 0
    command = ["data", "check", layout, "--root", str(tmp_path)]
    assert main([*command, *(["--tag-set", "28"] if layout == "carla" else [])]) == 1
    printed = capsys.readouterr().out
    assert "BAD: 3 of 3 frames" in printed
    assert message in printed


def test_one_grey_picture_among_many_is_found_by_the_check_of_all(tmp_path, capsys):
    streets("carla", tmp_path, 12, height=32, width=64, tag_set=28)
    change(tmp_path, "Depth/000005.png", grey)
    assert main(["data", "check", "carla", "--root", str(tmp_path), "--tag-set", "28"]) == 1
    printed = capsys.readouterr().out
    assert "BAD: 1 of 12 frames" in printed
    assert "000005.png: red, green and blue are the same" in printed


@pytest.mark.parametrize("layout", PACKED)
def test_colours_in_place_of_ids_are_named(layout, tmp_path):
    loader, options, _, labels = PACKED[layout]
    colors = {"road": (128, 64, 128), "sidewalk": (244, 35, 232), "building": (70, 70, 70)}
    colors |= {"wall": (102, 102, 156), "fence": (100, 40, 40), "pole": (153, 153, 153)}
    colors |= {"traffic sign": (220, 220, 0), "vegetation": (107, 142, 35)}
    colors |= {"sky": (70, 130, 180), "person": (220, 20, 60), "car": (0, 0, 142)}
    ids = ID_SETS["carla_28" if layout == "carla" else "synthia_sf"]
    table = np.zeros((256, 3), np.uint8)
    table[ids.ids_of(tuple(colors))] = [*colors.values()]
    streets(layout, tmp_path, **({"tag_set": 28} if layout == "carla" else {}))
    change(tmp_path, labels, lambda p: table[p[..., 0]])
    for more in ({"tag_set": 13}, {"tag_set": 23}, {"tag_set": 28}) if layout == "carla" else ({},):
        with pytest.raises(ValueError, match=r"these are .*colours.*ColorConverter\.Raw.*palette="):
            loader(tmp_path, "val", **options | more)
    # What the message advises reads them.
    folder = next(tmp_path.rglob(labels)).parent
    frames = Folder(folder, semantic=folder, palette=colors)
    assert set(np.unique(frames[0]["semantic"])) <= {*range(11), 255}


def test_labels_made_grey_are_named(tmp_path):
    streets("kitti", tmp_path, 3, "train")
    rng = np.random.default_rng(0)
    change(tmp_path, "semantic/*.png", lambda p: rng.integers(0, 256, p.shape).astype(np.uint8))
    with pytest.raises(ValueError, match="colours made grey"):
        Kitti(tmp_path)


TRAIN_IDS = {7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11}
TRAIN_IDS |= {25: 12, 26: 13, 27: 14, 28: 15, 31: 16, 32: 17, 33: 18}


def train_ids():
    table = np.full(256, 255, np.uint8)
    table[[*TRAIN_IDS]] = [*TRAIN_IDS.values()]
    return table


def test_train_ids_in_place_of_label_ids_are_refused_with_the_option(tmp_path):
    streets("cityscapes", tmp_path / "b", 4, "train")
    change(tmp_path / "b", "*_labelIds.png", lambda p: train_ids()[p])
    with pytest.raises(ValueError, match="likely Cityscapes train ids: pass train_ids=True"):
        Cityscapes(tmp_path / "b")
    streets("kitti", tmp_path, 4, "train")
    truth = Kitti(tmp_path)[0]["semantic"]
    change(tmp_path, "semantic/*.png", lambda p: train_ids()[p])
    with pytest.raises(ValueError, match="likely Cityscapes train ids: pass train_ids=True"):
        Kitti(tmp_path)
    np.testing.assert_array_equal(Kitti(tmp_path, train_ids=True)[0]["semantic"], truth)


def test_one_label_file_with_other_ids_is_found_by_the_check_of_all(tmp_path, capsys):
    streets("kitti", tmp_path, 12, "train")
    change(tmp_path, "semantic/000005_10.png", lambda p: train_ids()[p])
    assert main(["data", "check", "kitti", "--root", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "BAD: 1 of 12 frames" in printed
    assert "000005_10.png: other ids than in other frames" in printed


def test_label_ids_in_place_of_train_ids_are_refused_with_the_option(tmp_path):
    streets("kitti", tmp_path, 4, "train")
    with pytest.raises(ValueError, match="train_ids=False"):
        Kitti(tmp_path, train_ids=True)


def test_a_folder_by_the_ids_of_another_set_is_refused_with_the_right_name(tmp_path):
    streets("kitti", tmp_path, 4, "train")
    change(tmp_path, "semantic/*.png", lambda p: train_ids()[p])
    images, labels = tmp_path / "training/image_2", tmp_path / "training/semantic"
    with pytest.raises(ValueError, match="likely Cityscapes train ids: pass ids='cityscapes_train"):
        Folder(images, semantic=labels, ids="cityscapes")
    assert len(Folder(images, semantic=labels, ids="cityscapes_train")) == 4


def test_a_palette_in_the_order_of_opencv_is_told(tmp_path):
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="red and blue swapped"):
        Folder(tmp_path, semantic=tmp_path, palette={"road": (3, 2, 1), "sky": (9, 9, 9)})


def _inverse(pixels):
    return np.where(pixels, 2**21 // np.maximum(pixels.astype(int), 33), 0).astype(np.uint16)


@pytest.mark.parametrize("layout", ["kitti", "cityscapes"])
@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda p: (p // 256).astype(np.uint16), "all values are below 256.*8-bit preview"),
        (lambda p: (p // 256 * 257).astype(np.uint16), "multiples of 257: an 8-bit preview"),
        (_inverse, "this is no disparity"),
    ],
)
def test_16_bit_disparity_that_is_something_else_is_refused(layout, how, message, tmp_path):
    streets(layout, tmp_path, 3, "train", height=128, width=512)
    change(tmp_path, "disp*/**/*.png", how)
    with pytest.raises(ValueError, match=message):
        {"kitti": Kitti, "cityscapes": Cityscapes}[layout](tmp_path)


def test_disparity_given_as_kittis_depth_maps_is_refused(tmp_path):
    streets("kitti", tmp_path, 3, "train", height=128, width=256)
    folder = tmp_path / "training/disp_occ_0"
    with pytest.raises(ValueError, match="this is no depth; leave out depth_folder="):
        Kitti(tmp_path, depth_folder=folder)


def test_normals_that_point_away_are_refused(tmp_path):
    Image.new("RGB", (32, 32), (9, 9, 9)).save(tmp_path / "a.png")
    # The usual blue of normal maps.
    Image.new("RGB", (32, 32), (128, 128, 255)).save(tmp_path / "a_normals.png")
    with pytest.raises(ValueError, match=r"100% of the normals point away .* those of y and z"):
        Folder(tmp_path / "a.png", normals=tmp_path / "a_normals.png")


def test_what_is_right_opens_without_a_word(tmp_path):
    for layout, loader in (("kitti", Kitti), ("cityscapes", Cityscapes), ("synthia_sf", SynthiaSF)):
        streets(layout, tmp_path / layout, 5, "train", height=32, width=64)
        silent(lambda loader=loader, layout=layout: loader(tmp_path / layout))
    for tag_set in (13, 23, 28):
        root = streets("carla", tmp_path / str(tag_set), 5, "train", tag_set=tag_set)
        silent(lambda root=root, tag_set=tag_set: Carla(root, tag_set=tag_set))


def test_pixels_of_disparity_0_and_1_are_never_depth(tmp_path):
    streets("cityscapes", tmp_path, 1, height=32, width=64)
    frames = Cityscapes(tmp_path, "val")
    change(tmp_path, "*_disparity.png", _with_edges)
    camera = frames.read_camera(frames.files[0]["camera"])
    scale = camera.focal_length * camera.baseline
    depth = frames[0]["depth"]
    expected = np.array([0, 0, scale * 256, scale * 256 / 65534], np.float32)
    np.testing.assert_allclose(depth[0, :4], expected, rtol=1e-5)
    assert np.isfinite(depth).all()
    assert (depth >= 0).all()


def _with_edges(pixels):
    pixels = pixels.astype(np.uint16)
    pixels[0, :4] = (0, 1, 2, 65535)
    return pixels


@pytest.mark.parametrize("layout", PACKED)
def test_ids_in_blue_are_told_and_no_other_numbering_is_advised(layout, tmp_path, capsys):
    loader, options, _, semantic = PACKED[layout]
    streets(layout, tmp_path, **({"tag_set": 28} if layout == "carla" else {}))
    [first, *_] = change(tmp_path, semantic, lambda p: p[..., 2::-1].copy())
    with pytest.raises(ValueError, match=f"{first.name}: red is empty.* swapped.*no option reads"):
        loader(tmp_path, "val", **options)
    command = ["data", "check", layout, "--root", str(tmp_path)]
    assert main([*command, *(["--tag-set", "28"] if layout == "carla" else [])]) == 1
    printed = capsys.readouterr().out
    assert "BAD: 3 of 3 frames" in printed
    assert "pass tag_set" not in printed


def test_blank_label_files_are_told(tmp_path):
    streets("kitti", tmp_path, 3, "train")
    change(tmp_path, "semantic/*.png", np.zeros_like)
    with pytest.raises(ValueError, match="every pixel is 0: the files are blank"):
        Kitti(tmp_path)
    places = {"images": tmp_path / "training/image_2", "semantic": tmp_path / "training/semantic"}
    with pytest.raises(ValueError, match=r"every pixel is 0: .* check their origin$"):
        Folder(**places, ids="cityscapes")


def shrunk(how):
    return lambda p: np.asarray(Image.fromarray(p).resize((128, 64), how))


def test_classes_between_classes_of_a_resized_map_are_told(tmp_path):
    streets("cityscapes", tmp_path, 3, "train", height=256, width=512)
    change(tmp_path, "*leftImg8bit.png", shrunk(Image.Resampling.BILINEAR))
    images, maps = (tmp_path / f"{kind}/**/*.png" for kind in ("leftImg8bit", "gtFine"))
    change(tmp_path, "*labelIds.png", shrunk(Image.Resampling.NEAREST))
    for folder in ("disparity", "camera"):
        (tmp_path / folder).rename(tmp_path / f"no_{folder}")
    silent(lambda: Cityscapes(tmp_path))
    silent(lambda: Folder(images, semantic=maps, ids="cityscapes"))
    # As many resize whatever is a picture.
    streets("cityscapes", tmp_path / "again", 3, "train", height=256, width=512)
    again = tmp_path / "again"
    change(again, "*leftImg8bit.png", shrunk(Image.Resampling.BILINEAR))
    [first, *_] = change(again, "*labelIds.png", shrunk(Image.Resampling.BILINEAR))
    change(again, "*disparity.png", lambda p: p[::4, ::4].copy())
    with pytest.raises(ValueError, match=f"{first.name}: numbers between those around them"):
        Cityscapes(again)
    images, maps = (again / f"{kind}/**/*.png" for kind in ("leftImg8bit", "gtFine"))
    with pytest.warns(UserWarning, match="numbers between those around them"):
        Folder(images, semantic=maps, ids="cityscapes")
    numbers = np.asarray(Image.open(first))
    with pytest.warns(UserWarning, match="semantic: numbers between those around them"):
        Domain.from_arrays([np.zeros((64, 128, 3), np.uint8)], [numbers], label_names="cityscapes")


def test_cameras_of_images_of_another_size_are_told(tmp_path):
    streets("cityscapes", tmp_path, 2, "train", height=64, width=128)
    for pictures in ("*leftImg8bit.png", "*labelIds.png", "*disparity.png"):
        change(tmp_path, pictures, lambda p: p[::2, ::2].copy())
    with pytest.warns(UserWarning, match=r"leftImg8bit.png is 64 x 32 pixels.*at 64, 32: .*copies"):
        Cityscapes(tmp_path)


ROWS = np.linspace(2, 80, 48)[::-1, None] * np.ones(64)
DOUBTS = {
    "a share of the range": (ROWS / 80, "farthest depth of all is 1 m"),
    "inverse depth": (1 / ROWS, "farthest depth of all is 0.5 m"),
    "another unit": (ROWS / 1000, "farthest depth of all is 0.08 m"),
    "disparity": (400 / ROWS, "depth grows towards the lower edge, as disparity"),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_depth_that_looks_like_something_else_is_told(case, tmp_path):
    values, message = DOUBTS[case]
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", values)
    with pytest.warns(UserWarning, match=message):
        Folder(tmp_path / "a.png", depth=tmp_path / "a.npy")
    with pytest.warns(UserWarning, match=f"arrays, depth: .*{message}"):
        Domain.from_arrays(np.zeros((1, 48, 64, 3), np.uint8), depth=values[None])
    silent(lambda: Domain.from_arrays(np.zeros((1, 48, 64, 3), np.uint8), depth=ROWS[None]))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_the_largest_number_is_told_where_it_would_be_a_depth(kind, tmp_path):
    most = np.iinfo(kind).max
    values = np.round(ROWS).astype(kind)
    values[:8] = most
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    Image.fromarray(values).save(tmp_path / "d.png")
    with pytest.warns(
        UserWarning, match=f"many pixels hold {most}, .* is read as 65.* m; .*write 0"
    ):
        Folder(tmp_path / "a.png", depth=tmp_path / "d.png", depth_scale=65.5 / most)
    # Beyond 100 m it counts for nothing.
    silent(lambda: Folder(tmp_path / "a.png", depth=tmp_path / "d.png", depth_scale=200 / most))
