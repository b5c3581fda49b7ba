"""Pictures of predictions for TensorBoard, a frame and an epoch each, read back from its file."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.camera import Camera
from adaat_keras.domains import Domain
from adaat_keras.runs.pictures import Pictures, network_of

OPEN = Path("/proc/self/fd")


@pytest.fixture
def domain():
    images = np.random.default_rng(0).integers(0, 256, (5, 64, 80, 3), np.uint8)
    return Domain.from_arrays(images, depth=np.ones(images.shape[:3], "float32"), name="cam")


def read(folder):
    """The pictures that TensorBoard would show, by their name and epoch."""
    pictures = {}
    for record in tf.data.TFRecordDataset([str(file) for file in folder.iterdir()]):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            png = value.tensor.string_val[-1]
            pictures[value.tag, event.step] = np.asarray(Image.open(io.BytesIO(png)))
    return pictures


def test_a_picture_and_its_prediction_stand_beside_each_other(domain, tmp_path):
    model, task = build_ada_atdt(size="tiny").base_model_2, tasks.get("semantic")
    Pictures(tmp_path, model, task, domain).on_epoch_end(1)
    pictures = read(tmp_path)
    assert sorted(pictures) == [(f"cam {number}: semantic", 2) for number in range(3)]
    image = domain[0]["image"]
    labels = task.decode(model.predict(image[None], verbose=0))[0]
    expected = np.concatenate([image, task.colorize(labels)], axis=1)
    np.testing.assert_array_equal(pictures["cam 0: semantic", 2], expected)


def test_a_picture_that_fails_costs_a_line_once(domain, tmp_path):
    def broken(images, training):
        raise RuntimeError("no room")

    pictures = Pictures(tmp_path / "logs", broken, tasks.get("depth"), domain)
    with pytest.warns(UserWarning, match=r"logs: the pictures of epoch 1 failed.*no room"):
        pictures.on_epoch_end(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pictures.on_epoch_end(1)


@pytest.mark.skipif(not OPEN.is_dir(), reason="open files are listed on Linux alone")
def test_the_file_is_closed_with_the_training_and_another_training_begins_another(domain, tmp_path):
    def open_files():
        return [each for each in OPEN.iterdir() if str(tmp_path) in os.path.realpath(each)]

    model, task = build_ada_atdt(size="tiny").base_model_2, tasks.get("semantic")
    pictures = Pictures(tmp_path, model, task, domain)
    pictures.on_train_end()
    for training in range(2):
        pictures.on_epoch_end(training)
        assert len(open_files()) == 1
        pictures.on_train_end()
        assert open_files() == []
    assert {epoch for _, epoch in read(tmp_path)} == {1, 2}


def test_a_stage_is_shown_by_what_it_trains():
    model = build_ada_atdt(transfer="conv", size="tiny")
    images = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype("float32")
    for names, task, predicts in (
        (["encoder_1", "decoder_1", "domain_classifier"], "from_task", model.base_model_1),
        (["encoder_2", "decoder_2"], "to_task", model.base_model_2),
        (["transfer"], "to_task", model),
    ):
        network, which = network_of(model, names)
        assert which == task
        np.testing.assert_array_equal(network(images), predicts(images))
    assert network_of(model, ["to_target", "to_source"]) is None


def test_a_run_has_them_for_each_of_its_stages(run):
    tags = {}
    for stage in ("adversarial", "supervised", "transfer"):
        tags[stage] = {tag for tag, _ in read(run / "logs" / stage / "pictures")}
    assert tags["adversarial"] == {f"streets_real {number}: depth" for number in range(2)}
    assert tags["supervised"] == tags["transfer"]
    assert all(tag.endswith(": semantic") for tag in tags["transfer"])


def test_a_camera_of_an_earlier_training_does_not_change_the_scale(domain, tmp_path):
    """In fine-tuning a model has the old one until it is trained."""
    model, task = build_ada_atdt(size="tiny").base_model_1, tasks.get("depth")
    Pictures(tmp_path / "new", model, task, domain).on_epoch_end(0)
    model.camera = Camera(128, 256)
    Pictures(tmp_path / "old", model, task, domain).on_epoch_end(0)
    assert model.camera == Camera(128, 256)
    new, old = (read(tmp_path / name) for name in ("new", "old"))
    for name, picture in new.items():
        np.testing.assert_array_equal(old[name], picture)
