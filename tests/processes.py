"""Processes of their own, forked from one that has imported TensorFlow and has not started it.

For commands that are killed, that are machines, or that must not know what a test has done before:
each has all of a new process but the seconds of its imports.
"""

import functools
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

import keras
import lighter
import numpy as np
import tensorflow as tf

# What commands import by themselves only later, so that each need not wait for it.
import adaat_keras.export
import adaat_keras.inference
import adaat_keras.runs.publish
import adaat_keras.streets.writers  # noqa: F401
from adaat_keras.cli import main
from adaat_keras.methods.recipe import Training
from adaat_keras.runs import train as runs
from adaat_keras.runs.benchmark import run_benchmark
from adaat_keras.runs.config import RunConfig

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["processes"])


@functools.cache
def begin() -> None:
    """Start what all processes are forked from, so that none of them has to wait for it."""
    # It finds what it shall import by its environment alone.
    known = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, sys.path))
    first = FORKED.Process(target=int)
    first.start()
    first.join()
    if known is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = known


def start(
    what: Callable, *arguments, told: Path, environment: Mapping[str, str] | None = None
) -> BaseProcess:
    """Start a process that calls a function of this or another kit, and ends with what it gives.

    What it prints goes to the file `told`; `environment` is added to that of this process.
    """
    begin()
    environment = {**os.environ, **(environment or {})}
    process = FORKED.Process(target=_call, args=(what, arguments, str(told), environment))
    process.start()
    return process


def finished(
    *arguments, told: Path, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run `adaat-keras` in a process: the exit status, and all that it printed."""
    process = start(command, *arguments, told=told, environment=environment)
    process.join()
    return process.exitcode, told.read_text(errors="replace")


def _call(what: Callable, arguments: tuple, told: str, environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    handle = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    # Several machines must find one another before TensorFlow starts.
    if "TF_CONFIG" not in environment:
        lighter.start_tensorflow()
    sys.exit(what(*arguments))


# === What they do ===


def command(*arguments) -> int:
    """`adaat-keras`."""
    return main([str(argument) for argument in arguments])


def rendered(cache: str) -> None:
    """Frames whose rendering takes a minute, and says that it has begun."""
    from adaat_keras.domains import Streets, streets

    def slowly(*_):
        print("rendering", flush=True)
        time.sleep(60)

    streets.render_batch = slowly
    Streets("streets_sim", "val", 3, 16, 32, cache=cache)


def killed_while_writing(*arguments) -> int:
    """The same, killed when half of its second checkpoint is written."""
    write_bytes = Path.write_bytes

    def write_half(self, data):
        if "epoch-0002" in self.name:
            data = data[: len(data) // 2]
        write_bytes(self, data)
        if "epoch-0002" in self.name:
            os.kill(os.getpid(), signal.SIGKILL)

    Path.write_bytes = write_half
    return command(*arguments)


def machine(kept: Path, *arguments) -> int:
    """`adaat-keras train` with an optimizer of larger epsilon, as on two devices.

    Where gradients are flat, rounding would make whole steps. Keeps what is in memory.
    """
    train, adam = runs.train, keras.optimizers.Adam

    def train_and_keep(config, model, *args, **kwargs):
        history = train(config, model, *args, **kwargs)
        np.savez(kept, *model.get_weights())
        return history

    runs.train = train_and_keep
    Training.optimizer = lambda self, rate=1.0, beta_1=0.9: adam(5e-3 * rate, epsilon=0.1)
    return command("train", *arguments)


def part_of_a_benchmark(config: str, directory: Path, number: int) -> None:
    """One of two parts, without graphs."""
    tf.config.run_functions_eagerly(True)
    run = RunConfig.from_dict(json.loads(config))
    run_benchmark(run, ["source_only", "at_dt"], 1, directory, part=(number, 2))
