"""FCNs in the wild: class sizes held within bounds, and domains confused."""

from functools import cache

import domain_toy
import keras
import numpy as np
import pytest
import tensorflow as tf
from lighter import untuned
from method_kit import make_trainers

from adaat_keras import build_ada_atdt
from adaat_keras.methods import FcnsInTheWildTrainer, Recipe
from adaat_keras.methods.fcns_in_the_wild import class_size_penalty

SEED = 2

LOWER, MEAN, UPPER = np.array([[0.3, 0.2, 0.1], [0.4, 0.3, 0.2], [0.5, 0.4, 0.3]], "float32")


def penalty(*shares):
    """Of a picture of 200 pixels, of which each shows one class for certain."""
    classes = np.repeat(range(3), np.round(200 * np.array(shares)).astype(int))
    pixels = tf.one_hot(classes.reshape(1, 10, 20), 3)
    return float(class_size_penalty(pixels, LOWER, MEAN, UPPER))


@pytest.mark.quick
@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0.5, 0.3, 0.2), 0),
        ((0.7, 0.2, 0.1), 0.2 / 0.4 / 3),
        ((0.2, 0.5, 0.3), (0.1 / 0.4 + 0.1 / 0.3) / 3),
        # The third is absent, and what there is of it is suppressed.
        ((0.6, 0.395, 0.005), (0.1 / 0.4 + 0.005 / 0.2) / 3),
        ((0.5, 0.4, 0.1), 0),
    ],
)
def test_what_lies_outside_counts_in_units_of_the_mean(shares, expected):
    assert penalty(*shares) == pytest.approx(expected, abs=1e-6)


@pytest.mark.quick
def test_a_class_that_is_likeliest_nowhere_is_absent_however_probable():
    pixels = tf.tile(tf.constant([[[[0.4, 0.35, 0.25]]]]), [1, 4, 4, 1])
    expected = (0.35 / 0.3 + 0.25 / 0.2) / 3
    assert float(class_size_penalty(pixels, LOWER, MEAN, UPPER)) == pytest.approx(expected)


class Sizes:
    lower, mean, upper = LOWER, MEAN, UPPER


def predicted_shares(size_weight):
    """On a target whose pictures all look like the source's first class."""
    keras.utils.set_random_seed(0)
    encoder = domain_toy.network(1, keras.layers.Conv2D(4, 1, activation="relu"))
    encoder.stride = 1
    decoder = domain_toy.network(4, keras.layers.Conv2D(3, 1))
    classifier = domain_toy.network(4, keras.layers.Conv2D(1, 1))
    trainer = FcnsInTheWildTrainer(
        encoder, decoder, classifier, Sizes, confusion_weight=0.0, size_weight=size_weight
    )
    trainer.compile(
        keras.optimizers.Adam(0.02),
        keras.optimizers.SGD(0.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (16, 6, 6))
    source = labels[..., None] - 1 + rng.normal(0, 0.2, (16, 6, 6, 1))
    target = rng.normal(-1, 1, (16, 6, 6, 1))
    data = tf.data.Dataset.from_tensor_slices(
        ((source.astype("f4"), target.astype("f4")), (labels,))
    )
    trainer.fit(untuned(data.repeat().batch(8)), steps_per_epoch=200, verbose=0)
    return np.mean(tf.nn.softmax(trainer(target.astype("f4"))), axis=(0, 1, 2))


def test_predictions_on_the_target_are_brought_within_the_bounds():
    free, bound = predicted_shares(0.0), predicted_shares(5.0)
    assert free[0] > UPPER[0] + 0.05
    assert (bound > LOWER - 0.03).all()
    assert (bound < UPPER + 0.03).all()


def classifier():
    hidden = keras.layers.Conv2D(16, 1, activation="leaky_relu")
    return domain_toy.network(2, hidden, keras.layers.Conv2D(1, 1))


def optimizers(rate, classifier_rate):
    return (
        keras.optimizers.SGD(rate),
        keras.optimizers.AdamW(classifier_rate, weight_decay=0.3, beta_1=0.5),
    )


@cache
def confused(confusion_weight):
    trainer = FcnsInTheWildTrainer(
        *domain_toy.base_model(SEED), classifier(), confusion_weight=confusion_weight
    )
    trainer.compile(*optimizers(0.05, 0.05), keras.losses.MeanSquaredError())
    domain_toy.fit(trainer, SEED, labelled_target=False)
    return domain_toy.probe(trainer, SEED)


def test_fcns_in_the_wild_takes_the_domain_out_of_the_features():
    assert confused(0.0)[0] > 0.85
    accuracy, error = confused(1.0)
    assert accuracy < 0.65
    assert error < 0.1


def test_the_recipes_weights_are_the_trainers_and_it_goes_on_from_the_source(source, target):
    model = build_ada_atdt(transfer="conv", size="tiny")
    recipe = Recipe.recommended(confusion_weight=0.25, size_weight=0.75)
    trainers = make_trainers("fcns_in_the_wild", model, source, target, recipe)
    assert list(trainers) == ["supervised", "confusion"]
    confusion = trainers["confusion"]
    assert (confusion.confusion_weight, confusion.size_weight) == (0.25, 0.75)
    assert confusion.encoder is trainers["supervised"].encoder is model.encoder_2
    # Its classifier looks at single pixels, and is no part of the model.
    assert confusion.domain_classifier is not model.domain_classifier


def test_class_sizes_are_those_of_the_sources_crops_and_of_classes_alone(source, target, targets):
    model = build_ada_atdt(transfer="conv", size="tiny")
    sizes = make_trainers("fcns_in_the_wild", model, source, target)["confusion"].class_sizes
    # Whole frames here: as large as the crops.
    labels = np.stack([source["train"][number]["semantic"] for number in range(3)])
    shares = np.stack([np.mean(labels == number, axis=(1, 2)) for number in range(11)])
    assert (sizes.lower <= sizes.mean).all()
    assert (sizes.mean <= sizes.upper).all()
    assert (shares.min(axis=1) <= sizes.lower + 1e-6).all()
    assert (sizes.upper <= shares.max(axis=1) + 1e-6).all()
    np.testing.assert_allclose(sizes.mean, shares.mean(axis=1), rtol=0.05)
    to_depth = build_ada_atdt("semantic", "depth", transfer="conv", size="tiny")
    trainers = make_trainers("fcns_in_the_wild", to_depth, source, targets("semantic"))
    assert trainers["confusion"].class_sizes is None
