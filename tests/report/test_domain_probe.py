import numpy as np
import pytest

from adaat_keras.report.probe import domain_probe


def blobs(shift, n=600, channels=8, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(0, 1, (n, channels)), random.normal(shift, 1, (n, channels))


def test_one_distribution_is_a_coin_toss():
    result = domain_probe(*blobs(shift=0))
    assert result["accuracy"] == pytest.approx(0.5, abs=0.06)
    assert result["proxy_a_distance"] < 0.25


def test_separate_distributions_are_told_apart():
    result = domain_probe(*blobs(shift=2))
    assert result["linear_accuracy"] > 0.95
    assert result["proxy_a_distance"] == pytest.approx(2 * (2 * result["accuracy"] - 1))


def test_a_shell_around_a_ball_is_told_apart_though_no_line_does():
    inner, outer = blobs(shift=0, n=1000, channels=2)
    outer *= 6 / np.linalg.norm(outer, axis=1, keepdims=True)
    result = domain_probe(inner, outer)
    assert result["linear_accuracy"] < 0.7
    assert result["accuracy"] > 0.9


def test_what_was_learnt_from_the_first_half_of_the_frames_is_tested_on_the_second():
    # Only the first halves differ: seen in training, they say nothing about the test.
    source, target = blobs(shift=0)
    target[: len(target) // 2] += 5
    assert domain_probe(source, target)["accuracy"] < 0.6


def test_domains_of_different_numbers_weigh_the_same():
    source, target = blobs(shift=0)
    assert domain_probe(source, target[:120])["linear_accuracy"] == pytest.approx(0.5, abs=0.1)


def test_features_that_are_all_the_same_are_a_coin_toss():
    same = np.ones((40, 3))
    assert domain_probe(same, same)["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (np.ones((4, 3)), np.ones((40, 3)), r"source_features must be \(20 or more, channels\)"),
        (np.ones((40, 3)), np.full((40, 3), np.nan), "target_features has values that are not"),
        (np.ones((40, 3)), np.ones((40, 4)), "3 channels, target_features 4"),
    ],
)
def test_wrong_features_are_named(source, target, message):
    with pytest.raises(ValueError, match=message):
        domain_probe(source, target)
