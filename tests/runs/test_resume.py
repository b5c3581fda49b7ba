"""A run goes on: after `kill -9` at any moment, after a loss that is no number, after damage."""

import json
import random
import shutil
import signal
import time
from contextlib import contextmanager

import keras
import numpy as np
import processes
import pytest

from adaat_keras import load, methods
from adaat_keras.build import build_ada_atdt
from adaat_keras.cli import main
from adaat_keras.methods.recipe import Training
from adaat_keras.methods.stage import Feed
from adaat_keras.methods.teacher import TIMES
from adaat_keras.models.preset_format import read_model
from adaat_keras.runs import train as module
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.train import train_from_config
from adaat_keras.training.callbacks import read_history
from adaat_keras.training.checkpoint import Checkpoint

EPOCHS = 2


@pytest.mark.slow
def test_a_run_that_was_killed_twice_ends_in_the_weights_of_one_that_was_not(
    tiny, run, withheld, tmp_path, same
):
    """In stage 1, which has two optimizers, and at any moment of what comes after its epochs."""
    killed, moment = tmp_path / "killed", random.Random(0)
    opened = ["--target-options", json.dumps(withheld("semantic"))]

    arguments, told = ["train", *tiny, *opened, "--directory", str(killed)], tmp_path / "told"

    process = processes.start(processes.killed_while_writing, *arguments, told=told)
    process.join()
    assert process.exitcode == -signal.SIGKILL, told.read_text()
    assert list(killed.rglob(".*.weights.h5")), "half a checkpoint is there"
    assert list(killed.glob("state/adversarial-*/checkpoint/epoch-0001.weights.h5"))

    process = processes.start(processes.command, *arguments, told=told)
    while len(read_history(killed / "history.csv")) <= EPOCHS:
        assert process.exitcode is None, told.read_text()
        time.sleep(0.02)
    time.sleep(moment.uniform(0, 1.5))
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert main(arguments) == 0

    files = sorted(path.relative_to(run) for path in run.glob("networks/*.keras"))
    assert len(files) == 7
    for file in files:
        assert same(*(keras.saving.load_model(folder / file) for folder in (run, killed))), file
    stages = ("adversarial", "supervised", "teacher", "transfer")
    epochs = {stage: EPOCHS * (TIMES if stage == "teacher" else 1) for stage in stages}
    rows = [(row["stage"], int(row["epoch"])) for row in read_history(killed / "history.csv")]
    assert rows == [(stage, n) for stage in stages for n in range(1, epochs[stage] + 1)]
    assert read_history(killed / "history.csv") == read_history(run / "history.csv")
    assert not list(killed.rglob(".*")), "no half-written file is left"
    scores = [json.loads((folder / "metrics.json").read_text()) for folder in (killed, run)]
    assert scores[0] == scores[1]


@contextmanager
def dying_with_a_network(monkeypatch):
    """Within, a run ends when it saves its first network."""
    write = module.written_whole

    def dies_with_a_network(path):
        if path.name == "encoder_2.keras":
            raise ZeroDivisionError
        return write(path)

    with monkeypatch.context() as patched:
        patched.setattr(module, "written_whole", dies_with_a_network)
        with pytest.raises(ZeroDivisionError):
            yield


@pytest.mark.usefixtures("unreported")
def test_a_run_that_was_killed_after_its_last_epoch_only_saves(
    config_of, run_of, tmp_path, monkeypatch, same
):
    config = config_of("source_only")
    with dying_with_a_network(monkeypatch):
        train_from_config(config, tmp_path / "run", verbose=0)
    assert list(tmp_path.glob("run/state/*/checkpoint/epoch-0002.weights.h5"))
    train_from_config(config, tmp_path / "run", verbose=0)
    [done] = tmp_path.glob("run/state/*/done.json")
    assert json.loads(done.read_text())["from_epoch"] == 2
    assert same(*(load(path) for path in (run_of("source_only").path, tmp_path / "run")))
    assert len(read_history(tmp_path / "run" / "history.csv")) == 2


@pytest.mark.usefixtures("eagerly", "unreported")
@pytest.mark.parametrize("patience", [1, 9], ids=["stopped", "trained to the end"])
def test_a_stage_whose_best_weights_a_callback_put_back_has_them_after_a_kill(
    patience, config, tmp_path, monkeypatch, same
):
    run = config(method="source_only", epochs=3, steps_per_epoch=1)

    def train(directory):
        # No loss is lower by so much: the first epoch's weights are the best.
        options = {"min_delta": 1e9, "patience": patience, "restore_best_weights": True}
        stop = keras.callbacks.EarlyStopping("loss", mode="min", **options)
        return train_from_config(run, tmp_path / directory, callbacks=[stop], verbose=0)

    epochs = 2 if patience == 1 else 3
    assert len(train("whole")["supervised"]["loss"]) == epochs
    with dying_with_a_network(monkeypatch):
        train("killed")
    assert len(train("killed")["supervised"]["loss"]) == epochs
    assert same(*(load(tmp_path / name) for name in ("whole", "killed")))


@pytest.mark.usefixtures("eagerly", "unreported")
def test_callbacks_that_begin_anew_are_told(config, tmp_path, monkeypatch):
    run, save = config(method="source_only"), Checkpoint.on_epoch_end

    def save_and_die(self, epoch, logs=None):
        save(self, epoch, logs)
        raise ZeroDivisionError

    def train():
        stop = keras.callbacks.EarlyStopping("loss", patience=5)
        train_from_config(run, tmp_path / "run", callbacks=[stop], verbose=0)

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "on_epoch_end", save_and_die)
        with pytest.raises(ZeroDivisionError):
            train()
    with pytest.warns(UserWarning, match="'supervised' goes on after epoch 1, but your callbacks"):
        train()


