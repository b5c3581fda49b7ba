"""What the README shows works as it stands there, but for sizes."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adaat_keras.cli import build_parser

pytestmark = pytest.mark.usefixtures("unchanged_images")
ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
# So that a test takes seconds; nothing else is changed.
SHORT = {
    'size="small"': 'size="tiny"',
    "epochs=8": "epochs=1, steps_per_epoch=1, crop=64, batch_size=2",
    'Streets("streets_sim")': 'Streets("streets_sim", frames=4, height=64, width=96)',
}


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A user's folder: a photo, and a camera's pictures with depth maps in 1/256 m."""
    rng = np.random.default_rng(0)
    for folder in ("cam", "lidar"):
        (tmp_path / folder).mkdir()
    for number in range(3):
        pixels = rng.integers(0, 256, (80, 112, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "cam" / f"{number}.jpg")
        depth = rng.integers(256, 25600, (80, 112)).astype(np.uint16)
        Image.fromarray(depth).save(tmp_path / "lidar" / f"{number}.png")
    Image.fromarray(pixels).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.usefixtures("eagerly")
def test_every_block_of_python_runs_from_top_to_bottom(user):
    names = {"__name__": "readme"}
    for block in PYTHON:
        for long, short in SHORT.items():
            block = block.replace(long, short)
        exec(compile(block, "README.md", "exec"), names)
    assert names["labels"].shape == (80, 112) or names["labels"].shape == (1, 80, 112)
    assert set(names["history"]) == {"adversarial", "supervised", "teacher", "transfer"}
    assert names["model"].decoder_2.channels == 3
    # What was trained is not lost when the program ends.
    assert (user / "runs/mine/model.keras").exists()


def commands_of(page):
    """The words of every `adaat-keras ...` in a page's blocks of code."""
    text = page.read_text(encoding="utf-8")
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        if language not in ("", "bash"):
            continue
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            if line.startswith("adaat-keras ") and " ... " not in line:
                yield shlex.split(line, comments=True)[1:]


@pytest.mark.quick
def test_every_command_of_the_documentation_is_one_that_the_command_line_takes():
    assert len([*commands_of(ROOT / "README.md")]) >= 5
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for words in commands_of(page):
            assert build_parser().parse_args(words).run, (page.name, words)


@pytest.mark.quick
def test_it_is_no_longer_than_150_lines():
    assert len(README.splitlines()) <= 150
