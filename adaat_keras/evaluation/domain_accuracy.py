"""How often the trained domain classifier is right."""

import keras
import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.evaluation.any_size import any_size
from adaat_keras.evaluation.spread_frames import spread_frames
from adaat_keras.models import DomainClassifier, Encoder


def domain_accuracy(
    encoder: Encoder,
    classifier: DomainClassifier,
    domain: Domain,
    is_source: bool,
    threshold: float = 0.0,
    frames: int = 100,
) -> float:
    """The share of locations at which the classifier names the right domain, 0 to 1.

    Near 0.5 in both domains it cannot tell them apart. A value far above in one and far below in
    the other means that it says the same of everything; below 0.5 in both, that the encoder has
    just fooled it. `domain_probe` asks a fresh classifier.

    Args:
        encoder, classifier: E1 and C, trained against each other.
        domain: Where the images come from; no labels are read.
        is_source: Whether these are domain A's.
        threshold: The logit above which the classifier says "source"; the adversarial loss
            knows it.
        frames: How many at most, spread evenly.
    """
    image = keras.Input((None, None, 3))
    says = any_size(keras.Model(image, classifier(encoder(image))), encoder.stride)
    shares = [
        float(tf.reduce_mean(tf.cast((says(image) > threshold) == is_source, "float32")))
        for image in spread_frames(domain, frames)
    ]
    return sum(shares) / len(shares)
