"""Memory does not grow with steps, nor with predictions of changing sizes."""

import gc

import numpy as np
import pytest
from soak import growth, memory, training

from adaat_keras import build_ada_atdt


@pytest.fixture(autouse=True)
def little_to_collect():
    """What other tests have left is not looked through at every reading of the memory."""
    gc.collect()
    gc.freeze()


@pytest.mark.slow
def test_memory_is_flat_over_steps(tmp_path):
    assert growth(training(tmp_path, steps=300, every=50), settled=100) < 0.05


def test_a_prediction_of_another_size_is_not_compiled_anew():
    model = build_ada_atdt(size="tiny", transfer="conv")
    sizes = [(40 + 9 * number, 150 - 7 * number) for number in range(5)]
    readings = {}
    for number in range(30):
        height, width = sizes[number % len(sizes)]
        model.predict_on_batch(np.zeros((1, height, width, 3), np.float32))
        if number % 5 == 0:
            readings[number] = memory()
    assert model.predict_function.experimental_get_tracing_count() <= 2
    assert growth(readings, settled=10) < 0.05
