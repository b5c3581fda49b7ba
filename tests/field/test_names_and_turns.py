"""Kinds 1, 2 and 6: pictures that are turned, names that are no text, links, and masks."""

import os

import numpy as np
import pytest
from PIL import Image

from adaat_keras.domains import Folder
from adaat_keras.files import write_json
from adaat_keras.inference import read_image
from adaat_keras.inference.images import find_images


def photo(seed=0, height=40, width=60):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("ending", ["jpg", "png"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_training_sees_a_turned_photo_as_predict_does(turn, ending, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(photo()).save(tmp_path / f"0.{ending}", exif=exif)
    expected = read_image(tmp_path / f"0.{ending}")
    frames = Folder(tmp_path)
    assert expected.shape == ((60, 40, 3) if turn > 4 else (40, 60, 3))
    # Decoders of JPEG round differently.
    np.testing.assert_allclose(frames[0]["image"], expected, atol=8)
    [frame] = frames.dataset(("image",)).as_numpy_iterator()
    np.testing.assert_array_equal(frame["image"], frames[0]["image"])


def test_a_label_of_a_turned_photo_is_turned_too_or_told(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo()).save(tmp_path / "0_image.jpg", exif=exif)
    given = {"images": tmp_path / "*.jpg", "semantic": tmp_path / "*.png", "ids": ["road", "car"]}
    Image.fromarray(np.zeros((60, 40), np.uint8)).save(tmp_path / "0_label.png")
    assert Folder(**given)[0]["semantic"].shape == (60, 40)
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(tmp_path / "0_label.png")
    with pytest.raises(ValueError, match=r"40 x 60 .* 60 x 40.*turned by its EXIF orientation"):
        Folder(**given)


def test_names_that_are_no_text_are_read(tmp_path):
    """A disk of another system may hold names in Latin-1."""
    name = os.fsdecode(b"caf\xe9.png")
    Image.fromarray(photo()).save(tmp_path / name)
    frames = Folder(tmp_path)
    [frame] = frames.dataset(("image",)).as_numpy_iterator()
    np.testing.assert_array_equal(frame["image"], photo())
    assert frames.identity() == Folder(tmp_path).identity()
    assert find_images([str(tmp_path)]) == [tmp_path / name]


def test_links_to_nothing_are_told(tmp_path):
    Image.fromarray(photo()).save(tmp_path / "0.png")
    (tmp_path / "1.png").symlink_to(tmp_path / "unmounted.png")
    why = r"1\.png is a link to .*unmounted\.png, which is not there"
    with pytest.raises(FileNotFoundError, match=why):
        Folder(tmp_path)
    with pytest.warns(UserWarning, match=f"{why}; left aside"):
        assert find_images([str(tmp_path)]) == [tmp_path / "0.png"]
    (tmp_path / "1.png").unlink()
    (tmp_path / "1.png").symlink_to(tmp_path / "1.png")
    with pytest.raises(FileNotFoundError, match=r"1\.png is a link to"):
        Folder(tmp_path)


def test_a_folder_that_links_to_itself_is_read_once(tmp_path):
    Image.fromarray(photo()).save(tmp_path / "0.png")
    (tmp_path / "again").symlink_to(tmp_path)
    assert len(Folder(f"{tmp_path}/**/*.png")) == 1
    assert find_images([f"{tmp_path}/**/*.png"]) == [tmp_path / "0.png"]


def test_a_mask_of_0_and_255_is_told_how_to_be_read(tmp_path):
    for number in range(3):
        Image.fromarray(photo(number)).save(tmp_path / f"{number}_image.png")
        mask = (photo(number)[..., 0] > 99) * np.uint8(255)
        Image.fromarray(mask).save(tmp_path / f"{number}_mask.png")
    given = {"images": tmp_path / "*_image.png", "semantic": tmp_path / "*_mask.png"}
    with pytest.warns(UserWarning, match=r"0 and 255 alone.* pass ids=\{0: \.\.\., 255: \.\.\.\}"):
        Folder(**given, ids=["sky", "road"])
    frames = Folder(**given, ids={0: "sky", 255: "road"})
    classes = list(frames.groups)
    named = np.array(classes)[frames[0]["semantic"]]
    np.testing.assert_array_equal(named == "road", photo(0)[..., 0] > 99)


def test_a_place_that_cannot_be_written_is_named_with_what_to_do(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OSError, match=r"there is a file of this name.*choose another folder"):
        write_json(tmp_path / "out" / "a.json", 1)
    with pytest.raises(OSError, match=r"out/in cannot be made.*choose another folder"):
        write_json(tmp_path / "out" / "in" / "a.json", 1)
