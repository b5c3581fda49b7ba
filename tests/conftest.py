"""What tests of several parts need: two CPU devices, settings for one test, a run by command.

Runs are kept where all processes that run tests find them, so that each is trained once.
"""

import fcntl
import functools
import gc
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import keras
import lighter
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import domains
from adaat_keras.cli import main
from adaat_keras.domains.augment import AUGMENTATIONS
from adaat_keras.runs.folder import RunFolder

WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER and hasattr(os, "sched_setaffinity"):
    # A core of its own for each process that runs tests, before TensorFlow counts them: threads
    # that wait for one another take a tenth of the processor's time, and gain nothing at this size.
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(WORKER.removeprefix("gw")) % len(cores)]})

# Before anything else: TensorFlow takes their number only before it starts.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

lighter.start_tensorflow()

# A tenth of the processor's time, otherwise: what is imported stays, and graphs are many objects.
gc.freeze()
gc.set_threshold(20_000, 20, 20)

# Files that take longest begin first, or one process would be left with one of them at the end.
LONGEST = (
    "runs/test_several_machines.py",
    "runs/test_train.py",
    "test_export.py",
    "runs/test_fit.py",
    "runs/test_resume.py",
    "runs/test_fine_tuning.py",
    "runs/test_two_devices.py",
    "methods/test_method.py",
    "runs/test_faults.py",
    "runs/test_benchmark.py",
    "methods/test_every_trainer.py",
    "runs/test_study.py",
    "test_quickstart.py",
    "cli/test_cli.py",
    "methods/test_ada_atdt.py",
    "field/test_surroundings.py",
    "models/test_ada_atdt.py",
    "cli/test_own_data.py",
    "models/test_every_network.py",
    "test_docstrings.py",
    "training/test_devices.py",
    "training/test_checkpoint.py",
    "test_backends.py",
    "runs/test_report.py",
)


def pytest_collection_modifyitems(items):
    """The longest files first; within a file, and among the others, as they are."""
    places = {name: place for place, name in enumerate(LONGEST)}
    folder = Path(__file__).parent
    items.sort(key=lambda item: places.get(item.path.relative_to(folder).as_posix(), len(places)))


AS_USERS_HAVE_THEM = dict(AUGMENTATIONS)


@pytest.fixture(scope="session")
def graphs():
    """Trains with graphs or without them in a block."""

    @contextmanager
    def block(on):
        before = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(not on)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(before)

    return block


@pytest.fixture(scope="session")
def as_users_train(graphs):
    """Trains in graphs and on changed images in a block, whatever the test has chosen."""

    @contextmanager
    def block(in_graphs=True):
        chosen = dict(AUGMENTATIONS)
        AUGMENTATIONS.update(AS_USERS_HAVE_THEM)
        try:
            with graphs(in_graphs):
                yield
        finally:
            AUGMENTATIONS.update(chosen)

    return block


@pytest.fixture(scope="module")
def unchanged_images():
    """Training sees images as they are in one file: tracing a change takes longer than its steps.

    For trainings that are compared with none outside of the file, since stages keep their keys.
    """
    AUGMENTATIONS.update(dict.fromkeys(AUGMENTATIONS, AUGMENTATIONS["none"]))
    yield
    AUGMENTATIONS.update(AS_USERS_HAVE_THEM)


@pytest.fixture
def precision(request):
    """Keras' global precision, named by indirect parametrization, for one test."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.fixture
def eagerly(graphs):
    """No graphs in one test: tracing a trainer takes longer than its few steps."""
    with graphs(False):
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """The folder of all processes that run these tests."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if WORKER else base


@pytest.fixture(scope="session", autouse=True)
def cache(shared):
    """Whatever a test opens by name alone is rendered here, not into the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADAAT_KERAS_CACHE", str(shared / "opened-by-name"))
        yield


@pytest.fixture(scope="session")
def one_at_a_time(shared):
    """Lets one process at a time into the block that makes something, by its name."""

    @contextmanager
    def block(what):
        with (shared / f"lock-{what}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    return block


@pytest.fixture(scope="session")
def frames(shared, one_at_a_time):
    """Options that open the streets with few and small frames, which exist already."""
    options = {"frames": 2, "height": 64, "width": 64, "cache": str(shared / "cache")}
    with one_at_a_time("frames"):
        for name in ("streets_sim", "streets_real"):
            for split in ("train", "val", "test"):
                domains.get(name, split=split, **options)
    return options


@pytest.fixture(scope="session")
def withheld(frames, shared, one_at_a_time):
    """Gives options that open the target without the labels of a task for training."""

    @functools.cache
    def options(task):
        cache, copy = shared / f"without-{task}", shared / f"copy-{task}"
        with one_at_a_time(task):
            if not cache.exists():
                shutil.copytree(frames["cache"], copy)
                for split in ("train", "val"):
                    [folder] = copy.glob(f"streets_real-*-{split}-*")
                    (folder / f"{task}.npy").unlink()
                copy.rename(cache)
        return {**frames, "cache": str(cache)}

    return options


@pytest.fixture(scope="session")
def tiny(frames):
    """The options of a run of seconds."""
    sizes = "--size tiny --transfer conv --epochs 2 --steps-per-epoch 1 --batch-size 4 --crop 64"
    sizes += " --precision float32"
    opened = json.dumps(frames)
    data = ["--source-options", opened, "--target-options", opened, "--validation-frames", "2"]
    return [*sizes.split(), *data]


@pytest.fixture(scope="session")
def run(tiny, withheld, shared, one_at_a_time, as_users_train):
    """The folder of a finished run of ADA-AT/DT, trained by command."""
    target = json.dumps(withheld("semantic"))
    folder = shared / "runs" / "ada_atdt"
    with one_at_a_time("runs"):
        if not RunFolder(folder).finished:
            options = [*tiny, "--target-options", target, "--directory", str(folder)]
            # `tests/runs/test_resume.py` has its weights bit for bit.
            with as_users_train():
                assert main(["train", *options, "--store", str(shared / "stages")]) == 0
    return folder


@pytest.fixture(scope="session")
def no_pictures():
    """Runs have no pictures in a block: they take longer than the few steps."""

    @contextmanager
    def block():
        with pytest.MonkeyPatch.context() as patch:
            for picture in ("draw_panels", "draw_tsne", "draw_curves"):
                patch.setattr(f"adaat_keras.runs.report.{picture}", lambda *_, **__: None)
            yield

    return block


@pytest.fixture
def undrawn(no_pictures):
    """Runs have no pictures in one test."""
    with no_pictures():
        yield


@pytest.fixture
def refused(capsys):
    """Runs a command that must fail as a user's mistake, and gives its one line."""

    def message(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as exit:
            status = exit.code
        error = capsys.readouterr().err
        assert status == 2
        assert "Traceback" not in error
        return error

    return message


@pytest.fixture
def pixelwise():
    """Makes a model that answers each pixel by itself, so that NumPy can do the same."""

    def model(outputs):
        images = keras.Input((None, None, 3))
        return keras.Model(images, keras.layers.Lambda(outputs)(images))

    return model


@pytest.fixture
def image():
    """Gives random images of a height and width."""

    def make(height, width, count=1):
        rng = np.random.default_rng(height)
        return rng.uniform(0, 255, (count, height, width, 3)).astype(np.float32)

    return make
