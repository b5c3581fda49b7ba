import keras
import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def save():
    """Writes a random picture."""

    def to(path, size=(33, 47), mode="RGB", **options):
        array = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(array).convert(mode).save(path, **options)
        return path

    return to


@pytest.fixture
def small_tiles(monkeypatch):
    """Images of more than 100 x 100 pixels go over to tiles of 64 in one test."""
    monkeypatch.setattr("adaat_keras.inference.tiles.LARGEST_IN_ONE_PIECE", 100 * 100)
    monkeypatch.setattr("adaat_keras.inference.tiles.TILE", 64)
