import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from sklearn.metrics import log_loss

from adaat_keras.tasks.semantic import SemanticLoss


def random_batch(seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 11, (3, 8, 9)).astype(np.uint8)
    labels[rng.random(labels.shape) < 0.3] = 255
    labels[1, 2:] = 255
    return labels, rng.normal(0, 3, (*labels.shape, 11)).astype(np.float32)


def peer(labels, logits):
    """One value an image, by scikit-learn."""

    def of_image(labels, logits):
        valid = labels != 255
        if not valid.any():
            return 0.0
        probabilities = softmax(logits[valid].astype(np.float64), axis=-1)
        return log_loss(labels[valid], probabilities, labels=range(11)) / np.log(11)

    return [of_image(*pair) for pair in zip(labels, logits, strict=True)]


@pytest.mark.parametrize("classes", [2, 11])
def test_a_uniform_guess_scores_exactly_one(classes):
    labels = (np.arange(12).reshape(1, 3, 4) % classes).astype(np.uint8)
    loss = SemanticLoss(num_classes=classes)
    assert float(loss(labels, np.zeros((1, 3, 4, classes), "float32"))) == pytest.approx(
        1, abs=1e-6
    )


def test_it_is_the_mean_over_images_of_scikit_learns_log_loss_over_valid_pixels():
    labels, logits = random_batch()
    each = SemanticLoss(reduction="none")(labels, logits)
    np.testing.assert_allclose(each, peer(labels, logits), rtol=1e-5)
    assert float(SemanticLoss()(labels, logits)) == pytest.approx(np.mean(each), rel=1e-6)


@pytest.mark.parametrize("weights", [None, np.linspace(0.1, 3, 11)], ids=["alike", "weighted"])
def test_labels_may_have_a_last_axis_of_1(weights):
    labels, logits = random_batch()
    loss = SemanticLoss(class_weights=weights, reduction="none")
    np.testing.assert_array_equal(loss(labels[..., None], logits), loss(labels, logits))


def test_a_batch_scores_the_mean_of_its_parts():
    labels, logits = random_batch()
    parts = [float(SemanticLoss()(labels[n : n + 1], logits[n : n + 1])) for n in range(3)]
    assert float(SemanticLoss()(labels, logits)) == pytest.approx(np.mean(parts), rel=1e-6)


def test_an_image_of_ignored_pixels_counts_zero():
    labels, logits = random_batch()
    labels[2] = 255
    each = peer(labels, logits)
    assert each[2] == 0
    assert float(SemanticLoss()(labels, logits)) == pytest.approx(sum(each) / 3, rel=1e-5)


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
    weighted = SemanticLoss()(labels, logits, sample_weight=np.array([1.0, 0, 2]))
    expected = np.dot(peer(labels, logits), [1, 0, 2]) / 3
    assert float(weighted) == pytest.approx(expected, rel=1e-5)


def test_reductions_are_those_of_keras():
    labels, logits = random_batch()
    each = SemanticLoss(reduction="none")(labels, logits).numpy()
    assert each.shape == (3,)
    total = float(SemanticLoss(reduction="sum")(labels, logits))
    assert total == pytest.approx(each.sum(), rel=1e-5)


def test_it_comes_back_from_its_config():
    loss = SemanticLoss(num_classes=5, ignored=9, name="l", reduction="sum")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()
    assert (again.num_classes, again.ignored, again.reduction) == (5, 9, "sum")


def test_class_weights_weigh_as_scikit_learns_sample_weights():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(1, 5, 6, 11)).astype("float32")
    labels = rng.integers(0, 11, (1, 5, 6)).astype("uint8")
    labels[0, 0] = 255
    weights = rng.uniform(0.1, 3, 11)
    valid = labels != 255
    expected = log_loss(
        labels[valid],
        softmax(logits[valid].astype("float64"), axis=-1),
        sample_weight=weights[labels[valid]],
        labels=range(11),
    )
    ours = SemanticLoss(class_weights=weights)(labels, logits)
    assert float(ours) == pytest.approx(expected / np.log(11), rel=1e-5)


def test_a_uniform_guess_scores_one_with_any_class_weights():
    labels = np.arange(11, dtype="uint8").reshape(1, 1, 11)
    loss = SemanticLoss(class_weights=np.linspace(0.1, 5, 11))
    assert float(loss(labels, np.zeros((1, 1, 11, 11), "float32"))) == pytest.approx(1)


def test_as_many_class_weights_as_classes():
    with pytest.raises(ValueError, match="11 classes have 3 class_weights"):
        SemanticLoss(class_weights=[1, 2, 3])


@pytest.mark.parametrize("weights", [None, np.linspace(0.1, 3, 11)], ids=["alike", "weighted"])
def test_certain_soft_labels_are_labels(weights):
    labels, logits = random_batch()
    certain = np.eye(11, dtype="float32")[np.where(labels == 255, 0, labels)]
    certain[labels == 255] = 0
    loss = SemanticLoss(class_weights=weights, reduction=None)
    np.testing.assert_allclose(loss(certain, logits), loss(labels, logits), rtol=1e-5)


def test_a_soft_label_is_the_mean_of_labels_that_count_as_its_shares():
    _, logits = random_batch()
    shares = softmax(random_batch(1)[1], axis=-1)
    every = np.broadcast_to(np.arange(11), logits.shape).ravel()
    probabilities = np.repeat(softmax(logits.astype("float64"), axis=-1).reshape(-1, 11), 11, 0)
    expected = log_loss(every, probabilities, sample_weight=shares.ravel(), labels=range(11))
    assert float(SemanticLoss()(shares, logits)) == pytest.approx(expected / np.log(11), rel=1e-5)


def test_the_likeliest_class_weighs_a_soft_label():
    shares = np.array([[[[0.6, 0.4, 0.0], [0.1, 0.2, 0.7]]]], "float32")
    one, other = (float(SemanticLoss(3)(each, 3 * each)) for each in np.split(shares, 2, axis=2))
    both = SemanticLoss(3, class_weights=[1, 9, 3])(shares, 3 * shares)
    assert float(both) == pytest.approx(0.25 * one + 0.75 * other)


def test_who_says_what_the_teacher_says_has_nothing_to_learn():
    logits = tf.Variable(random_batch()[1])
    with tf.GradientTape() as tape:
        loss = SemanticLoss(class_weights=[*range(1, 12)])(softmax(logits.numpy(), axis=-1), logits)
    assert float(loss) > 0
    np.testing.assert_allclose(tape.gradient(loss, logits), 0, atol=1e-7)
