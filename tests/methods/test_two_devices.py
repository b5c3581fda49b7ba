"""Several devices give what one gives."""

import numpy as np
import pytest

from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.train_from_config import train_from_config


@pytest.mark.slow
def test_two_devices_train_the_weights_of_one(config_of, tmp_path, run_of):
    train_from_config(config_of("ada_atdt"), tmp_path / "run", devices="2", verbose=0)
    one, two = (load_run(path)[1] for path in (run_of("ada_atdt").path, tmp_path / "run"))
    for name, network in one.networks.items():
        for ours, theirs in zip(network.weights, getattr(two, name).weights, strict=True):
            # Biases before a normalization have no gradient: Adam makes steps of its rounding.
            if ours.path.endswith("kernel"):
                distance = np.linalg.norm(ours.numpy() - theirs.numpy())
                # Where a channel is nearly flat, so is its gradient, and Adam makes whole steps of
                # it: `tests/training/test_devices.py` is exact, with SGD.
                assert distance <= 1e-3 * np.linalg.norm(ours.numpy()), (name, ours.path)


def test_a_batch_that_devices_cannot_share_is_an_error(tiny, tmp_path):
    with pytest.raises(ValueError, match=r"batch_size must be a multiple of 4.* not 2"):
        train_from_config(tiny(batch_size=2), tmp_path / "run", devices="2")
    assert not (tmp_path / "run").exists()
