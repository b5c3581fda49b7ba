"""`kill -9` at any moment, then the same command: it ends in the same weights."""

import random
import signal
import subprocess
import sys
import time

import keras
import pytest

from adaat_keras.methods.harness import train_step
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.train_from_config import train_from_config
from adaat_keras.models import transfer
from adaat_keras.training.callbacks import read_history
from adaat_keras.training.checkpoint import Checkpoint

EPOCHS = 3
COMMAND = [sys.executable, "-m", "adaat_keras.cli"]
# The same command in a process that is killed when half of a checkpoint is written.
KILLED_WHILE_WRITING = """
import os, signal, sys
import keras
from adaat_keras.cli import main

save_weights = keras.Model.save_weights

def save_half(self, path, *args, **kwargs):
    save_weights(self, path, *args, **kwargs)
    if "epoch-" in str(path):
        os.truncate(path, os.path.getsize(path) // 2)
        os.kill(os.getpid(), signal.SIGKILL)

keras.Model.save_weights = save_half
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_run_that_was_killed_three_times_ends_in_the_weights_of_one_that_was_not(
    cli_options, tmp_path, same
):
    moment = random.Random(0)

    def start(command, directory):
        arguments = ["train", *cli_options, "--epochs", str(EPOCHS), "--directory", directory]
        return subprocess.Popen([*command, *map(str, arguments)], stdout=subprocess.DEVNULL)

    def kill_after(rows):
        process = start(COMMAND, killed)
        while len(read_history(killed / "history.csv")) < rows:
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(moment.uniform(0, 1.5))
        process.kill()
        assert process.wait() == -signal.SIGKILL

    killed, whole = tmp_path / "killed", tmp_path / "whole"
    kill_after(rows=1)
    assert start([sys.executable, "-c", KILLED_WHILE_WRITING], killed).wait() == -signal.SIGKILL
    assert list(killed.rglob(".*.weights.h5")), "half a checkpoint is there"
    kill_after(rows=EPOCHS + 1)
    assert start(COMMAND, killed).wait() == 0
    assert start(COMMAND, whole).wait() == 0

    # Keras finds the class of a saved network only once its module is imported.
    transfer.get("conv")
    files = sorted(p.relative_to(whole) for p in whole.glob("networks/*.keras"))
    assert len(files) == 7
    for file in files:
        assert same(*(keras.saving.load_model(folder / file) for folder in (whole, killed))), file
    steps = ("adversarial", "supervised", "teacher", "transfer")
    rows = [(row["step"], int(row["epoch"])) for row in read_history(killed / "history.csv")]
    assert rows == [(step, epoch) for step in steps for epoch in range(1, EPOCHS + 1)]
    assert read_history(killed / "history.csv") == read_history(whole / "history.csv")
    assert not list(killed.rglob(".*")), "no half-written file is left"


def test_a_run_that_was_killed_after_its_last_epoch_only_saves(
    config_of, run_of, tmp_path, monkeypatch, same
):
    config = config_of("source_only")
    with monkeypatch.context() as patched:
        patched.setattr(train_step, "written_whole", lambda path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train_from_config(config, tmp_path / "run", verbose=0)
    assert list(tmp_path.glob("run/state/*/checkpoint/epoch-0002.weights.h5"))
    train_from_config(config, tmp_path / "run", verbose=0)
    assert same(*(load_run(path)[1] for path in (run_of("source_only").path, tmp_path / "run")))
    assert len(read_history(tmp_path / "run" / "history.csv")) == 2


def test_a_run_that_goes_on_with_anothers_state_has_all_its_epochs(tiny, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    save = Checkpoint.on_epoch_end

    def save_and_die(self, epoch, logs=None):
        save(self, epoch, logs)
        raise Killed

    store = tmp_path / "steps"
    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "on_epoch_end", save_and_die)
        with pytest.raises(Killed):
            train_from_config(tiny(method="source_only"), tmp_path / "one", store, verbose=0)
    other = tiny(method="source_only", transfer="unet")
    train_from_config(other, tmp_path / "other", store, verbose=0)
    assert [r["epoch"] for r in read_history(tmp_path / "other" / "history.csv")] == ["1", "2"]
