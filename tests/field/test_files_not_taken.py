"""Kind 2: files that are there and not taken."""

import warnings

import numpy as np
import pytest
from field_kit import silent, streets
from PIL import Image

from adaat_keras import domains
from adaat_keras.domains import Carla, Cityscapes, Kitti, NoSplit, Packed, Streets, SynthiaSF
from adaat_keras.domains.listing import check_all_taken
from adaat_keras.domains.shards import pack
from adaat_keras.inference import find_images

LAYOUTS = {
    "kitti": (Kitti, "train", "image_2/*.png", {}),
    "cityscapes": (Cityscapes, "train", "leftImg8bit/**/*.png", {}),
    "synthia_sf": (SynthiaSF, "train", "RGBLeft/*.png", {}),
    "carla": (Carla, "train", "MyCamera_L/*.png", {"tag_set": 28}),
}


@pytest.fixture(params=LAYOUTS)
def written(request, tmp_path):
    """A data set, how it is opened, and its images."""
    loader, split, images, options = LAYOUTS[request.param]
    streets(request.param, tmp_path, 4, split, 32, 64, **options)
    return tmp_path, lambda: loader(tmp_path, split, **options), sorted(tmp_path.rglob(images))


def test_endings_in_capitals_are_taken(written):
    root, opened, _ = written
    before = opened()[3]
    for file in root.rglob("*.png"):
        file.rename(file.with_suffix(".PNG"))
    frames = silent(opened)
    assert len(frames) == 4
    for key, pixels in frames[3].items():
        np.testing.assert_array_equal(pixels, before[key])


@pytest.mark.parametrize("count", [4, 2])
def test_images_that_are_jpeg_are_taken(count, written):
    _, opened, images = written
    tasks = opened().tasks
    for file in images[:count]:
        Image.open(file).convert("RGB").save(file.with_suffix(".jpg"))
        file.unlink()
    frames = silent(opened)
    assert (len(frames), frames.tasks) == (4, tasks)
    assert frames[0]["image"].shape == (32, 64, 3)


def test_labels_that_are_jpeg_are_told(tmp_path):
    streets("kitti", tmp_path, 4, "train", 32, 64)
    for file in sorted(tmp_path.rglob("semantic/*.png"))[:2]:
        Image.open(file).save(file.with_suffix(".jpg"))
        file.unlink()
    with pytest.raises(
        FileNotFoundError, match=r"there is 000000_10\.jpg; JPEG changes labels.*2 of"
    ):
        Kitti(tmp_path)


def test_labels_of_which_none_pairs_are_told(written):
    root, opened, images = written
    labels = [f for f in root.rglob("*.png") if f not in images and "isp" not in f.parent.name]
    for file in labels:
        file.rename(file.with_name(f"x{file.name}"))
    with pytest.raises(FileNotFoundError, match=r"4 images .*none of them pairs.* has \d+ \.png"):
        opened()


def test_a_folder_that_was_named_must_give_something(tmp_path):
    streets("kitti", tmp_path, 2, "train", 32, 64)
    (tmp_path / "maps").mkdir()
    with pytest.raises(
        FileNotFoundError, match=r"none of them pairs by name with a depth.*nothing"
    ):
        Kitti(tmp_path, depth_folder=tmp_path / "maps")
    streets("carla", tmp_path / "carla", 2, "train", 32, 64)
    folder = next(tmp_path.rglob("MyCamera_L"))
    for key in ("semantic_folder", "depth_folder"):
        with pytest.raises(FileNotFoundError, match="none of them pairs"):
            Carla(split=None, image_folder=folder, **{key: tmp_path / "maps"})


def test_labels_that_are_asked_for_and_not_there_are_told_with_what_is(tmp_path):
    streets("cityscapes", tmp_path, 2, "train", 32, 64)
    (tmp_path / "gtFine").rename(tmp_path / "gtCoarse")
    with pytest.raises(ValueError, match=r"no labels for 'semantic'.*gtFine.*folders .*gtCoarse"):
        Cityscapes(tmp_path).require(("image", "semantic"))


@pytest.mark.quick
def test_of_several_folders_that_pair_with_nothing_the_first_by_name_is_told(tmp_path):
    """In every process, whatever the order of its sets."""
    keys = "hgfedcba"
    frame = {"image": tmp_path / "1.png", **{key: tmp_path / key / "1.png" for key in keys}}
    with pytest.raises(FileNotFoundError, match=r"^mine: 1 image .*pairs by name with a a file"):
        check_all_taken("mine", [frame], tuple(keys))


@pytest.mark.parametrize("loader", [Kitti, Cityscapes, SynthiaSF, Carla])
def test_a_root_that_is_none_is_told_with_what_is_there(loader, tmp_path):
    (tmp_path / "2011_09_26").mkdir()
    with pytest.raises(ValueError, match=r"root, which contains .*; .* has the folders 2011_09_26"):
        loader(tmp_path)


def test_labels_without_an_image_are_told(tmp_path):
    streets("synthia_sf", tmp_path, 4, "train", 32, 64)
    next(tmp_path.rglob("RGBLeft/*.png")).unlink()
    with pytest.warns(UserWarning, match="no image pairs with 1 (semantic|depth) file,"):
        assert len(SynthiaSF(tmp_path)) == 3


def test_images_in_a_form_that_is_not_read_are_told(tmp_path):
    streets("kitti", tmp_path, 4, "train", 32, 64)
    images = sorted(tmp_path.rglob("image_2/*.png"))
    images[0].rename(images[0].with_suffix(".webp"))
    images[1].rename(images[1].with_name("other.png"))
    with pytest.warns(UserWarning, match=r"took 2 images, but not 2 pictures, .*webp"):
        assert len(Kitti(tmp_path)) == 2


def test_a_split_whose_files_are_not_taken_is_no_missing_split(tmp_path):
    streets("cityscapes", tmp_path, 2, "train", 32, 64)
    folder = tmp_path / "leftImg8bit" / "val"
    folder.mkdir()
    # A copy without the cities' folders.
    for file in (tmp_path / "leftImg8bit/train").rglob("*.png"):
        file.rename(folder / file.name)
    with pytest.raises(FileNotFoundError, match=r"looking for .*2 \.png") as told:
        Cityscapes(tmp_path, "val")
    assert not isinstance(told.value, NoSplit)
    with pytest.raises(NoSplit):
        domains.get("cityscapes", root=tmp_path, split="test")


def test_packed_labels_without_their_index_are_told(tmp_path):
    frames = Streets("streets_sim", "val", 2, 16, 32, cache=tmp_path / "cache")
    folder = pack(frames, tmp_path / "val")
    (folder / "depth/index.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"depth has packed frames, but no index\.json"):
        Packed(tmp_path, "val")


def test_a_folder_of_photos_is_not_read_in_part_in_silence(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    (tmp_path / "b.heic").touch()
    (tmp_path / "notes.txt").touch()
    with pytest.warns(
        UserWarning, match=r"took 1 image, and left aside 1 picture for the ending.* b\.heic"
    ):
        assert len(find_images([str(tmp_path)])) == 1
    (tmp_path / "c.JPG").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(find_images([f"{tmp_path}/*.jpg"])) == 2
    with pytest.raises(
        FileNotFoundError, match=r"no image matches .*\.png; what is there: .* \.jpg"
    ):
        find_images([f"{tmp_path}/*.png"])
