"""DAN: the maximum mean discrepancy against the sum over pairs written out, and what it does."""

from functools import cache

import domain_toy
import keras
import numpy as np
import pytest
import tensorflow as tf
from method_kit import make_trainers
from trainer_kit import make_batches, make_model, make_trainer

from adaat_keras import build_ada_atdt
from adaat_keras.methods import DanTrainer, Recipe
from adaat_keras.methods.dan import multi_kernel_mmd

SEED = 2


def written_out(a, b):
    rows = np.concatenate([a, b]).astype("float64")
    pairs = [(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j]
    bandwidth = np.mean([np.sum((x - y) ** 2) for x, y in pairs])

    def kernel(x, y):
        scales = bandwidth * np.array([0.25, 0.5, 1, 2, 4])
        return np.mean(np.exp(-np.sum((x - y) ** 2) / scales))

    def mean(one, other):
        return np.mean([kernel(x, y) for x in one for y in other])

    return mean(a, a) + mean(b, b) - 2 * mean(a, b)


@pytest.mark.quick
@pytest.mark.parametrize("shift", [0.0, 0.5, 20.0])
def test_it_is_the_sum_over_pairs(shift):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) + shift
    assert float(multi_kernel_mmd(a, b)) == pytest.approx(written_out(a, b), rel=1e-4, abs=1e-6)


@pytest.mark.quick
def test_matched_samples_have_none_and_it_grows_with_the_shift():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 300, 4))
    distances = [float(multi_kernel_mmd(a, b + shift)) for shift in (0, 0.3, 1, 3)]
    assert distances == sorted(distances)
    assert distances[0] < 0.01
    assert float(multi_kernel_mmd(a, a)) == pytest.approx(0, abs=1e-6)


@pytest.mark.quick
def test_equal_rows_have_a_gradient_that_is_a_number():
    rows = tf.ones((4, 2))
    with tf.GradientTape() as tape:
        tape.watch(rows)
        distance = multi_kernel_mmd(rows, rows)
    assert np.isfinite(tape.gradient(distance, rows)).all()


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_domains_may_have_different_numbers_of_images():
    model = make_model()
    (images, _), (labels,) = next(iter(make_batches("discrepancy", model)))
    logs = [
        make_trainer("discrepancy", make_model()).train_on_batch(
            (images[:3], images[3 : 3 + others]), (labels[:3],), return_dict=True
        )
        for others in (1, 3)
    ]
    assert logs[0]["source_task_loss"] == pytest.approx(logs[1]["source_task_loss"], rel=1e-5)


@cache
def dan_trained(mmd_weight):
    trainer = DanTrainer(*domain_toy.base_model(SEED), mmd_weight=mmd_weight)
    trainer.compile(keras.optimizers.SGD(0.02), keras.losses.MeanSquaredError())
    domain_toy.fit(trainer, SEED, labelled_target=False)
    return domain_toy.probe(trainer, SEED)


def test_dan_takes_the_domain_out_of_the_features():
    assert dan_trained(0.0)[0] > 0.85
    accuracy, error = dan_trained(5.0)
    assert accuracy < 0.65
    assert error < 0.1


def test_the_recipes_weight_is_the_trainers_and_it_goes_on_from_the_source(source, target):
    model = build_ada_atdt(transfer="conv", size="tiny")
    recipe = Recipe.recommended(mmd_weight=0.25)
    trainers = make_trainers("dan", model, source, target, recipe)
    assert list(trainers) == ["supervised", "discrepancy"]
    assert trainers["discrepancy"].mmd_weight == 0.25
    assert trainers["discrepancy"].encoder is trainers["supervised"].encoder is model.encoder_2
