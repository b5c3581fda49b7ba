"""A toy in which one channel tells the domain, another the label."""

import keras
import numpy as np
import tensorflow as tf
from lighter import untuned
from sklearn.linear_model import LogisticRegression


def network(channels, *layers):
    inputs = keras.Input((None, None, channels))
    outputs = keras.Sequential(layers)(inputs)
    return keras.Model(inputs, outputs)


def base_model(seed):
    """An encoder to two features, and a decoder."""
    keras.utils.set_random_seed(seed)
    encoder = network(3, keras.layers.Conv2D(2, 1))
    encoder.stride = 1
    return encoder, network(2, keras.layers.Conv2D(1, 1))


def frames(rng, count, domain):
    """Three channels: the label, something else, and the domain alone, with noise."""
    x = rng.normal(size=(count, 8, 8, 3)).astype(np.float32)
    x[..., 2] = (1 if domain else -1) + 0.5 * x[..., 2]
    return x, x[..., :1]


def fit(trainer, seed, labelled_target, steps=400):
    rng = np.random.default_rng(seed)
    source, target = frames(rng, 64, True), frames(rng, 64, False)
    labels = (source[1], target[1]) if labelled_target else (source[1],)
    data = tf.data.Dataset.from_tensor_slices(((source[0], target[0]), labels))
    return trainer.fit(untuned(data.repeat().batch(16)), steps_per_epoch=steps, verbose=0)


def probe(trainer, seed):
    """Accuracy of a new linear probe for the domain, and the error of the task on the source."""
    rng = np.random.default_rng(seed + 1000)
    source, target = frames(rng, 32, True), frames(rng, 32, False)
    features = [trainer.encoder(x).numpy() for x, _ in (source, target)]
    features = np.concatenate(features).reshape(-1, 2)
    domains = np.repeat([1, 0], len(features) // 2)
    regression = LogisticRegression().fit(features[::2], domains[::2])
    error = np.mean((trainer(source[0]) - source[1]) ** 2)
    return regression.score(features[1::2], domains[1::2]), error
