"""Trap 1 of DESIGN.md 5: two devices train as one does."""

import pytest
import tensorflow as tf
from trainer_kit import (
    TRAINERS,
    assert_close_weights,
    make_batches,
    make_model,
    make_trainer,
    make_validation,
    weights_of,
)

from adaat_keras.training import losses as adversarial_losses
from adaat_keras.training.devices import strategy_for

CASES = [(kind, "least_squares") for kind in TRAINERS[1:]]
CASES += [("adversarial", loss) for loss in adversarial_losses.names()]


def trained(devices, kind, loss, task="depth"):
    with strategy_for(devices).scope():
        model = make_model(task)
        trainer = make_trainer(kind, model, loss)
    before = weights_of(model)
    history = trainer.fit(make_batches(kind, model), shuffle=False, verbose=0).history
    return before, weights_of(model), {name: values[0] for name, values in history.items()}


def evaluated(devices, kind, task, batch):
    with strategy_for(devices).scope():
        model = make_model(task)
        trainer = make_trainer(kind, model, metrics=True)
    data = make_validation(kind, model, count=5, batch=batch, size=40)
    return trainer.evaluate(data, return_dict=True, verbose=0)


@pytest.mark.parametrize(("kind", "loss"), CASES)
def test_two_devices_give_the_weights_and_the_log_of_one(kind, loss):
    before, one, log_of_one = trained(1, kind, loss)
    _, two, log_of_two = trained(2, kind, loss)
    assert_close_weights(two, one, relative=1e-5)
    assert log_of_two == pytest.approx(log_of_one, rel=1e-5)
    with pytest.raises(AssertionError):
        assert_close_weights(one, before, relative=1e-3)


@pytest.mark.parametrize(
    ("kind", "task"),
    [("adversarial", "depth"), ("supervised", "semantic"), ("transfer", "depth")],
)
def test_scores_do_not_depend_on_devices_even_where_one_gets_no_image(kind, task):
    expected = evaluated(1, kind, task, batch=1)
    assert len(expected) > 5
    assert evaluated(2, kind, task, batch=1) == pytest.approx(expected, rel=1e-5)


def test_scores_do_not_depend_on_the_size_of_a_batch():
    expected = evaluated(1, "supervised", "depth", batch=1)
    assert evaluated(1, "supervised", "depth", batch=5) == pytest.approx(expected, rel=1e-5)


def test_all_devices_are_two_here():
    assert strategy_for("all").num_replicas_in_sync == 2
    assert strategy_for("1") is tf.distribute.get_strategy()


@pytest.mark.parametrize(
    ("devices", "message"),
    [(3, "3 devices asked for, but this machine has 2"), (0, "0 devices"), ("gpu", "not 'gpu'")],
)
def test_other_numbers_of_devices_are_a_clear_error(devices, message):
    with pytest.raises(ValueError, match=message):
        strategy_for(devices)
