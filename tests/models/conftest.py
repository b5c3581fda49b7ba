import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def image():
    """Gives a random image of a height and width."""

    def make(height, width, count=1):
        rng = np.random.default_rng(height)
        return rng.uniform(0, 255, (count, height, width, 3)).astype(np.float32)

    return make
