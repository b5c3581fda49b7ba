"""What the README shows works as it stands there, but for sizes."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adaat_keras.cli import build_parser

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


@pytest.mark.quick
def test_every_command_is_one_that_the_command_line_takes():
    commands = re.findall(r"^adaat-keras (.*?)(?: +#.*)?$", README, re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        words = shlex.split(command)
        assert build_parser().parse_args(words).run, command


@pytest.mark.quick
def test_it_is_no_longer_than_150_lines():
    assert len(README.splitlines()) <= 150
