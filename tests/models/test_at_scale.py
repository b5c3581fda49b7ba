"""A model brings images to the scale that it was trained at, and its prediction back."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import build_ada_atdt
from adaat_keras.camera import Camera
from adaat_keras.models import AdaAtdt, BaseModel
from adaat_keras.report.score import any_size


@pytest.fixture(scope="module")
def model() -> AdaAtdt:
    return build_ada_atdt("semantic", "depth", "conv", size="tiny", seed=1)


@pytest.fixture(autouse=True)
def without_a_camera(model):
    yield
    model.camera = None


def photo(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width] / (height, width)[0]
    image = np.stack([np.sin(9 * rows), np.cos(7 * columns), rows * columns], -1)
    return (127 + 100 * image[None]).astype("float32")


def test_an_image_of_the_cameras_size_is_taken_as_it_is(model):
    image = photo(64, 128)
    before = model(image)
    model.camera = Camera(64, 128)
    np.testing.assert_array_equal(before, model(image))


def test_a_larger_image_is_predicted_at_the_cameras_scale(model):
    image = photo(128, 256)
    model.camera = Camera(64, 128)
    small = keras.ops.image.resize(image, (64, 128), antialias=True)
    by_hand = keras.ops.image.resize(model(small), (128, 256))
    np.testing.assert_allclose(model(image), by_hand, atol=1e-5)
    np.testing.assert_allclose(model.predict(image, verbose=0), by_hand, atol=1e-4)


def test_a_graph_that_does_not_know_the_size_predicts_the_same(model):
    model.camera = Camera(64, 128)
    predict = any_size(model)
    for size in [(70, 150), (150, 70), (64, 128), (200, 256)]:
        image = photo(*size)
        np.testing.assert_allclose(predict(tf.constant(image)), model(image), atol=1e-4)
        assert model(image).shape[1:3] == size


def test_base_models_share_the_camera(model):
    model.camera = Camera(64, 128)
    image = photo(96, 192)
    base = model.base_model_2
    native = BaseModel(model.encoder_2, model.decoder_2)
    assert base.camera == model.camera
    assert np.abs(base(image) - native(image)).max() > 1e-6


def test_it_is_kept_with_the_model(model, tmp_path):
    model.camera = Camera(64, 128, 99.5, (60.0, 30.0))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.camera == model.camera
    model.save_to_preset(tmp_path / "preset")
    assert AdaAtdt.from_preset(tmp_path / "preset").camera == model.camera


@pytest.mark.parametrize("kind", [AdaAtdt, BaseModel])
def test_a_new_camera_counts_in_what_was_compiled_before(model, kind):
    predicts = model if kind is AdaAtdt else BaseModel(model.encoder_2, model.decoder_2)
    image = photo(128, 256)
    native = predicts.predict(image, verbose=0)
    predicts.camera = Camera(64, 128)
    seen = predicts.predict(image, verbose=0)
    assert np.abs(seen - native).max() > 1e-6
    np.testing.assert_allclose(seen, predicts(image), atol=1e-4)
    predicts.camera = None
    np.testing.assert_allclose(predicts.predict(image, verbose=0), native, atol=1e-6)


def test_a_camera_may_be_set_as_a_dictionary(model):
    model.camera = {"height": 64, "width": 128}
    assert model.camera == Camera(64, 128)


@pytest.mark.parametrize("predictor", ["transfer", "base_model_2"])
def test_without_its_camera_it_shares_all_weights_and_leaves_them_frozen_as_they_are(predictor):
    model = build_ada_atdt("semantic", "depth", "conv", size="tiny", seed=1)
    model.predictor, model.camera = predictor, Camera(64, 128)
    model.encoder_1.trainable = False
    for predicts in (model, model.base_model_2):
        native = predicts.without_camera()
        assert native.camera is None
        assert predicts.camera == Camera(64, 128)
        before = predicts(photo(64, 128))
        np.testing.assert_array_equal(native(photo(64, 128)), before)
    model.decoder_2.layers[-2].bias.assign_add([1.0])
    assert np.abs(native(photo(64, 128)) - before).max() > 1e-3
    assert not model.encoder_1.trainable_variables


def test_a_graph_that_does_not_know_the_size_holds_the_network_once(model):
    def convolutions():
        images = tf.TensorSpec((1, None, None, 3))
        called = tf.function(lambda x: model(x), input_signature=[images])
        return str(called.get_concrete_function().graph.as_graph_def()).count('op: "Conv2D"')

    alone = convolutions()
    model.camera = Camera(64, 128)
    assert convolutions() == alone > 0
