"""What the domain classifier is for: features that do not tell where an image is from."""

from functools import cache

import keras
import pytest
from domain_toy import base_model, fit, network, probe

from adaat_keras.training import losses as adversarial_losses
from adaat_keras.training.adversarial_trainer import AdversarialTrainer
from adaat_keras.training.dan_trainer import DanTrainer
from adaat_keras.training.fcns_in_the_wild_trainer import FcnsInTheWildTrainer

SEED = 2


def classifier():
    hidden = keras.layers.Conv2D(16, 1, activation="leaky_relu")
    return network(2, hidden, keras.layers.Conv2D(1, 1))


def optimizers(rate, classifier_rate):
    return (
        keras.optimizers.SGD(rate),
        keras.optimizers.AdamW(classifier_rate, weight_decay=0.3, beta_1=0.5),
    )


@cache
def adversarial(alpha, **options):
    trainer = AdversarialTrainer(*base_model(SEED), classifier(), alpha=alpha, **options)
    loss = adversarial_losses.get("binary_crossentropy")
    trainer.compile(*optimizers(0.02, 0.01), keras.losses.MeanSquaredError(), loss)
    fit(trainer, SEED, labelled_target=True)
    return probe(trainer, SEED)


@pytest.mark.parametrize("reversal", [False, True], ids=["flipped", "reversed"])
def test_a_probe_finds_the_domain_without_the_adversary_and_not_with_it(reversal):
    without, _ = adversarial(alpha=1.0)
    with_adversary, error = adversarial(alpha=0.2, gradient_reversal=reversal)
    assert without > 0.85
    assert with_adversary < 0.65
    assert error < 0.1  # and the task is learnt all the same


@cache
def dan(mmd_weight):
    trainer = DanTrainer(*base_model(SEED), mmd_weight=mmd_weight)
    trainer.compile(keras.optimizers.SGD(0.02), keras.losses.MeanSquaredError())
    fit(trainer, SEED, labelled_target=False)
    return probe(trainer, SEED)


def test_dan_takes_the_domain_out_of_the_features():
    assert dan(0.0)[0] > 0.85
    accuracy, error = dan(5.0)
    assert accuracy < 0.65
    assert error < 0.1


@cache
def fcns_in_the_wild(confusion_weight):
    trainer = FcnsInTheWildTrainer(
        *base_model(SEED), classifier(), confusion_weight=confusion_weight
    )
    trainer.compile(*optimizers(0.05, 0.05), keras.losses.MeanSquaredError())
    fit(trainer, SEED, labelled_target=False)
    return probe(trainer, SEED)


def test_fcns_in_the_wild_takes_the_domain_out_of_the_features():
    assert fcns_in_the_wild(0.0)[0] > 0.85
    accuracy, error = fcns_in_the_wild(1.0)
    assert accuracy < 0.65
    assert error < 0.1
