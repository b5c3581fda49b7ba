"""One process at a time in a folder."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from adaat_keras.lock import InUse, locked

HOLD = """
import sys, time
from pathlib import Path
from adaat_keras.lock import locked

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
