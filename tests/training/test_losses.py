"""Closed forms, divided by what a classifier scores that cannot tell the domains apart."""

import keras
import numpy as np
import pytest

from adaat_keras.training import losses as adversarial_losses

pytestmark = pytest.mark.quick
NAMES = adversarial_losses.names()
IGNORANT = {"least_squares": 0.5, "binary_crossentropy": 0.0}


def loss_of(name, domain, logit, **options):
    logits = np.full((1, 3, 4, 1), logit, np.float32)
    return float(adversarial_losses.get(name, **options)(np.array([domain]), logits))


@pytest.mark.parametrize(("name", "logit"), IGNORANT.items())
@pytest.mark.parametrize("domain", [0.0, 1.0])
@pytest.mark.parametrize("softening", [0.0, 0.1, 0.2])
def test_a_classifier_that_says_either_scores_one(name, logit, domain, softening):
    assert loss_of(name, domain, logit, softening=softening) == pytest.approx(1, abs=1e-6)


def test_a_wasserstein_critic_that_says_either_scores_zero():
    batch = np.array([1.0, 0.0]), np.full((2, 3, 4, 1), 7.0, np.float32)
    assert float(adversarial_losses.get("wasserstein")(*batch)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "domain", "logit", "value"),
    [
        ("least_squares", 1, 0.9, 0.0),
        ("least_squares", 0, 0.1, 0.0),
        ("least_squares", 1, 0.1, 4.0),
        ("least_squares", 0, 1.1, 1 / 0.16),
        ("binary_crossentropy", 1, np.log(9), 0.4689956),  # the entropy of (0.9, 0.1) in bits
        ("binary_crossentropy", 0, -np.log(9), 0.4689956),
        ("binary_crossentropy", 0, np.log(9), -(0.1 * np.log2(0.9) + 0.9 * np.log2(0.1))),
        ("wasserstein", 1, 3.0, -2.4),
        ("wasserstein", 0, 3.0, 2.4),
    ],
)
def test_the_default_labels_are_0_9_and_0_1(name, domain, logit, value):
    assert loss_of(name, domain, logit) == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("name", sorted(IGNORANT))
def test_the_best_answer_is_the_soft_label(name):
    logits = np.linspace(-4, 4, 801)
    each = adversarial_losses.get(name, reduction="none")
    best = logits[np.argmin(each(np.ones(801), logits.reshape(-1, 1, 1, 1)))]
    assert best == pytest.approx({"least_squares": 0.9}.get(name, np.log(9)), abs=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_only_losses_that_a_constant_changes_know_a_threshold(name):
    loss, domain = adversarial_losses.get(name), np.array([1.0, 0.0])
    logits = np.array([3.0, -2.0]).reshape(-1, 1, 1, 1)
    unchanged = float(loss(domain, logits)) == pytest.approx(float(loss(domain, logits + 7)))
    assert unchanged == (loss.threshold is None)


@pytest.mark.parametrize("name", NAMES)
class TestEveryLoss:
    def random_batch(self):
        rng = np.random.default_rng(0)
        return np.array([1.0, 1, 0, 0, 0]), rng.normal(size=(5, 3, 4, 1)).astype(np.float32)

    def test_saying_the_right_domain_scores_less_than_the_wrong_one(self, name):
        for domain, right in ((1.0, 1.0), (0.0, -1.0)):
            threshold = adversarial_losses.get(name).threshold or 0
            assert loss_of(name, domain, threshold + 0.3 * right) < loss_of(
                name, domain, threshold - 0.3 * right
            )

    def test_flipping_labels_and_logits_around_the_threshold_changes_nothing(self, name):
        loss = adversarial_losses.get(name)
        domain, logits = self.random_batch()
        flipped = loss(1 - domain, 2 * (loss.threshold or 0) - logits)
        assert float(loss(domain, logits)) == pytest.approx(float(flipped), rel=1e-5)

    def test_every_image_counts_equally(self, name):
        domain, logits = self.random_batch()
        each = adversarial_losses.get(name, reduction="none")(domain, logits).numpy()
        assert each.shape == (5,)
        loss = adversarial_losses.get(name)
        singles = [float(loss(domain[n : n + 1], logits[n : n + 1])) for n in range(5)]
        np.testing.assert_allclose(each, singles, rtol=1e-5)
        assert float(loss(domain, logits)) == pytest.approx(np.mean(singles), rel=1e-5)

    def test_it_comes_back_from_its_config(self, name):
        loss = adversarial_losses.get(name, softening=0.25)
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
        assert type(again) is type(loss)
        assert again.softening == 0.25

    def test_large_logits_stay_finite(self, name):
        assert np.isfinite([loss_of(name, d, z) for d in (0, 1) for z in (-1e4, 1e4)]).all()

    def test_half_precision_logits_give_a_float32_loss(self, name):
        domain, logits = self.random_batch()
        value = adversarial_losses.get(name)(domain, keras.ops.cast(logits, "bfloat16"))
        assert keras.backend.standardize_dtype(value.dtype) == "float32"


class OfOnesOwn(adversarial_losses.LeastSquares):
    """A user's."""


def test_a_class_of_ones_own_is_taken_as_it_is_and_by_its_place():
    for what in (OfOnesOwn, f"{__file__}:OfOnesOwn"):
        loss = adversarial_losses.get(what, softening=0.2)
        assert type(loss).__name__ == "OfOnesOwn"
        assert loss.softening == 0.2


def test_a_loss_is_handed_through_and_an_unknown_name_lists_the_others():
    loss = adversarial_losses.get("least_squares")
    assert adversarial_losses.get(loss) is loss
    with pytest.raises(ValueError, match="'hinge'.*" + ".*".join(NAMES)):
        adversarial_losses.get("hinge")


@pytest.mark.quick
@pytest.mark.parametrize("softening", [-0.1, 0.5, 0.7])
def test_labels_that_meet_or_change_places_are_refused(softening):
    with pytest.raises(ValueError, match=r"softening must be at least 0 and below 0\.5"):
        adversarial_losses.get("least_squares", softening=softening)
