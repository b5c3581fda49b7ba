"""Tiny runs: a few steps on a few frames, which learn nothing and take seconds."""

import functools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.config import disable_op_determinism

from adaat_keras import domains, methods
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.train_from_config import train_from_config

SPLITS = ("train", "val", "test")
READ_THE_TARGETS_LABELS = ("oracle",)
# Tracing takes longer than the few steps of a run; `tests/training` compiles every trainer.
COMPILED = ("ada_atdt", "source_only")


@pytest.fixture(autouse=True)
def other_tests_keep_their_settings():
    yield
    disable_op_determinism()


@pytest.fixture(scope="session")
def frames(tmp_path_factory):
    """Options that open a domain with few and small frames, which exist already."""
    cache = tmp_path_factory.mktemp("cache")
    options = {"frames": 8, "height": 64, "width": 64, "cache": str(cache)}
    for name in ("streets_sim", "streets_real"):
        for split in SPLITS:
            domains.get(name, split=split, **options)
    return options


@pytest.fixture(scope="session")
def withheld(frames, tmp_path_factory):
    """Options that open the target without the labels of a task for training."""

    @functools.cache
    def options(task):
        cache = tmp_path_factory.mktemp(f"without-{task}") / "cache"
        shutil.copytree(frames["cache"], cache)
        for split in ("train", "val"):
            [folder] = cache.glob(f"streets_real-*-{split}-*")
            (folder / f"{task}.npy").unlink()
        return {**frames, "cache": str(cache)}

    return options


@pytest.fixture(scope="session")
def tiny(frames):
    """Makes the configuration of a tiny run."""

    def config(**changes):
        return RunConfig(
            **{
                "size": "tiny",
                "transfer": "conv",
                "epochs": 2,
                "steps_per_epoch": 3,
                "batch_size": 4,
                "crop": 64,
                "validation_frames": 2,
                "source_options": frames,
                "target_options": frames,
                **changes,
            }
        )

    return config


@pytest.fixture(scope="session")
def cli_options(frames):
    """The options of a tiny run as the command line takes them."""
    sizes = "--size tiny --transfer conv --steps-per-epoch 3 --batch-size 4 --crop 64"
    opened = json.dumps(frames)
    data = ["--source-options", opened, "--target-options", opened, "--validation-frames", "2"]
    return [*sizes.split(), *data]


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """Holds the steps that the runs of every method have in common."""
    return tmp_path_factory.mktemp("steps")


@pytest.fixture(scope="session")
def config_of(tiny, withheld):
    """Makes the configuration of a method's run: only the oracle has labels of task 2 on B."""

    def config(method):
        if method in READ_THE_TARGETS_LABELS:
            return tiny(method=method)
        return tiny(method=method, target_options=withheld("semantic"))

    return config


@pytest.fixture(scope="session")
def run_of(config_of, store, tmp_path_factory):
    """Gives the folder of a method's finished run, trained when it is first asked for."""
    root = tmp_path_factory.mktemp("runs")

    @functools.cache
    def folder(method):
        if method not in COMPILED:
            # The steps that others have in common come from graphs, in whatever order tests run.
            folder("source_only")
        before = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(method not in COMPILED)
        train_from_config(config_of(method), root / method, store, verbose=0)
        tf.config.run_functions_eagerly(before)
        return RunFolder(root / method)

    return folder


@pytest.fixture(scope="session")
def homes_of(store):
    """Gives the homes in the store that a run's supervised networks may come from."""

    def homes(folder):
        network = folder.network("encoder_2").read_bytes()
        files = store.glob("supervised-*/encoder_2.keras")
        return [file.parent for file in files if file.read_bytes() == network]

    return homes


@pytest.fixture(params=methods.names())
def finished(request, run_of):
    """A method's name and the folder of its run."""
    return request.param, run_of(request.param)


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
