"""The third task: transfer to it and from it, from the command line."""

import json

import numpy as np
import pytest

from adaat_keras import tasks
from adaat_keras.cli import main
from adaat_keras.methods.harness.load_run import load_run

# Each task on both sides; the others differ in what these have shown alone.
PAIRS = [("depth", "normals"), ("normals", "semantic")]


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Holds what the runs have in common; nothing of the other tests', which train for longer."""
    return tmp_path_factory.mktemp("steps")


@pytest.mark.parametrize(("from_task", "to_task"), PAIRS)
def test_a_run_to_and_from_normals_is_trained_scored_and_drawn(
    from_task, to_task, cli_options, steps, tmp_path
):
    pair = ["--from", from_task, "--to", to_task, "--epochs", "1", "--steps-per-epoch", "1"]
    # The fewest steps that train all networks of a transfer; `tests/training` has the others.
    pair += ["--method", "at_dt", "--recipe", "paper"]
    places = ["--directory", str(tmp_path / "run"), "--store", str(steps)]
    assert main(["train", *cli_options, *pair, *places]) == 0
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    rows = {"target": to_task, "source": to_task, "base_1_target": from_task}
    for row, task in rows.items():
        assert np.isfinite(metrics[row][tasks.get(task).primary_metric])
    page = (tmp_path / "run/README.md").read_text()
    assert f"--from {from_task}" in page
    assert f"| {tasks.get(to_task).primary_metric} |" in page
    assert (tmp_path / "run/panels.png").stat().st_size > 10_000
    _, predictor = load_run(tmp_path / "run")
    outputs = predictor.predict(np.ones((1, 70, 91, 3)), verbose=0)
    assert outputs.shape == (1, 70, 91, tasks.get(to_task).channels)
