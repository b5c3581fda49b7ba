"""The trunk is Keras' MobileNetV2, weights and all; it reads images of any size, and stays."""

import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt, load
from adaat_keras.models import MobilenetV2
from adaat_keras.models.mobilenet_v2 import TAPS
from adaat_keras.runs.config import RunConfig


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).uniform(0, 255, (1, 64, 96, 3)).astype("float32")


@pytest.fixture(scope="module")
def application():
    """Keras' own, its batch normalization as if it had been trained."""
    model = keras.applications.MobileNetV2((None, None, 3), include_top=False, weights=None)
    rng = np.random.default_rng(1)
    model.set_weights([w + rng.uniform(0, 0.1, w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def file(application, tmp_path_factory):
    path = tmp_path_factory.mktemp("trunk") / "mobilenet_v2.weights.h5"
    application.save_weights(path)
    return path


@pytest.fixture(scope="module")
def encoder(file):
    encoder = MobilenetV2(4, 1)
    encoder.load_trunk(file)
    return encoder


def test_its_trunk_puts_out_what_keras_own_does(encoder, application, image):
    """Which pads and crops otherwise, alike for sizes that can be halved five times."""
    scaled = keras.applications.mobilenet_v2.preprocess_input(image.copy())
    outputs = [application.get_layer(name).output for name in TAPS.values()]
    expected = keras.Model(application.input, outputs)(scaled)
    for stride, ours, theirs in zip(
        TAPS, encoder.get_layer("trunk")(scaled), expected, strict=True
    ):
        assert ours.shape[1:3] == (64 // stride, 96 // stride)
        scale = float(keras.ops.max(keras.ops.abs(theirs)))
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * scale)


@pytest.mark.parametrize("size", [(36, 52), (100, 60), (8, 8), (33 * 4, 31 * 4)])
def test_any_multiple_of_four_is_halved_and_brought_back(encoder, size):
    assert encoder(keras.ops.ones((1, *size, 3))).shape == (1, size[0] // 4, size[1] // 4, 16)


def test_the_statistics_of_its_normalization_stay(encoder, image):
    before = [w.numpy() for w in encoder.non_trainable_variables]
    training = encoder(image, training=True)
    np.testing.assert_array_equal(training, encoder(image))
    assert len(before) == 2 * sum("BN" in x.name for x in encoder.get_layer("trunk").layers) + 2
    for was, now in zip(before, encoder.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.usefixtures("eagerly")
def test_both_encoders_begin_with_the_file_and_come_back_from_disk(file, application, tmp_path):
    model = build_ada_atdt(size="tiny", architecture="mobilenet_v2", trunk=file, seed=0)
    first = application.get_layer("Conv1").get_weights()[0]
    for encoder in (model.encoder_1, model.encoder_2):
        np.testing.assert_array_equal(encoder.get_layer("trunk").get_weights()[0], first)
    assert model.options["architecture"] == "mobilenet_v2"
    assert not np.allclose(MobilenetV2(4, 1).get_layer("trunk").get_weights()[0], first)
    model.untrained = ()
    model.save_to_preset(tmp_path / "preset")
    image = np.full((1, 50, 70, 3), 90, "float32")
    again = load(tmp_path / "preset").predict(image, verbose=0)
    # A preset's weights have 16 bits.
    np.testing.assert_allclose(again, model.predict(image, verbose=0), atol=0.05)


@pytest.mark.quick
def test_what_is_no_trunk_is_refused_by_name(file, tmp_path, monkeypatch):
    (tmp_path / "other.weights.h5").write_bytes(b"no weights")
    with pytest.raises(ValueError, match=r"other.weights.h5 has no weights of keras.applications"):
        MobilenetV2(4, 1).load_trunk(tmp_path / "other.weights.h5")
    with pytest.raises(FileNotFoundError, match=r"trunk nowhere.h5: there is no such file"):
        build_ada_atdt(size="tiny", architecture="mobilenet_v2", trunk="nowhere.h5")
    with pytest.raises(ValueError, match="architecture 'residual' has no trunk to begin with"):
        build_ada_atdt(size="tiny", trunk=file)
    with pytest.raises(ValueError, match="architecture 'residual' has no trunk"):
        RunConfig.of(trunk="imagenet")
    with pytest.raises(ValueError, match="trunk 'random' and weights 'x': give one of them"):
        build_ada_atdt(trunk="random", weights="x")


@pytest.mark.quick
def test_without_a_network_the_message_says_what_to_do(monkeypatch):
    def no_network(*_, weights, **__):
        raise Exception("URL fetch failure on https://storage.googleapis.com/...")

    encoder = MobilenetV2(4, 1)
    monkeypatch.setattr(keras.applications, "MobileNetV2", no_network)
    with pytest.raises(OSError, match=r"could not be fetched \(URL fetch.*a file of them as trunk"):
        encoder.load_trunk()
