"""How alike two domains are to a network."""

import math

import keras
import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from adaat_keras.domains.domain import Domain
from adaat_keras.models.ada_atdt import AdaAtdt
from adaat_keras.models.base_model import Encoder
from adaat_keras.models.domain_classifier import DomainClassifier
from adaat_keras.report.score import any_size, spread_frames


def sample_features(
    encoder: Encoder, domain: Domain, per_frame: int = 20, frames: int = 100, seed: int = 0
) -> np.ndarray:
    """Sample an encoder's features at random locations of frames spread evenly over a domain.

    Args:
        encoder: Its features are sampled (E1, for figure 3 of the paper).
        domain: Where the images come from; no labels are read.
        per_frame: Locations per frame, without repetition if a frame has enough of them.
        frames: Maximum number of frames. An odd number is rounded down, so that the two halves of
            the result never share a frame (`domain_probe` relies on this).
        seed: Seed of the locations.

    Returns:
        float32 `(frames * per_frame, encoder.features)`, in the order of the frames.

    Raises:
        ValueError: Fewer than two frames.

    Example:
        >>> from adaat_keras import domains
        >>> encoder = Encoder(base_filters=4, residual_blocks=1)
        >>> target = domains.get("streets_real", split="val")  # doctest: +SKIP
        >>> sample_features(encoder, target, per_frame=5, frames=10).shape  # doctest: +SKIP
        (50, 16)
    """
    count = min(frames, len(domain)) // 2 * 2
    if not count:
        raise ValueError(
            f"{domain.name}: features need two frames or more, there are "
            f"{min(frames, len(domain))} (frames={frames})"
        )
    encode = any_size(encoder, encoder.stride)
    random = np.random.default_rng(seed)
    samples = []
    for image in spread_frames(domain, count):
        features = encode(image).numpy().reshape(-1, encoder.features)
        places = random.choice(len(features), per_frame, replace=len(features) < per_frame)
        samples.append(features[places])
    return np.concatenate(samples)


# Minimum number of rows, so that early stopping has a few rows of both domains.
_FEWEST = 20


def domain_probe(
    source_features: np.ndarray, target_features: np.ndarray, seed: int = 0
) -> dict[str, float]:
    """Train fresh classifiers to tell the domains apart, and test them on other frames.

    The classifier of the adversarial training says little about the encoder, which was trained to
    fool it. Here, a linear classifier and a small network are trained from scratch on the first
    half of each domain's rows, and tested on the second half.

    The proxy A-distance is that of Ben-David et al. 2007 ("Analysis of representations for domain
    adaptation"), measured as by Ganin et al. 2016 ("Domain-adversarial training of neural
    networks", section 5.1.6), with the error weighting both domains equally.

    Args:
        source_features: `(n, channels)`, in the order of the frames and with an even number of
            frames, as `sample_features` gives them, so that no frame is in both halves.
        target_features: `(m, channels)`, likewise.
        seed: Of the small network.

    Returns:
        `accuracy`: balanced accuracy of the better classifier, 0.5 = indistinguishable to 1.
        `linear_accuracy`: that of the linear one. `proxy_a_distance`: 2 * (1 - 2 * error) of the
        better one, 0 = indistinguishable to 2.

    Raises:
        ValueError: Fewer than 20 rows, different numbers of channels, or values that are not
            finite.

    Example:
        >>> random = np.random.default_rng(0)
        >>> result = domain_probe(random.normal(0, 1, (200, 3)), random.normal(9, 1, (200, 3)))
        >>> result["accuracy"], result["proxy_a_distance"]
        (1.0, 2.0)
    """
    _check(source_features, target_features)
    source_train, source_test = _halves(source_features)
    target_train, target_test = _halves(target_features)
    train, test = (source_train, target_train), (source_test, target_test)
    linear = _held_out_accuracy(
        LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000), train, test
    )
    # With early stopping, to avoid overfitting to the training frames.
    network = _held_out_accuracy(
        MLPClassifier(64, alpha=0.01, early_stopping=True, max_iter=100, random_state=seed),
        train,
        test,
    )
    accuracy = max(linear, network)
    return {
        "accuracy": accuracy,
        "linear_accuracy": linear,
        "proxy_a_distance": max(0.0, 2 * (2 * accuracy - 1)),
    }


