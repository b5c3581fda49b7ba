"""`import adaat_keras` is quick, and enough for Keras to know the package's networks."""

import subprocess
import sys

import keras
import pytest

import adaat_keras
from adaat_keras import _require_tensorflow, build_ada_atdt

# Importing is left as it was, even where somebody has looked whether Keras is there.
LOOKING = """
import sys, importlib.util as util, adaat_keras
ours = sys.meta_path[0]
assert util.find_spec('keras').name == 'keras'
import keras
assert 'adaat_keras.models' in sys.modules
assert ours not in sys.meta_path
"""
ORDERS = {
    "before Keras": LOOKING,
    "after Keras": "import keras, adaat_keras",
    "a part of it": "from adaat_keras.layers import CropLike; import keras",
}
# TensorFlow takes most of the time: once for all orders, and without Keras, which it would import.
FORK = """
import os, sys
sys.modules["keras"] = None
import tensorflow
del sys.modules["keras"]
assert not {"keras", "adaat_keras"} & {*sys.modules}
_, *orders, folder = sys.argv
for order in orders:
    if not os.fork():
        exec(order)
        assert keras.saving.load_model(f"{folder}/model.keras").predictor == "transfer"
        assert keras.saving.load_model(f"{folder}/transfer.keras").weights
        os._exit(0)
    assert os.wait()[1] == 0, order
"""


def python(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_keras_loads_a_model_whoever_is_imported_first_and_importing_is_left_as_it_was(tmp_path):
    model = build_ada_atdt(transfer="conv", size="tiny")
    model.save(tmp_path / "model.keras")
    model.transfer.save(tmp_path / "transfer.keras")
    python(FORK, *ORDERS.values(), tmp_path)


def test_it_waits_for_nothing_that_takes_seconds():
    heavy = "{'keras', 'tensorflow', 'jax', 'torch', 'matplotlib', 'sklearn'}"
    code = f"import sys, adaat_keras, adaat_keras.streets.render; print({heavy} & {{*sys.modules}})"
    assert python(code).strip() == "set()"


def test_what_needs_tensorflow_says_what_to_set(monkeypatch):
    _require_tensorflow("training")
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(ImportError, match=r"training needs .* on 'jax' here: .*=tensorflow$"):
        _require_tensorflow("training")


@pytest.mark.quick
def test_what_is_imported_when_it_is_asked_for_is_listed_before():
    """So that a prompt and an editor complete it."""
    for package, name in {
        adaat_keras: "build_ada_atdt",
        adaat_keras.domains: "Folder",
        adaat_keras.methods: "Dan",
        adaat_keras.tasks: "Semantic",
        adaat_keras.training: "SupervisedTrainer",
    }.items():
        assert name in dir(package)
