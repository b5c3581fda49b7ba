from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.metrics import confusion_matrix

from adaat_keras.tasks.semantic import CLASS_NAMES, IGNORED, SegmentationMetrics

CLASSES = len(CLASS_NAMES)
# Our 11 classes as Cityscapes' label ids; 0 is one that Cityscapes ignores.
CITYSCAPES_IDS = np.array([7, 8, 12, 13, 24, 17, 21, 26, 20, 11, 23] + [0] * 245, np.uint8)


def random_maps(seed=0, images=6, absent=()):
    """Truth with ignored pixels and a prediction that is right half the time."""
    rng = np.random.default_rng(seed)
    present = [label for label in range(CLASSES) if label not in absent]
    truth = rng.choice(present, (images, 20, 30)).astype(np.uint8)
    other = rng.choice(present, truth.shape).astype(np.uint8)
    predicted = np.where(rng.random(truth.shape) < 0.5, truth, other)
    truth[rng.random(truth.shape) < 0.2] = IGNORED
    return truth, predicted


def streamed(truth, predicted, batches=3):
    metric = SegmentationMetrics(CLASS_NAMES)
    for t, p in zip(np.split(truth, batches), np.split(predicted, batches), strict=True):
        metric.update_state(t, np.eye(CLASSES, dtype="float32")[p])
    return metric, {key: float(value) for key, value in metric.result().items()}


def ious(scores):
    return [scores[f"iou_{name.replace(' ', '_')}"] for name in CLASS_NAMES]


@pytest.mark.parametrize("seed", [0, 1])
def test_scores_are_those_of_scikit_learns_confusion_matrix(seed):
    truth, predicted = random_maps(seed)
    valid = truth != IGNORED
    peer = confusion_matrix(truth[valid], predicted[valid], labels=range(CLASSES))
    hits = np.diag(peer)
    peer_ious = hits / (peer.sum(0) + peer.sum(1) - hits)

    metric, scores = streamed(truth, predicted)

    np.testing.assert_array_equal(np.array(metric.confusion), peer)
    np.testing.assert_allclose(ious(scores), peer_ious, rtol=1e-6)
    assert scores["mean_iou"] == pytest.approx(peer_ious.mean(), rel=1e-6)
    assert scores["accuracy"] == pytest.approx(hits.sum() / peer.sum(), rel=1e-6)


def test_labels_may_have_a_last_axis_of_1():
    truth, predicted = random_maps()
    assert streamed(truth[..., None], predicted)[1] == streamed(truth, predicted)[1]


@pytest.mark.parametrize("absent", [(), (2, 9)], ids=["all classes", "two absent"])
def test_scores_are_those_of_cityscapesscripts_own_evaluation(tmp_path, absent):
    peer = pytest.importorskip("cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling")
    args = SimpleNamespace(evalLabels=[], evalInstLevelScore=False, evalPixelAccuracy=False)
    truth, predicted = random_maps(absent=absent)
    confusion = peer.generateMatrix(args)
    for index, pair in enumerate(zip(predicted, truth, strict=True)):
        files = [str(tmp_path / f"{index}_{kind}.png") for kind in ("prediction", "labelIds")]
        for file, labels in zip(files, pair, strict=True):
            Image.fromarray(CITYSCAPES_IDS[labels]).save(file)
        peer.evaluatePair(*files, confusion, {}, {}, args)
    by_class = {
        name: peer.getIouScoreForLabel(int(CITYSCAPES_IDS[label]), confusion, args)
        for label, name in enumerate(CLASS_NAMES)
    }

    _, scores = streamed(truth, predicted)

    np.testing.assert_allclose(ious(scores), list(by_class.values()), rtol=1e-6)
    assert scores["mean_iou"] == pytest.approx(peer.getScoreAverage(by_class, args), rel=1e-6)


def test_a_class_that_never_occurs_is_nan_and_not_in_the_mean():
    _, scores = streamed(*random_maps(absent=(2,)))
    assert np.isnan(scores["iou_wall"])
    others = [iou for name, iou in zip(CLASS_NAMES, ious(scores), strict=True) if name != "wall"]
    assert scores["mean_iou"] == pytest.approx(np.mean(others), rel=1e-6)


def test_the_order_and_size_of_batches_do_not_matter():
    truth, predicted = random_maps()
    assert streamed(truth, predicted, 1)[1] == streamed(truth[::-1], predicted[::-1], 6)[1]


def test_counts_stay_exact_beyond_two_to_the_24_pixels():
    metric = SegmentationMetrics(["a", "b"])
    image = np.zeros((1, 1024, 1024), np.uint8)
    logits = np.broadcast_to(np.array([1.0, 0.0], "float32"), (*image.shape, 2))
    for _ in range(17):
        metric.update_state(image, logits)
    metric.update_state(image[:, :1, :1], logits[:, :1, :1])
    assert np.array(metric.confusion).tolist() == [[17 * 2**20 + 1, 0], [0, 0]]


def test_memory_does_not_grow_with_the_images():
    metric, _ = streamed(*random_maps())
    assert sum(np.array(variable).size for variable in metric.variables) == CLASSES**2


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "jit"])
def test_a_compiled_update_counts_as_an_eager_one(jit_compile):
    truth, predicted = random_maps()
    logits = tf.one_hot(predicted, CLASSES, dtype="bfloat16")
    metric = SegmentationMetrics(CLASS_NAMES)
    tf.function(metric.update_state, jit_compile=jit_compile)(tf.constant(truth), logits)
    eager, _ = streamed(truth, predicted)
    np.testing.assert_array_equal(np.array(metric.confusion), np.array(eager.confusion))


def test_nothing_seen_or_only_ignored_pixels_have_no_score():
    metric = SegmentationMetrics(CLASS_NAMES)
    assert np.isnan([float(value) for value in metric.result().values()]).all()
    metric.update_state(np.full((1, 2, 2), 255, "uint8"), np.ones((1, 2, 2, 11), "float32"))
    assert np.isnan([float(value) for value in metric.result().values()]).all()


def test_a_reset_forgets_everything():
    metric, _ = streamed(*random_maps())
    metric.reset_state()
    assert not np.array(metric.confusion).any()


def test_it_comes_back_from_its_config():
    metric = SegmentationMetrics(("a", "b"), ignored=7, name="m")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert again.get_config() == metric.get_config()
    assert (again.class_names, again.ignored, again.name) == (["a", "b"], 7, "m")


def test_sample_weights_are_refused():
    with pytest.raises(ValueError, match="takes no sample weights"):
        SegmentationMetrics(["a"]).update_state([[[0]]], [[[[1.0]]]], sample_weight=[1.0])
