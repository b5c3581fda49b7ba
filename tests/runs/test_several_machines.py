"""Two processes on this machine, as two machines that share a file system."""

import json
import signal
import socket
import time
from pathlib import Path

import keras
import numpy as np
import processes
import pytest

from adaat_keras import build_ada_atdt, fit_ada_atdt
from adaat_keras.cli import main
from adaat_keras.methods.recipe import Training
from adaat_keras.runs.train import train_from_config
from adaat_keras.training.callbacks import read_history

# Two optimizers, in one step.
CHOSEN = {"method": "fcns_in_the_wild", "stages": ["confusion"]}


@pytest.fixture
def start(tiny, tmp_path):
    """Starts both machines on a run."""
    running = []

    def both(directory, *options):
        sockets = [socket.socket() for _ in range(2)]
        for each in sockets:
            each.bind(("localhost", 0))
        cluster = {"worker": [f"localhost:{each.getsockname()[1]}" for each in sockets]}
        for each in sockets:
            each.close()
        for index in range(2):
            task = {"type": "worker", "index": index}
            config = json.dumps({"cluster": cluster, "task": task})
            arguments = [tmp_path / f"{index}.npz", *tiny, "--epochs", 2]
            arguments += ["--directory", directory, *options]
            told, environment = tmp_path / f"told-{index}", {"TF_CONFIG": config}
            told.unlink(missing_ok=True)
            process = processes.start(
                processes.machine, *arguments, told=told, environment=environment
            )
            running.append((process, told))
        return running[-2:]

    yield both
    for process, _ in running:
        process.kill()


@pytest.fixture
def one_process(monkeypatch, config, unreported, tmp_path):
    """Gives the weights that one process comes to."""

    def weights(**changes):
        adam = keras.optimizers.Adam
        monkeypatch.setattr(
            Training, "optimizer", lambda self, rate=1.0, _=0.9: adam(5e-3 * rate, epsilon=0.1)
        )
        models = []
        save = keras.Model.save_weights
        monkeypatch.setattr(
            keras.Model,
            "save_weights",
            lambda self, *args: (models.append(self), save(self, *args)),
        )
        train_from_config(config(**changes), tmp_path / "one", verbose=0)
        return models[0]

    return weights


def finish(machines):
    for machine, told in machines:
        machine.join(900)
        assert machine.exitcode == 0, told.read_text()


def weights_of_both(folder: Path):
    """The weights in both machines' memory, which are equal bit for bit."""
    first, second = (np.load(folder / f"{index}.npz") for index in range(2))
    for name in first.files:
        np.testing.assert_array_equal(first[name], second[name])
    return [first[f"arr_{n}"] for n in range(len(first.files))]


def assert_equal(weights, model):
    after = [variable.numpy() for variable in model.weights]
    for theirs, ours, variable in zip(weights, after, model.weights, strict=True):
        atol = 1e-5 * max(np.abs(ours).max(), 0.1)
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=atol, err_msg=variable.path)


@pytest.mark.slow
def test_two_machines_one_of_which_was_killed_come_to_the_weights_of_one_process(
    start, one_process, tmp_path
):
    run = tmp_path / "run"
    chosen = ("--method", CHOSEN["method"], "--stages", "confusion")
    (first, told), (second, said) = start(run, *chosen)
    while not list(run.glob("state/confusion-*/checkpoint/epoch-0001.weights.h5")):
        assert first.exitcode is None, told.read_text()
        time.sleep(0.02)
    first.kill()
    first.join()
    assert first.exitcode == -signal.SIGKILL
    second.join(300)
    assert second.exitcode == 2
    assert "machine 1 of 2 cannot go on, since another one has stopped" in said.read_text()

    finish(start(run, *chosen))
    [done] = run.glob("state/confusion-*/done.json")
    assert json.loads(done.read_text())["from_epoch"] == 1
    rows = [(row["stage"], row["epoch"]) for row in read_history(run / "history.csv")]
    assert rows == [("confusion", "1"), ("confusion", "2")]

    assert_equal(weights_of_both(tmp_path), one_process(**CHOSEN))
    logged = (read_history(tmp_path / name / "history.csv") for name in ("run", "one"))
    for theirs, ours in zip(*logged, strict=True):
        for name in ours.keys() - {"stage"}:
            assert float(theirs[name]) == pytest.approx(float(ours[name]), rel=1e-4, nan_ok=True)
    # The first machine alone scores and draws.
    metrics = json.loads((run / "metrics.json").read_text())
    assert np.isfinite(metrics["target"]["accuracy"])
    assert (run / "panels.png").exists()


@pytest.mark.parametrize("command", ["benchmark", "study"])
def test_only_train_runs_on_several_machines(command, monkeypatch, capsys, tmp_path):
    cluster = {"worker": ["localhost:1", "localhost:2"]}
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    # Before any streets are rendered for it.
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "cache"))
    assert main([command, "--directory", str(tmp_path / "runs")]) == 2
    assert not list(tmp_path.iterdir())
    assert (
        "TF_CONFIG names 2 machines, on which `adaat-keras train` alone" in capsys.readouterr().err
    )


def test_a_strategy_that_knows_one_machine_of_two_is_an_error(monkeypatch, tmp_path):
    cluster = {"worker": ["localhost:1", "localhost:2"]}
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    with pytest.raises(ValueError, match="TF_CONFIG names 2 machines, but this strategy knows 1"):
        fit_ada_atdt(build_ada_atdt(size="tiny"), directory=tmp_path / "run")
    assert not (tmp_path / "run").exists()
