"""Devices and machines: two devices train as one does."""

import json

import pytest
import tensorflow as tf
from trainer_kit import (
    TRAINERS,
    assert_close_weights,
    make_batches,
    make_model,
    make_trainer,
    make_validation,
    refuses_randomness,
    weights_of,
)

from adaat_keras.training import losses as adversarial_losses
from adaat_keras.training.devices import deterministic_ops, strategy_for, this_machine

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
def test_two_devices_give_the_weights_and_the_log_of_one(kind, loss, graphs):
    """Each trainer on two devices in a graph, as users train, and on one without."""
    with graphs(False):
        before, one, log_of_one = trained(1, kind, loss)
    with graphs(loss == "least_squares"):
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


@pytest.mark.usefixtures("eagerly")
def test_scores_do_not_depend_on_the_size_of_a_batch():
    expected = evaluated(1, "supervised", "depth", batch=1)
    assert evaluated(1, "supervised", "depth", batch=5) == pytest.approx(expected, rel=1e-5)


@pytest.mark.quick
def test_all_devices_are_two_here():
    assert strategy_for("all").num_replicas_in_sync == 2
    assert strategy_for("1") is tf.distribute.get_strategy()


@pytest.mark.quick
@pytest.mark.parametrize(
    ("devices", "message"),
    [(3, "3 devices asked for, but this machine has 2"), (0, "0 devices"), ("gpu", "not 'gpu'")],
)
def test_other_numbers_of_devices_are_a_clear_error(devices, message):
    with pytest.raises(ValueError, match=message):
        strategy_for(devices)


# --- Several machines, by the environment's `TF_CONFIG`.


def tf_config(kind, index, **cluster):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


@pytest.mark.quick
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 1)),
        (tf_config("worker", 0, worker=["a:1"]), (0, 1)),
        (tf_config("worker", 1, worker=["a:1", "b:1"]), (1, 2)),
        (tf_config("chief", 0, chief=["a:1"], worker=["b:1", "c:1"]), (0, 3)),
        (tf_config("worker", 1, chief=["a:1"], worker=["b:1", "c:1"]), (2, 3)),
    ],
)
def test_the_chief_comes_first_then_the_workers(text, expected, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    assert this_machine() == expected


@pytest.mark.quick
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{worker", r"TF_CONFIG is '\{worker', where it should be like .*HOST:PORT"),
        ("[]", r"TF_CONFIG is '\[\]'"),
        (tf_config("worker", 2, worker=["a:1", "b:1"]), r"task .*2.* is not in its cluster"),
        (tf_config("chief", 0, worker=["a:1", "b:1"]), "'chief'.* is not in its cluster"),
        (tf_config("worker", 0, worker=["a:1"], ps=["b:1"]), "the jobs worker, ps; this trains on"),
    ],
)
def test_a_tf_config_that_makes_no_sense_is_named(text, message, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=message):
        this_machine()


@pytest.mark.quick
def test_more_devices_than_each_machine_has_are_an_error(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config("worker", 0, worker=["a:1", "b:1"]))
    with pytest.raises(ValueError, match="3 devices asked for, but this machine has 1"):
        strategy_for(3)


# --- Op determinism, and the way back.


@pytest.mark.quick
def test_nothing_of_determinism_stays_on_after_it():
    with deterministic_ops(True):
        assert refuses_randomness()
    assert not refuses_randomness()


@pytest.mark.quick
def test_determinism_ends_when_a_training_fails_too():
    with pytest.raises(KeyboardInterrupt), deterministic_ops(True):
        raise KeyboardInterrupt
    assert not refuses_randomness()


@pytest.mark.quick
def test_determinism_that_a_user_has_set_stays_on_and_off_is_left_off():
    with deterministic_ops(False):
        assert not refuses_randomness()
    with deterministic_ops(True):
        for on in (None, True, False):
            with deterministic_ops(on):
                assert refuses_randomness()
            assert refuses_randomness()


@pytest.mark.quick
@pytest.mark.parametrize(("gpus", "on"), [([], True), (["GPU:0"], False)])
def test_by_default_it_is_on_without_a_gpu_alone(gpus, on, monkeypatch):
    """TensorFlow has no deterministic kernel for some operations there."""
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    with deterministic_ops():
        assert refuses_randomness() == on
