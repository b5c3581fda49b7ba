"""Presets on the command line: published from a run, and used."""

import re

import numpy as np
import pytest
from PIL import Image

from adaat_keras import build_ada_atdt
from adaat_keras.cli import main


@pytest.fixture
def image(tmp_path):
    """An image's file."""
    pixels = np.random.default_rng(0).integers(0, 255, (70, 90, 3), "uint8")
    Image.fromarray(pixels).save(tmp_path / "image.png")
    return tmp_path / "image.png"


@pytest.fixture
def foreign(tmp_path):
    """Saves a preset that says of its run what a test wants, and gives its folder."""

    def folder(**run):
        model = build_ada_atdt(transfer="conv", size="tiny")
        model.save_to_preset(tmp_path / "foreign", run=run)
        return tmp_path / "foreign"

    return folder


def test_a_preset_whose_domain_and_options_this_machine_lacks_predicts(
    foreign, image, frames, refused, tmp_path
):
    theirs = {"target": "my_streets", "target_options": {"root": "/theirs"}, "option_of_2030": 1}
    preset = foreign(method="ada_atdt", **theirs)
    out = tmp_path / "out"
    assert main(["predict", str(image), "--weights", str(preset), "--out", str(out)]) == 0
    assert (out / "image_semantic.png").exists()
    assert main(["export", str(preset), "--out", str(tmp_path / "exported")]) == 0
    assert "unknown domain 'my_streets'; choose one of" in refused("evaluate", preset)
    ours = ["--domain", "streets_real", "--domain-options", frames]
    assert main(["evaluate", str(preset), *ours]) == 0


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({"method": "method_of_2030"}, "preset.json: unknown method 'method_of_2030'; .*upgrade"),
        ({}, "foreign does not say what it was trained for; .*--domain"),
    ],
)
def test_what_a_preset_does_not_say_or_says_for_later_versions_is_named(
    run, message, foreign, refused
):
    assert re.search(message, refused("evaluate", foreign(**run)))
