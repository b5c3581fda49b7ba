"""The class in docs/own_domain.md does what the page says."""

import re
from pathlib import Path

import numpy as np
import pytest
from format_kit import write

from adaat_keras import domains

PAGE = Path(__file__).parents[2] / "docs" / "own_domain.md"


@pytest.fixture
def page(tmp_path, monkeypatch):
    """What the page's code leaves behind, run beside a folder as the page describes it."""
    rng = np.random.default_rng(0)
    for number in range(3):
        for folder, shape, top in (("images", (40, 48, 3), 256), ("labels", (40, 48), 11)):
            pixels = rng.integers(0, top, shape, "uint8")
            write(tmp_path / "my_streets" / "train" / folder / f"{number}.png", pixels)
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(block, names)
    return names


def test_a_class_of_20_lines_reads_a_users_folders(page):
    assert len(page["mine"]) == 3
    assert page["frame"]["image"].shape == (40, 48, 3)
    assert page["frame"]["semantic"].max() == 10
    assert page["images"].shape == (2, 32, 32, 3)
    assert page["labels"].shape == (2, 32, 32)


def test_it_is_handed_through_where_a_name_would_be(page):
    assert domains.get(page["mine"]) is page["mine"]


def test_the_class_stays_short():
    code = re.search(r"(class MyStreets.*?)```", PAGE.read_text(), re.DOTALL)[1]
    lines = [line for line in code.splitlines() if line.strip() and '"""' not in line]
    assert len(lines) <= 20


def test_the_table_lists_the_classes_as_they_are():
    from adaat_keras.tasks.semantic import CLASS_NAMES

    cells = re.findall(r"\| (\d+) \| ([a-z ]+?) (?=\|)", PAGE.read_text())
    assert {int(label): name for label, name in cells} == {
        **dict(enumerate(CLASS_NAMES)),
        255: "ignored",
    }
