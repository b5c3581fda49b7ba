import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from sklearn.metrics import log_loss

from adaat_keras.tasks.losses import SemanticLoss


def random_batch(seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 11, (3, 8, 9)).astype(np.uint8)
    labels[rng.random(labels.shape) < 0.3] = 255
    labels[1, 2:] = 255
    return labels, rng.normal(0, 3, (*labels.shape, 11)).astype(np.float32)


def peer(labels, logits):
    valid = labels != 255
    probabilities = softmax(logits[valid].astype(np.float64), axis=-1)
    return log_loss(labels[valid], probabilities, labels=range(11)) / np.log(11)


@pytest.mark.parametrize("classes", [2, 11])
def test_a_uniform_guess_scores_exactly_one(classes):
    labels = (np.arange(12).reshape(1, 3, 4) % classes).astype(np.uint8)
    loss = SemanticLoss(num_classes=classes)
    assert float(loss(labels, np.zeros((1, 3, 4, classes), "float32"))) == pytest.approx(
        1, abs=1e-6
    )


def test_it_is_scikit_learns_log_loss_over_the_valid_pixels_of_the_batch():
    labels, logits = random_batch()
    assert float(SemanticLoss()(labels, logits)) == pytest.approx(peer(labels, logits), rel=1e-5)


def test_labels_may_carry_a_channel_axis():
    labels, logits = random_batch()
    loss = SemanticLoss()
    assert float(loss(labels[..., None], logits)) == float(loss(labels, logits))


def test_ignored_pixels_have_no_gradient_and_the_others_do():
    labels, logits = random_batch()
    logits = tf.Variable(logits)
    with tf.GradientTape() as tape:
        loss = SemanticLoss()(labels, logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert not gradient[labels == 255].any()
    assert gradient[labels != 255].any(axis=-1).all()


def test_a_batch_of_ignored_pixels_scores_zero_with_a_zero_gradient():
    logits = tf.Variable(random_batch()[1])
    with tf.GradientTape() as tape:
        loss = SemanticLoss()(np.full((3, 8, 9), 255, "uint8"), logits)
    assert float(loss) == 0
    assert not tape.gradient(loss, logits).numpy().any()


def test_sample_weights_weight_images():
    labels, logits = random_batch()
    weighted = SemanticLoss()(labels, logits, sample_weight=np.array([1, 0, 0]).reshape(3, 1, 1))
    share = (labels[0] != 255).sum() / (labels != 255).sum()
    assert float(weighted) == pytest.approx(peer(labels[:1], logits[:1]) * share, rel=1e-5)


def test_reductions_are_those_of_keras():
    labels, logits = random_batch()
    each = SemanticLoss(reduction="none")(labels, logits).numpy()
    assert each.shape == labels.shape
    assert not each[labels == 255].any()
    assert float(SemanticLoss(reduction="sum")(labels, logits)) == pytest.approx(
        each.sum(), rel=1e-5
    )


def test_it_comes_back_from_its_config():
    loss = SemanticLoss(num_classes=5, ignored=9, name="l", reduction="sum")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()
    assert (again.num_classes, again.ignored, again.reduction) == (5, 9, "sum")