@pytest.mark.usefixtures("eagerly", "unreported")
def test_a_run_that_goes_on_with_anothers_state_has_all_its_epochs(config, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    save = Checkpoint.on_epoch_end

    def save_and_die(self, epoch, logs=None):
        save(self, epoch, logs)
        raise Killed

    store = tmp_path / "stages"
    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "on_epoch_end", save_and_die)
        with pytest.raises(Killed):
            train_from_config(config(method="source_only"), tmp_path / "one", store, verbose=0)
    other = config(method="source_only", transfer="unet")
    train_from_config(other, tmp_path / "other", store, verbose=0)
    assert [r["epoch"] for r in read_history(tmp_path / "other" / "history.csv")] == ["1", "2"]


@pytest.fixture
def train(tmp_path):
    """Trains a configuration in a folder that has its state in `stages` beside it."""

    def run(config, directory="run"):
        return train_from_config(config, tmp_path / directory, tmp_path / "stages", verbose=0)

    return run


@pytest.mark.usefixtures("eagerly", "unreported")
def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_state(
    config, train, tmp_path, monkeypatch
):
    def explodes_in_epoch_2(self):
        # The rate of step n is what comes before the first bound that n is not above.
        rates = keras.optimizers.schedules.PiecewiseConstantDecay([1], [1e-3, 3e38])
        return keras.optimizers.Adam(rates)

    run = config(method="source_only", steps_per_epoch=2)
    with monkeypatch.context() as patched:
        patched.setattr(Training, "optimizer", explodes_in_epoch_2)
        with pytest.raises(FloatingPointError, match=r"stage 'supervised', epoch 2, batch 2"):
            train(run)

    model = build_ada_atdt(size="tiny", transfer="conv")
    parts = (run.from_task, run.to_task, run.recipe, run.training)
    stage = methods.get("source_only").stages(*parts)[0]
    feed = Feed(run.splits("source"), run.splits("target"), run.training)
    trainer = stage.trainer(model.networks, feed)
    [folder] = (tmp_path / "stages").glob("*/checkpoint")
    assert Checkpoint(folder).restore(trainer) == 1
    assert all(np.isfinite(weight).all() for weight in trainer.get_weights())
    assert len(train(run)["supervised"]["loss"]) == 2


@pytest.mark.usefixtures("eagerly", "unreported")
def test_a_run_that_failed_in_its_first_epoch_gives_its_folder_to_the_corrected_one(
    config, train, tmp_path
):
    with pytest.raises(FloatingPointError, match="epoch 1, batch 2"):
        train(config(method="source_only", learning_rate=3e38, steps_per_epoch=2))
    corrected = config(method="source_only", seed=1, epochs=1)
    train(corrected)
    assert RunFolder(tmp_path / "run").read_config() == corrected


@pytest.fixture
def one_stage(config_of, run_of, kept_of, tmp_path):
    """The configuration of a finished run of one stage, and a copy of the stage in the store."""
    shutil.copytree(run_of("source_only").path, tmp_path / "run")
    [kept] = kept_of(run_of("source_only"))
    shutil.copytree(kept, tmp_path / "stages" / kept.name)
    return config_of("source_only"), tmp_path / "stages" / kept.name


def halve(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.usefixtures("eagerly", "unreported")
def test_a_damaged_network_in_the_store_is_named_and_made_again_when_deleted(one_stage, train):
    config, kept = one_stage
    whole = (kept / "encoder_2.keras").read_bytes()
    halve(kept / "encoder_2.keras")
    with pytest.raises(ValueError, match=r"supervised-\w+/encoder_2\.keras cannot be read as a"):
        train(config, "other")
    (kept / "encoder_2.keras").unlink()
    train(config, "other")
    assert len((kept / "encoder_2.keras").read_bytes()) == len(whole)


def test_a_network_of_another_architecture_is_named_with_both_shapes(one_stage, train):
    config, kept = one_stage
    keras.saving.save_model(
        build_ada_atdt(size="small", transfer="conv").encoder_2, kept / "encoder_2.keras"
    )
    with pytest.raises(
        ValueError, match=r"encoder_2\.keras is of another architecture.*\(7, 7, 3, 16\), not \(7"
    ):
        train(config, "other")


def test_a_damaged_network_in_the_runs_folder_is_mended(one_stage, train, tmp_path, content, same):
    config, _ = one_stage
    before, file = content(tmp_path / "run"), tmp_path / "run/networks/encoder_2.keras"
    network = read_model(file)
    halve(file)
    train(config)
    assert same(read_model(file), network)
    after = content(tmp_path / "run")
    assert {name for name in before if after[name] != before[name]} <= {"networks/encoder_2.keras"}


def test_a_damaged_model_or_configuration_is_named(one_stage, tmp_path):
    halve(tmp_path / "run/model.keras")
    with pytest.raises(ValueError, match=r"run/model\.keras cannot be read as a Keras model"):
        load(tmp_path / "run")
    halve(tmp_path / "run/config.json")
    with pytest.raises(ValueError, match=r"run/config\.json is no run's configuration"):
        RunFolder(tmp_path / "run").load()
