import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from adaat_keras.domains import Domain
from adaat_keras.report.score import any_size, score
from adaat_keras.tasks import Semantic


def logits(images):
    """Class 3 where red is above 127, else class 0."""
    return 10 * ops.one_hot(ops.where(images[..., 0] > 127, 3, 0), 11)


def test_semantic_scores_are_those_of_one_confusion_matrix_over_all_frames(toy_domain, pixelwise):
    domain = toy_domain()
    truth = np.concatenate([frame["semantic"].ravel() for frame in domain.frames])
    red = np.concatenate([frame["image"][..., 0].ravel() for frame in domain.frames])
    predicted = np.where(red > 127, 3, 0)[truth != 255]
    truth = truth[truth != 255]
    ious = [
        np.sum((truth == c) & (predicted == c)) / np.sum((truth == c) | (predicted == c))
        for c in (0, 3, 9)
    ]
    scores = score(pixelwise(logits), domain, "semantic")
    assert scores["mean_iou"] == pytest.approx(np.mean(ious))
    assert scores["accuracy"] == pytest.approx(np.mean(truth == predicted))
    assert scores["iou_fence"] == pytest.approx(ious[1])


def test_a_class_that_occurs_nowhere_scores_nan(toy_domain, pixelwise):
    assert np.isnan(score(pixelwise(logits), toy_domain(), "semantic")["iou_sky"])


def test_depth_scores_are_means_over_frames_of_different_sizes(toy_domain, pixelwise):
    domain = toy_domain()
    errors = []
    for frame in domain.frames:
        metres = np.clip(frame["image"][..., :1].astype("float32") / 255, 0, 1)[..., 0] * 100
        valid = (frame["depth"] > 0.001) & (frame["depth"] < 100)
        truth = frame["depth"][valid]
        errors.append(np.mean(np.abs(truth - np.clip(metres, 0.001, 100)[valid]) / truth))
    scores = score(pixelwise(lambda images: images[..., :1] / 255), domain, "depth")
    assert scores["abs_rel"] == pytest.approx(np.mean(errors), rel=1e-5)


def test_frames_are_spread_evenly_over_the_domain(toy_domain, pixelwise):
    domain, spread = toy_domain(), toy_domain()
    spread.frames = [domain.frames[0], domain.frames[2]]
    model = pixelwise(logits)
    expected = score(model, spread, "semantic")
    assert score(model, domain, "semantic", frames=2) == pytest.approx(expected, nan_ok=True)


def test_a_teacher_is_scored_on_pictures_of_the_other_tasks_labels(toy_domain, pixelwise):
    """That says class 3 wherever the depth is valid: nothing else is not black."""
    domain = toy_domain()
    seen = {"hit": 0, "all": 0}
    for frame in domain.frames:
        predicted = np.where(np.isfinite(frame["depth"]) & (frame["depth"] > 0), 3, 0)
        counts = frame["semantic"] != 255
        seen["hit"] += np.sum(predicted[counts] == frame["semantic"][counts])
        seen["all"] += counts.sum()
    teacher = pixelwise(lambda picture: 10 * ops.one_hot(ops.where(picture[..., 0] > 0, 3, 0), 11))
    scores = score(teacher, domain, "semantic", reads="depth")
    assert 0 < seen["hit"] < seen["all"]
    assert scores["accuracy"] == pytest.approx(seen["hit"] / seen["all"])


def test_no_frame_is_an_error_that_names_the_domain(toy_domain, pixelwise):
    with pytest.raises(ValueError, match=r"toy: there is no frame to score \(frames=0\)"):
        score(pixelwise(logits), toy_domain(), "semantic", frames=0)


@pytest.mark.parametrize(("task", "nothing"), [("semantic", 255), ("depth", 0)])
def test_where_no_label_counts_there_is_no_score(task, nothing, toy_domain, pixelwise):
    domain = toy_domain()
    for frame in domain.frames:
        frame[task] = np.full_like(frame[task], nothing)
    model = pixelwise(logits if task == "semantic" else lambda images: images[..., :1] / 255)
    with pytest.raises(ValueError, match=f"no pixel of 5 frames has a {task} label that counts"):
        score(model, domain, task)


@pytest.mark.parametrize("domain", ["photos", {"test": None}])
def test_what_is_no_domain_is_not_scored(domain, pixelwise):
    with pytest.raises(ValueError, match="what is scored is one domain, such as Folder"):
        score(pixelwise(logits), domain, "semantic")


def test_another_size_does_not_compile_again():
    class Counting(keras.layers.Layer):
        traces = 0

        def call(self, images):
            self.traces += 1
            return images

    network = Counting()
    call = any_size(network, stride=4)
    shapes = [call(np.zeros((1, *size, 3), np.uint8)).shape for size in ((8, 9), (17, 5), (30, 31))]
    assert shapes == [(1, 8, 12, 3), (1, 20, 8, 3), (1, 32, 32, 3)]
    assert network.traces == 1


def test_classes_under_a_name_of_their_own_are_scored_beside_semantic_labels(pixelwise):
    class Material(Semantic):
        name = "material"

    class Surfaces(Domain):
        name, tasks = "surfaces", ("material", "semantic")

        def __len__(self):
            return 1

        def read(self, index, keys):
            labels = tf.zeros((8, 8), tf.uint8)
            return {k: tf.zeros((8, 8, 3), tf.uint8) if k == "image" else labels for k in keys}

    task, domain = Material({"stone": "stone", "wood": "wood"}), Surfaces()
    model = pixelwise(lambda x: ops.concatenate([x[..., :1] + 1, x[..., :1]], -1))
    assert score(model, domain, task)["mean_iou"] == 1


def test_a_network_that_says_no_task_is_scored_for_one_that_is_named(toy_domain, pixelwise):
    with pytest.raises(ValueError, match=r"score\(model, domain, task\)"):
        score(pixelwise(lambda x: x), toy_domain([]))
