"""One process at a time in a folder."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.lock import InUse, locked
from adaat_keras.runs.train import train_from_config

HOLD = """
import sys, time
from pathlib import Path
from adaat_keras.runs.lock import locked

with locked(Path(sys.argv[1]), "wait for it"):
    print("mine", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def held(tmp_path):
    """Another process that has the folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "mine\n"
    yield process
    process.kill()


def test_a_second_process_is_told_who_has_it_and_gets_it_when_that_one_is_killed(held, tmp_path):
    told = rf"in use by process {held.pid} on {re.escape(socket.gethostname())} since .*; stop it"
    with pytest.raises(InUse, match=told), locked(tmp_path, "stop it"):
        pass
    held.kill()
    assert held.wait() == -signal.SIGKILL
    with locked(tmp_path, "stop it"):
        assert (tmp_path / "lock.json").exists()
    assert not (tmp_path / "lock.json").exists()


def test_who_waits_gets_it_after_the_other_and_says_so(tmp_path, capsys):
    order, free = [], threading.Event()

    def second():
        with locked(tmp_path, "wait for it", wait=True):
            order.append("second")

    with locked(tmp_path, "wait for it"):
        thread = threading.Thread(target=second)
        thread.start()
        free.wait(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert f"{tmp_path} is in use by process {os.getpid()}" in capsys.readouterr().out


def test_an_error_within_frees_it(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path, "wait for it"):
        raise ZeroDivisionError
    with locked(tmp_path, "wait for it"):
        pass


def test_a_run_in_a_folder_that_another_process_has_is_refused(config, tmp_path):
    folder = RunFolder(tmp_path / "run")
    with locked(folder.state, "wait for it"), pytest.raises(InUse, match="choose another"):
        train_from_config(config(method="source_only"), folder.path, verbose=0)
    assert not folder.config.exists()


@pytest.mark.usefixtures("eagerly", "unreported")
def test_a_stage_that_another_run_is_training_is_waited_for(config, tmp_path, monkeypatch):
    """Two runs with one store at the same time train their common stage once."""
    run = config(method="source_only", epochs=1, steps_per_epoch=1)
    train_from_config(run, tmp_path / "one", tmp_path / "stages", verbose=0)
    [kept] = (tmp_path / "stages").iterdir()
    done = (kept / "done.json").rename(kept / "later.json")
    before = (kept / "encoder_2.keras").stat().st_mtime_ns
    taken, waiting, said = threading.Event(), threading.Event(), []

    def other():
        with locked(kept, "wait for it"):
            taken.set()
            assert waiting.wait(60)
            done.rename(kept / "done.json")

    def told(text, **_):
        said.append(text)
        waiting.set()

    monkeypatch.setattr("adaat_keras.runs.lock.print", told, raising=False)
    thread = threading.Thread(target=other)
    thread.start()
    taken.wait()
    train_from_config(run, tmp_path / "two", tmp_path / "stages", verbose=1)
    thread.join()
    assert said == [f"{kept} is in use by {said[0].split(' by ')[1]}"]
    assert "waiting for it" in said[0]
    assert (kept / "encoder_2.keras").stat().st_mtime_ns == before
