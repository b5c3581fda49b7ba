"""Losses and metrics give the same numbers on every backend of Keras that is installed."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

# In a process of its own, since Keras takes its backend once.
SCORES = """
import json, sys
import numpy as np
from adaat_keras import tasks
if "tensorflow" in sys.modules:
    raise SystemExit("importing adaat_keras.tasks imports TensorFlow")
from keras import ops

rng = np.random.default_rng(0)
scores = {}
for name, options in (("depth", {}), ("normals", {}), ("semantic", {}),
                      ("semantic", {"classes": {"road": "road", "rest": "*"}})):
    task = tasks.get(name, **options)
    shape = (2, 9, 13, task.channels)
    outputs, others = (rng.uniform(0.01, 0.99, shape).astype("float32") for _ in range(2))
    labels = task.decode(others)
    labels[:, 2:4] = 255 if task.classes else 0
    weights = np.linspace(1, 2, task.classes) if task.classes else None
    loss = task.loss(weights)(ops.array(labels), ops.array(outputs))
    scores[f"{task.title} loss"] = float(ops.convert_to_numpy(loss))
    if task.classes:
        loss = task.loss(weights)(task.soft_targets(ops.array(others)), ops.array(outputs))
        scores[f"{task.title} soft loss"] = float(ops.convert_to_numpy(loss))
    (metric,) = task.metrics()
    for _ in range(2):
        metric.update_state(labels, ops.array(outputs))
    for key, value in metric.result().items():
        scores[f"{task.title} {key}"] = float(ops.convert_to_numpy(value))
print(json.dumps(scores))
"""


def scores_on(backend):
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    code = SCORES
    if backend == "tensorflow":
        code = code.replace('if "tensorflow" in sys.modules', "if False")
    process = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_scores_are_those_of_tensorflow(backend):
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    assert scores_on(backend) == pytest.approx(scores_on("tensorflow"), rel=1e-5, abs=1e-6)
