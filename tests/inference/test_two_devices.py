"""Images are predicted once each, however many devices share a model; there are two in tests."""

import keras
import numpy as np
import pytest
from PIL import Image

from adaat_keras import build_ada_atdt
from adaat_keras.camera import Camera
from adaat_keras.inference import predict_labels, write_predictions
from adaat_keras.training.devices import strategy_for


def models(**options):
    """A model of each number of devices, with the same weights."""
    options = {"transfer": "conv", "size": "tiny", "seed": 3, **options}
    with strategy_for(2).scope():
        two = build_ada_atdt("semantic", "depth", **options)
    return build_ada_atdt("semantic", "depth", **options), two


@pytest.fixture(scope="module")
def alone_and_shared():
    return models()


def images(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 48, 64, 3)).astype("float32")


@pytest.mark.parametrize(("count", "batch_size"), [(1, None), (3, None), (5, 4), (3, 1)])
def test_two_devices_predict_what_one_does(alone_and_shared, count, batch_size):
    alone, shared = alone_and_shared
    expected = keras.ops.convert_to_numpy(alone(images(count)))
    for x in (images(count), keras.ops.convert_to_tensor(images(count))):
        outputs = shared.predict(x, batch_size, verbose=0)
        np.testing.assert_allclose(outputs, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(shared.predict_on_batch(x), expected, rtol=1e-3, atol=1e-4)


def test_two_devices_predict_one_image_at_the_cameras_scale():
    alone, shared = models()
    for model in (alone, shared):
        model.camera = Camera(32, 64)
    expected = keras.ops.convert_to_numpy(alone(images(1)))
    np.testing.assert_allclose(shared.predict(images(1), verbose=0), expected, rtol=1e-3, atol=1e-4)


def test_labels_of_one_image_are_one_images(alone_and_shared, tmp_path):
    alone, shared = alone_and_shared
    expected = predict_labels(alone, "depth", images(1))
    np.testing.assert_allclose(predict_labels(shared, "depth", images(1)), expected, rtol=1e-3)
    Image.fromarray(images(1)[0].astype("uint8")).save(tmp_path / "a.png")
    assert len(write_predictions(shared, "depth", [tmp_path / "a.png"], tmp_path / "out")) == 2