def _halves(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = len(features) // 2
    return features[:half], features[half:]


def _held_out_accuracy(classifier, train: tuple, test: tuple) -> float:
    """Balanced accuracy on `test` after `train`, each a pair of source and target features."""
    probe = make_pipeline(StandardScaler(), classifier)
    probe.fit(np.concatenate(train), _domains(train))
    return float(balanced_accuracy_score(_domains(test), probe.predict(np.concatenate(test))))


def _domains(features: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.repeat([1, 0], [len(part) for part in features])


def _check(source: np.ndarray, target: np.ndarray) -> None:
    for name, features in (("source_features", source), ("target_features", target)):
        if features.ndim != 2 or len(features) < _FEWEST:
            raise ValueError(f"{name} must be ({_FEWEST} or more, channels), not {features.shape}")
        if not np.isfinite(features).all():
            raise ValueError(f"{name} has values that are not finite: the encoder has diverged")
    if source.shape[1] != target.shape[1]:
        raise ValueError(
            f"source_features have {source.shape[1]} channels, target_features {target.shape[1]}; "
            "both must come from one encoder"
        )


def domain_accuracy(
    encoder: Encoder,
    classifier: DomainClassifier,
    domain: Domain,
    is_source: bool,
    threshold: float | None = 0.0,
    frames: int = 100,
) -> float:
    """The share of locations at which the classifier names the right domain, 0 to 1.

    If it is near 0.5 in both domains, the classifier cannot tell them apart. A value far above in
    one and far below in the other means that it always predicts the same domain; values below 0.5
    in both, that the encoder currently fools it. `domain_probe` trains a new classifier instead.

    Args:
        encoder, classifier: E1 and C, trained against each other.
        domain: Where the images come from; no labels are read.
        is_source: Whether these are domain A's.
        threshold: The logit above which the classifier says "source", from the adversarial loss.
            With `None`, as for Wasserstein's, the accuracy is NaN.
        frames: Maximum number of frames, spread evenly.
    """
    if threshold is None:
        return math.nan
    image = keras.Input((None, None, 3))
    says = any_size(keras.Model(image, classifier(encoder(image))), encoder.stride)
    shares = [
        float(tf.reduce_mean(tf.cast((says(image) > threshold) == is_source, "float32")))
        for image in spread_frames(domain, frames)
    ]
    return sum(shares) / len(shares)


def transfer_error(model: AdaAtdt, domain: Domain, frames: int = 100) -> float:
    """Equation 3's distance `|G(E1(x)) - E2(x)|` over a domain, in units of E2's own spread.

    0 is a perfect transfer; 1 is the error of always predicting the mean of each channel of E2's
    features. On the target, it measures how well G generalizes from the source, but not the errors
    that E2 itself makes there.

    Args:
        model: The six networks, trained.
        domain: Where the images come from; no labels are read.
        frames: How many at most, spread evenly.
    """
    encoder_1, encoder_2, transfer = model.encoder_1, model.encoder_2, model.transfer
    image = keras.Input((None, None, 3))
    both = keras.layers.Concatenate(axis=-1)([transfer(encoder_1(image)), encoder_2(image)])
    network = any_size(keras.Model(image, both), encoder_1.stride * transfer.stride)
    error = spread = 0.0
    for image in spread_frames(domain, frames):
        moved, truth = tf.split(network(image), 2, axis=-1)
        mean = tf.reduce_mean(truth, axis=(0, 1, 2))
        error += float(tf.reduce_mean(tf.abs(moved - truth)))
        spread += float(tf.reduce_mean(tf.abs(truth - mean)))
    return error / spread if spread else 0.0
