import keras
import numpy as np
import pytest


@pytest.fixture
def images():
    """Two images `(2, 9, 14, 4)`, each channel with its own mean and spread."""
    rng = np.random.default_rng(0)
    spread, mean = rng.uniform(0.5, 3, 4), rng.normal(0, 5, 4)
    return (rng.normal(0, 1, (2, 9, 14, 4)) * spread + mean).astype(np.float32)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)
