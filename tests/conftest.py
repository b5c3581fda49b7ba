"""What tests of several parts need: two CPU devices, settings for one test, a run by command."""

import json

import keras
import pytest
import tensorflow as tf

from adaat_keras.cli import main

# Before anything else: TensorFlow takes their number only before it starts.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture
def precision(request):
    """Keras' global precision, named by indirect parametrization, for one test."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.fixture
def eagerly():
    """No graphs in one test: tracing a trainer takes longer than its few steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def frames(tmp_path_factory):
    """How to open a domain with few and small frames, as JSON."""
    cache = str(tmp_path_factory.mktemp("cache"))
    return json.dumps({"frames": 6, "height": 64, "width": 64, "cache": cache})


@pytest.fixture(scope="session")
def tiny(frames):
    """The options of a run of seconds."""
    sizes = "--size tiny --transfer conv --epochs 1 --steps-per-epoch 2 --batch-size 4 --crop 64"
    data = ["--source-options", frames, "--target-options", frames]
    return [*sizes.split(), *data, "--validation-frames", "1"]


@pytest.fixture(scope="session")
def run(tiny, tmp_path_factory):
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    assert main(["train", *tiny, "--directory", str(folder)]) == 0
    return folder


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
