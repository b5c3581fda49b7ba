"""Kinds 1, 2 and 6: pictures that are turned, names that are no text, links, and masks."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from field_kit import silent
from PIL import Image

from adaat_keras import build_ada_atdt
from adaat_keras.cli import main
from adaat_keras.domains import Folder
from adaat_keras.files import write_json
from adaat_keras.inference import read_image, write_predictions
from adaat_keras.inference.images import find_images

RESULTS = Path(__file__).parents[2] / "docs/results/streets-real-depth-semantic.json"


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


@pytest.mark.parametrize("turn", [3, 6])
def test_a_turned_picture_of_16_bits_is_turned_too(turn, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = turn
    grey = np.random.default_rng(0).integers(0, 65536, (40, 60)).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "0.png", exif=exif)
    with pytest.warns(UserWarning, match="more than 8 bits"):
        expected = read_image(tmp_path / "0.png")
    with pytest.warns(UserWarning, match="bits"):
        frames = Folder(tmp_path)
    np.testing.assert_array_equal(frames[0]["image"], expected)


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


def test_pictures_of_several_pages_are_told(tmp_path):
    pages = [Image.fromarray(photo(number)) for number in range(3)]
    for name in ("a.tif", "a.webp", "a.gif"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
        with pytest.warns(UserWarning, match=f"{name} holds 3 pictures; the first is taken"):
            read_image(tmp_path / name)
    pages[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=pages[1:])
    silent(lambda: read_image(tmp_path / "a.jpg"))


def test_images_that_cannot_be_read_keep_none_of_the_others(tmp_path):
    for number in range(4):
        Image.fromarray(photo(number)).save(tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_bytes(b"")
    (tmp_path / "2.png").write_bytes(b"<html>404 Not Found</html>")
    untrained = build_ada_atdt(size="tiny", transfer="conv")
    why = r"1\.png is empty: 0 bytes; .*2\.png is no image that .*; the other 2 are predicted"
    with pytest.raises(ValueError, match=why):
        write_predictions(untrained, "semantic", find_images([str(tmp_path)]), tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{n}_semantic{end}" for n in (0, 3) for end in (".png", "_color.png")}


def test_a_reader_that_has_enough_ends_a_command_without_a_word():
    command = f"set -o pipefail; {sys.executable} -m adaat_keras table {RESULTS} --json | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGPIPE, "[\n", "")


def test_a_table_whose_reader_has_enough_is_not_called_a_wrong_file(monkeypatch):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(["table", str(RESULTS)]) == 128 + signal.SIGPIPE


def test_an_output_that_is_closed_takes_nothing_and_fails_nothing(monkeypatch):
    """A service may close all three."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert main(["table", "parameters"]) == 0
    assert not sys.stdout.isatty()
    assert main(["table", "none.json"]) == 2
