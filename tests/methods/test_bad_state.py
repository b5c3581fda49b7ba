"""Losses that are no numbers, and damaged files: a clear error, and a way to go on."""

import shutil

import keras
import numpy as np
import pytest

from adaat_keras import methods
from adaat_keras.build import build_ada_atdt
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.harness.train_from_config import train_from_config
from adaat_keras.models.preset_format import read_model
from adaat_keras.training.checkpoint import Checkpoint


@pytest.fixture
def run(tmp_path):
    """Trains a configuration in a folder that has its state in `steps` beside it."""

    def train(config, directory="run"):
        return train_from_config(config, tmp_path / directory, tmp_path / "steps", verbose=0)

    return train


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_state(
    tiny, run, tmp_path, monkeypatch
):
    def explodes_in_epoch_2(self):
        # The rate of step n is what comes before the first bound that n is not above.
        rates = keras.optimizers.schedules.PiecewiseConstantDecay([2], [1e-3, 3e38])
        return keras.optimizers.Adam(rates)

    config = tiny(method="source_only")
    with monkeypatch.context() as patched:
        patched.setattr(Setup, "optimizer", explodes_in_epoch_2)
        with pytest.raises(FloatingPointError, match=r"step 'supervised', epoch 2, batch 2"):
            run(config)

    model = build_ada_atdt(size="tiny", transfer="conv")
    trainer = methods.get("source_only").steps(Setup(config, model, None))[0].make_trainer()
    [folder] = (tmp_path / "steps").glob("*/checkpoint")
    assert Checkpoint(folder).restore(trainer) == 1
    assert all(np.isfinite(weight).all() for weight in trainer.get_weights())
    assert len(run(config)["supervised"]["loss"]) == 2


def test_a_run_that_failed_in_its_first_epoch_gives_its_folder_to_the_corrected_one(
    tiny, run, tmp_path
):
    with pytest.raises(FloatingPointError, match="epoch 1, batch 2"):
        run(tiny(method="source_only", learning_rate=3e38))
    corrected = tiny(method="source_only", seed=1, epochs=1)
    run(corrected)
    assert RunFolder(tmp_path / "run").read_config() == corrected


@pytest.fixture
def one_step(config_of, run_of, homes_of, tmp_path):
    """The configuration of a finished run of one step, and a copy of that step's home."""
    shutil.copytree(run_of("source_only").path, tmp_path / "run")
    [home] = homes_of(run_of("source_only"))
    shutil.copytree(home, tmp_path / "steps" / home.name)
    return config_of("source_only"), tmp_path / "steps" / home.name


def halve(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def test_a_damaged_network_in_the_store_is_named_and_made_again_when_deleted(one_step, run):
    config, home = one_step
    whole = (home / "encoder_2.keras").read_bytes()
    halve(home / "encoder_2.keras")
    with pytest.raises(ValueError, match=r"supervised-\w+/encoder_2\.keras cannot be read as a"):
        run(config, "other")
    (home / "encoder_2.keras").unlink()
    run(config, "other")
    assert len((home / "encoder_2.keras").read_bytes()) == len(whole)


def test_a_network_of_another_architecture_is_named_with_both_shapes(one_step, run):
    config, home = one_step
    keras.saving.save_model(
        build_ada_atdt(size="small", transfer="conv").encoder_2, home / "encoder_2.keras"
    )
    with pytest.raises(
        ValueError, match=r"encoder_2\.keras is of another architecture.*\(7, 7, 3, 16\), not \(7"
    ):
        run(config, "other")


def test_a_damaged_network_in_the_runs_folder_is_mended(one_step, run, tmp_path, content, same):
    config, _ = one_step
    before, file = content(tmp_path / "run"), tmp_path / "run/networks/encoder_2.keras"
    network = read_model(file)
    halve(file)
    run(config)
    assert same(read_model(file), network)
    after = content(tmp_path / "run")
    assert {name for name in before if after[name] != before[name]} <= {"networks/encoder_2.keras"}


def test_a_damaged_model_or_configuration_is_named(one_step, tmp_path):
    halve(tmp_path / "run/model.keras")
    with pytest.raises(ValueError, match=r"run/model\.keras cannot be read as a Keras model"):
        load_run(tmp_path / "run")
    halve(tmp_path / "run/config.json")
    with pytest.raises(ValueError, match=r"run/config\.json is no run's configuration"):
        load_run(tmp_path / "run")
