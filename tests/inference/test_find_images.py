import warnings

import pytest

from adaat_keras.inference import find_images, find_videos


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.JPG", "notes.txt", ".hidden.png", "sub/c.png", "odd[1].png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(patterns, folder):
    return [path.relative_to(folder).as_posix() for path in find_images(patterns)]


@pytest.mark.filterwarnings("ignore:.*in folders within it")
def test_a_folder_stands_for_the_images_in_it(folder):
    assert names([str(folder)], folder) == ["a.JPG", "b.png", "odd[1].png"]


def test_a_pattern_stands_for_the_images_that_match(folder):
    assert names([f"{folder}/**/*.png"], folder) == ["b.png", "odd[1].png", "sub/c.png"]


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_one_pattern_or_path_stands_for_a_list_of_it(folder, kind):
    assert names(kind(folder), folder) == ["a.JPG", "b.png", "odd[1].png"]
    assert names(kind(folder / "b.png"), folder) == ["b.png"]
    (folder / "drive.mp4").touch()
    assert find_videos(kind(folder / "drive.mp4")) == [folder / "drive.mp4"]


def test_paths_in_a_list_are_patterns_too(folder):
    paths = [folder / "sub" / "*.png", folder / "b.png"]
    assert names(paths, folder) == ["sub/c.png", "b.png"]
    (folder / "drive.mp4").touch()
    assert find_videos([folder / "*.mp4"]) == [folder / "drive.mp4"]
    with pytest.raises(FileNotFoundError, match=r"no image matches .*\*\.gif"):
        find_images([folder / "*.gif"])
    with pytest.raises(FileNotFoundError, match=r"no video matches .*\*\.avi"):
        find_videos([folder / "*.avi"])


def test_a_file_with_brackets_in_its_name_is_a_file(folder):
    assert names([f"{folder}/odd[1].png"], folder) == ["odd[1].png"]


@pytest.mark.filterwarnings("ignore:.*in folders within it")
def test_what_is_found_twice_comes_once(folder):
    assert names([f"{folder}/b.png", str(folder)], folder) == ["b.png", "a.JPG", "odd[1].png"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.png", r"there is no .*none\.png"),
        ("*.gif", r"no image matches .*\*\.gif"),
        ("*.txt", r"no image matches .*\*\.txt"),
        ("empty", r"the folder .*empty has no images in it"),
    ],
)
def test_what_stands_for_no_image_is_named(folder, name, message):
    (folder / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=message):
        find_images([f"{folder}/{name}"])


def test_predictions_among_their_images_are_left_aside_with_a_word(tmp_path):
    for name in ("a.jpg", "a_semantic.png", "a_depth_color.png", "b_depth.png", "c_overlay.jpg"):
        (tmp_path / name).touch()
    with pytest.warns(
        UserWarning, match=r"left aside 2 of 5 pictures, named .* a_depth_color\.png"
    ):
        found = find_images(tmp_path)
    assert [path.name for path in found] == ["a.jpg", "b_depth.png", "c_overlay.jpg"]
    assert [path.name for path in find_images(tmp_path / "a_semantic.png")] == ["a_semantic.png"]


def test_an_address_is_told_to_be_downloaded():
    with pytest.raises(FileNotFoundError, match=r"https://example\.com/a\.jpg is an address; down"):
        find_images(["https://example.com/a.jpg"])


def test_an_empty_list_asks_for_an_image():
    with pytest.raises(ValueError, match="name at least one image"):
        find_images([])


def test_images_in_folders_within_a_folder_are_told_with_what_takes_them(folder):
    match = r"left aside 1 image in folders within it, such as sub/c\.png; .*/\*\*/\* takes"
    with pytest.warns(UserWarning, match=match):
        find_images([str(folder)])
    (folder / "b.png").rename(folder / "sub/b.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(find_images([f"{folder}/**/*"])) == 4
        assert len(find_images([str(folder), f"{folder}/sub"])) == 4
    for name in ("a.JPG", "odd[1].png"):
        (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=r"has no images.*/\*\*/\* takes 2 in folders"):
        find_images([str(folder)])


def test_a_folder_with_brackets_in_its_name_begins_a_pattern(tmp_path):
    inside = tmp_path / "cam [1]" / "x[2]"
    inside.mkdir(parents=True)
    (inside / "a.PNG").touch()
    assert names([f"{tmp_path}/cam [1]/x[2]/*.png"], inside) == ["a.PNG"]
    assert names([f"{tmp_path}/cam [1]/**/*.png"], inside) == ["a.PNG"]
    # Without such a folder, they are a pattern's.
    inside.rename(tmp_path / "x2")
    assert names([f"{tmp_path}/x[2]/*"], tmp_path / "x2") == ["a.PNG"]
    with pytest.raises(FileNotFoundError, match=r"there is no .*b\.png"):
        find_images([f"{tmp_path}/cam [1]/b.png"])
