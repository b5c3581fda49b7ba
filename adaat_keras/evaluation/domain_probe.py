"""How well two domains can be told apart from features: a number for figure 3's pictures."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# So that early stopping has a few rows of both domains to look at.
_FEWEST = 20


def domain_probe(
    source_features: np.ndarray, target_features: np.ndarray, seed: int = 0
) -> dict[str, float]:
    """Train fresh classifiers to tell the domains apart, and test them on other frames.

    The classifier of the adversarial training says little about its encoder: the encoder learnt
    to fool that one. A fresh linear one and a small network do not know it. Both are trained on
    the first half of each domain's rows and tested on the second half.

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
    # Early stopping keeps it from learning the training frames by heart.
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
