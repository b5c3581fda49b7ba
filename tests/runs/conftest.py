"""Tiny runs: a few steps on a few frames, which learn nothing and take seconds."""

import functools
from pathlib import Path

import numpy as np
import pytest

from adaat_keras.files import write_json
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.train import train_from_config

READ_THE_TARGETS_LABELS = ("oracle",)
# Tracing takes longer than the few steps of a run; `tests/methods` compiles every trainer.
COMPILED = ("ada_atdt", "source_only")


@pytest.fixture(scope="session")
def config(frames):
    """Makes the configuration of a tiny run."""

    def make(**changes):
        return RunConfig.of(
            **{
                "size": "tiny",
                "transfer": "conv",
                "epochs": 2,
                "steps_per_epoch": 1,
                "batch_size": 4,
                "crop": 64,
                # As programs build models, and so that devices and machines can be compared.
                "precision": "float32",
                "validation_frames": 2,
                "source_options": frames,
                "target_options": frames,
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def store(shared):
    """Holds the stages that the runs of every method have in common."""
    return shared / "stages"


@pytest.fixture(scope="session")
def config_of(config, withheld):
    """Makes the configuration of a method's run: only the oracle has labels of task 2 on B."""

    def make(method):
        if method in READ_THE_TARGETS_LABELS:
            return config(method=method)
        return config(method=method, target_options=withheld("semantic"))

    return make


@pytest.fixture(scope="session")
def run_of(request, config_of, store, shared, one_at_a_time, as_users_train):
    """Gives the folder of a method's finished run, trained when it is first asked for."""

    @functools.cache
    def folder(method):
        if method == "ada_atdt":
            return RunFolder(request.getfixturevalue("run"))
        if method not in COMPILED:
            # The stages that others have in common come from graphs, in whatever order tests run.
            folder("source_only")
        made = RunFolder(shared / "runs" / method)
        config = config_of(method)
        with one_at_a_time("runs"):
            if not made.finished:
                with as_users_train(method in COMPILED):
                    train_from_config(config, made.path, store, verbose=0)
        return made

    return folder


@pytest.fixture(scope="session")
def kept_of(store):
    """Gives the folders in the store that a run's supervised networks may come from."""

    def folders(folder):
        network = folder.network("encoder_2").read_bytes()
        files = store.glob("supervised-*/encoder_2.keras")
        return [file.parent for file in files if file.read_bytes() == network]

    return folders


@pytest.fixture
def content():
    """Gives the content of every file in a folder."""

    def read(folder):
        files = (p for p in Path(folder).rglob("*") if p.is_file())
        return {str(p.relative_to(folder)): p.read_bytes() for p in files}

    return read


@pytest.fixture
def same():
    """Tells whether two networks have equal weights, bit for bit."""

    def equal(one, other):
        pairs = zip(one.get_weights(), other.get_weights(), strict=True)
        return all(np.array_equal(a, b) for a, b in pairs)

    return equal


@pytest.fixture
def unreported(monkeypatch):
    """Runs are finished without scores and pictures in one test: these take longer than a step."""

    def nothing(config, feed, model, networks, trained, folder, verbose):
        write_json(folder.metrics, {})

    monkeypatch.setattr("adaat_keras.runs.train.report", nothing)
