"""Networks, layers, losses and presets compute the same on every backend that is installed."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import backend_kit
import numpy as np
import pytest

PACKAGES = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
INSTALLED = [name for name, package in PACKAGES.items() if importlib.util.find_spec(package)]


def python(backend, home, *arguments):
    """Run Python where Keras' settings name a backend, and channels that come first."""
    settings = {"backend": backend, "image_data_format": "channels_first"}
    (home / "keras.json").write_text(json.dumps(settings))
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    environment |= {"KERAS_HOME": str(home), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """A folder with weights, and what they give on this process' TensorFlow."""
    folder, weights = tmp_path_factory.mktemp("backends"), {}
    results = backend_kit.everything(weights)
    np.savez(folder / "weights.npz", **weights)
    return folder, results


@pytest.mark.parametrize("backend", INSTALLED)
def test_they_predict_the_same_whatever_keras_json_says(backend, expected, tmp_path):
    folder, results = expected
    python(backend, tmp_path, Path(backend_kit.__file__), folder)
    theirs = np.load(folder / f"{backend}.npz")
    assert set(theirs) == set(results)
    off = {
        name: float(np.abs(theirs[name] - ours).max() / np.abs(ours).max())
        for name, ours in results.items()
        if ours.dtype != bool and name != "photo"
    }
    assert {name: error for name, error in off.items() if error > 1e-4} == {}
    # The colours of the likeliest classes: where two are as likely, either.
    assert (theirs["photo"] == results["photo"]).all(-1).mean() > 0.999
    assert theirs["half_is_float32"].all()
    np.testing.assert_array_equal(results["reversed_gradient"], [[-1.0, 2.0]])
