"""What the domain classifier is for: features that do not tell where an image is from."""

from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression

from adaat_keras.training import AdversarialTrainer, adversarial_losses


def network(channels, *layers):
    inputs = keras.Input((None, None, channels))
    outputs = keras.Sequential(layers)(inputs)
    return keras.Model(inputs, outputs)


def frames(rng, count, domain):
    """Three channels: the label, something else, and the domain alone, with noise."""
    x = rng.normal(size=(count, 8, 8, 3)).astype(np.float32)
    x[..., 2] = (1 if domain else -1) + 0.5 * x[..., 2]
    return x, x[..., :1]


@cache
def train_and_probe(alpha, seed, **options):
    """Accuracy of a fresh linear probe for the domain, and the error of the task."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    encoder = network(3, keras.layers.Conv2D(2, 1))
    encoder.stride = 1
    decoder = network(2, keras.layers.Conv2D(1, 1))
    hidden = keras.layers.Conv2D(16, 1, activation="leaky_relu")
    classifier = network(2, hidden, keras.layers.Conv2D(1, 1))
    trainer = AdversarialTrainer(encoder, decoder, classifier, alpha=alpha, **options)
    trainer.compile(
        keras.optimizers.SGD(0.02),
        keras.optimizers.AdamW(0.01, weight_decay=0.3, beta_1=0.5),
        keras.losses.MeanSquaredError(),
        adversarial_losses.get("binary_crossentropy"),
    )
    source, target = frames(rng, 64, True), frames(rng, 64, False)
    pairs = ((source[0], target[0]), (source[1], target[1]))
    data = tf.data.Dataset.from_tensor_slices(pairs).repeat().batch(16)
    trainer.fit(data, steps_per_epoch=400, verbose=0)

    source, target = frames(rng, 32, True), frames(rng, 32, False)
    features = np.concatenate([encoder(source[0]), encoder(target[0])]).reshape(-1, 2)
    domains = np.repeat([1, 0], len(features) // 2)
    probe = LogisticRegression().fit(features[::2], domains[::2])
    error = np.mean((trainer(source[0]) - source[1]) ** 2)
    return probe.score(features[1::2], domains[1::2]), error


@pytest.mark.parametrize("reversal", [False, True], ids=["flipped", "reversed"])
def test_a_probe_finds_the_domain_without_the_adversary_and_not_with_it(reversal):
    without, _ = train_and_probe(alpha=1.0, seed=2)
    with_adversary, error = train_and_probe(alpha=0.2, seed=2, gradient_reversal=reversal)
    assert without > 0.85
    assert with_adversary < 0.65
    assert error < 0.1  # and the task is learnt all the same
