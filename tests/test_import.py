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


def start(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=-1, stderr=-1, text=True)


def test_keras_loads_a_model_whoever_is_imported_first_and_importing_is_left_as_it_was(tmp_path):
    build_ada_atdt(transfer="conv", size="tiny").save(tmp_path / "model.keras")
    code = "\nimport sys; print(keras.saving.load_model(sys.argv[1]).predictor)"
    running = {
        name: start(order + code, tmp_path / "model.keras") for name, order in ORDERS.items()
    }
    for name, process in running.items():
        out, error = process.communicate()
        assert out.strip() == "transfer", (name, error[-2000:])


def test_it_waits_for_nothing_that_takes_seconds():
    heavy = "{'keras', 'tensorflow', 'jax', 'torch', 'matplotlib', 'sklearn'}"
    code = f"import sys, adaat_keras, adaat_keras.streets.render; print({heavy} & {{*sys.modules}})"
    out, error = start(code).communicate()
    assert out.strip() == "set()", error


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
