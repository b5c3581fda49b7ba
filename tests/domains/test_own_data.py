"""docs/own_data.md does what it says: every block runs, from top to bottom, and trains."""

import re
from pathlib import Path

import numpy as np
import pytest
from format_kit import grey, write
from PIL import Image

from adaat_keras import domains
from adaat_keras.tasks.semantic import CLASS_NAMES

pytestmark = pytest.mark.usefixtures("unchanged_images")
PAGE = (Path(__file__).parents[2] / "docs" / "own_data.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
# A run of seconds, and few streets, in place of those that one would want.
SHORT = {
    'size="small"': 'size="tiny", transfer="conv"',
    'Streets("streets_sim")': 'Streets("streets_sim", frames=4, height=64, width=96)',
    "epochs=8": "epochs=1, steps_per_epoch=1, batch_size=2, crop=64, verbose=0",
}


def fill(folder):
    """The files that the page talks of."""
    rng = np.random.default_rng(0)
    for number in range(3):
        pixels = rng.integers(0, 256, (64, 96, 3), "uint8")
        for part in ("cam", "test/cam"):
            (folder / part).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / part / f"{number:04}.jpg")
        write(folder / f"lidar/{number:04}.png", grey(2560, "uint16", (64, 96)))
        write(folder / f"test/labels/{number:04}.png", grey(number, size=(64, 96)))
        write(folder / f"sim/rgb/{number:04}.png", pixels)
        write(folder / f"sim/labels/{number:04}.png", grey(1 + number, size=(64, 96)))
        write(folder / f"sim/depth/{number:04}.png", grey(7000, "uint16", (64, 96)))
        (folder / "drive/train").mkdir(parents=True, exist_ok=True)
        depth = np.full((64, 96), 700, "uint16")
        np.savez(folder / f"drive/train/{number:04}.npz", rgb=pixels, range=depth)


@pytest.fixture(scope="module")
def page(graphs, tmp_path_factory):
    """What the page's code leaves behind."""
    folder = tmp_path_factory.mktemp("page")
    fill(folder)
    names = {"__name__": "page"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ADAAT_KERAS_CACHE", str(folder / "cache"))
        with graphs(False):
            for block in BLOCKS:
                for long, short in SHORT.items():
                    block = block.replace(long, short)
                exec(block, names)
        yield names


def test_a_folder_is_five_lines():
    assert len([line for line in BLOCKS[0].splitlines() if line]) == 5
    assert all(text in PAGE for text in SHORT)


def test_the_page_trains_on_a_folder_on_classes_of_ones_own_and_on_a_class(page):
    assert set(page["target"]) == {"train", "test"}
    assert page["frame"]["depth"].max() == 10
    assert page["source"][0]["depth"].max() == pytest.approx(7)
    assert page["source"].focal_length == 960
    assert page["drivable"].class_names == ("road", "vehicle", "person", "rest")
    assert page["labels"].shape == (4, 64, 96)
    assert page["labels"].max() <= 3
    assert page["picture"].shape == (64, 96, 3)
    assert 0 <= page["metrics"]["mean_iou"] <= 1
    for stage, history in page["history"].items():
        assert np.isfinite(history["loss"]).all(), stage


def test_arrays_and_a_dataset_are_the_same_frames(page):
    for one, other in zip(page["in_memory"], page["the_same"], strict=True):
        for key, value in one.items():
            np.testing.assert_array_equal(value, other[key])


def test_the_class_reads_what_it_says(page):
    assert len(page["mine"]) == 3
    assert page["mine"].tasks == ("depth",)
    assert (page["mine"][0]["depth"] == 7).all()
    assert domains.get(page["mine"]) is page["mine"]
    with pytest.raises(domains.NoSplit, match="drive has no frames in val"):
        page["Recording"]("drive", "val")


def test_the_class_stays_short():
    code = re.search(r"(class Recording.*?)```", PAGE, re.DOTALL)[1]
    lines = [line for line in code.splitlines() if line.strip() and '"""' not in line]
    assert len(lines) <= 20


def test_the_class_opens_from_a_file_that_lies_anywhere(page, tmp_path):
    code = next(block for block in BLOCKS if "class Recording" in block)
    (tmp_path / "recording.py").write_text(code)
    opened = domains.get(f"{tmp_path}/recording.py:Recording", split="train", root="drive")
    assert opened.identity() != page["in_memory"].identity()
    np.testing.assert_array_equal(opened[1]["image"], page["mine"][1]["image"])


def test_the_table_lists_the_classes_as_they_are():
    cells = re.findall(r"\| (\d+) \| ([a-z ]+?) (?=\|)", PAGE)
    expected = {**dict(enumerate(CLASS_NAMES)), 255: "ignored"}
    assert {int(label): name for label, name in cells} == expected


def test_nothing_on_the_page_writes_into_the_package():
    assert "adaat_keras/domains/" not in PAGE
    assert "site-packages" not in PAGE
