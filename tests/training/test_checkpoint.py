"""A training that goes on ends where an unbroken one does."""

from pathlib import Path

import keras
import numpy as np
import pytest
from trainer_kit import (
    TRAINERS,
    assert_equal_weights,
    make_batches,
    make_model,
    make_trainer,
    weights_of,
)

from adaat_keras.training.checkpoint import Checkpoint
from adaat_keras.training.devices import deterministic_ops

STEPS = 1
# The Wasserstein loss draws random numbers, which a resumed training must draw again.
CASES = [(kind, "least_squares") for kind in TRAINERS] + [("adversarial", "wasserstein")]


pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(autouse=True)
def deterministic():
    with deterministic_ops(True):
        yield


def new(kind, loss="least_squares", seed=0):
    model = make_model(seed=seed)
    return model, make_trainer(kind, model, loss, optimizer=lambda: keras.optimizers.Adam(1e-2))


def fit(trainer, kind, model, first, last, callbacks=()):
    """Epochs `first` to `last` of data that is a function of the batch's number."""
    data = make_batches(kind, model, count=4 * STEPS * 2).skip(first * STEPS)
    trainer.fit(
        data,
        initial_epoch=first,
        epochs=last,
        steps_per_epoch=STEPS,
        shuffle=False,
        callbacks=list(callbacks),
        verbose=0,
    )


def optimizer_variables(trainer):
    optimizers = [trainer.optimizer, getattr(trainer, "classifier_optimizer", None)]
    return [v.numpy() for optimizer in optimizers if optimizer for v in optimizer.variables]


@pytest.mark.parametrize(("kind", "loss"), CASES)
def test_two_epochs_equal_one_and_one_in_new_objects_bit_for_bit(kind, loss, tmp_path):
    model, trainer = new(kind, loss)
    fit(trainer, kind, model, 0, 2)

    first, first_trainer = new(kind, loss)
    fit(first_trainer, kind, first, 0, 1, [Checkpoint(tmp_path)])
    second, second_trainer = new(kind, loss, seed=9)
    # A network that this trainer does not know has to come from elsewhere.
    for name, network in second.networks.items():
        if name not in {layer.name for layer in second_trainer.layers}:
            network.set_weights(first.networks[name].get_weights())
    assert Checkpoint(tmp_path).restore(second_trainer) == 1
    for one, other in zip(
        optimizer_variables(first_trainer), optimizer_variables(second_trainer), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    fit(second_trainer, kind, second, 1, 2)

    assert_equal_weights(weights_of(second), weights_of(model))
    assert len(optimizer_variables(trainer)) > 4
    for one, other in zip(
        optimizer_variables(trainer), optimizer_variables(second_trainer), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.quick
def test_without_a_state_training_begins_at_the_start(tmp_path):
    model, trainer = new("supervised")
    before = weights_of(model)
    assert Checkpoint(tmp_path / "none").restore(trainer) == 0
    assert_equal_weights(weights_of(model), before)


def test_only_the_newest_state_is_kept(tmp_path):
    model, trainer = new("supervised")
    fit(trainer, "supervised", model, 0, 2, [Checkpoint(tmp_path)])
    assert [file.name for file in tmp_path.iterdir()] == ["epoch-0002.weights.h5"]
    Checkpoint(tmp_path).remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.quick
def test_half_written_files_are_not_taken_for_a_state(tmp_path):
    model, trainer = new("supervised")
    fit(trainer, "supervised", model, 0, 1, [Checkpoint(tmp_path)])
    for name in (".123-epoch-0009.weights.h5", "epoch-0009.weights.h5.tmp", "epoch-9.h5"):
        (tmp_path / name).write_bytes(b"half")
    other, other_trainer = new("supervised", seed=9)
    assert Checkpoint(tmp_path).restore(other_trainer) == 1
    np.testing.assert_equal(other.encoder_1.get_weights(), model.encoder_1.get_weights())


def test_a_write_that_breaks_off_leaves_the_state_before_it(tmp_path, monkeypatch):
    model, trainer = new("supervised")
    checkpoint = Checkpoint(tmp_path)
    fit(trainer, "supervised", model, 0, 1, [checkpoint])

    def break_off(path, *_):
        path.touch()
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", break_off)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.on_epoch_end(1)
    assert [file.name for file in tmp_path.iterdir()] == ["epoch-0001.weights.h5"]
