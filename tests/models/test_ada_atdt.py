"""The whole model: D2(G(E1(x)))."""

import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt
from adaat_keras.models import transfer


def build(**options):
    return build_ada_atdt(size="tiny", **options)


AT_DT = {"architecture": "dilated_resnet50"}


def test_at_dts_own_networks_compose_and_pad_to_their_stride_of_64(image):
    model, x = build(**AT_DT), image(70, 91)
    padded = np.pad(x, ((0, 0), (0, 58), (0, 37), (0, 0)), mode="reflect")
    by_hand = model.decoder_2(model.transfer(model.encoder_1(padded)))[:, :70, :91]
    np.testing.assert_allclose(model.predict(x, verbose=0), by_hand, atol=1e-4)
    assert np.ptp(by_hand) > 0.1
    with pytest.raises(ValueError, match=r"at least 64 pixels.*63 x 64"):
        model(image(63, 64))


@pytest.mark.parametrize("name", transfer.names())
def test_it_predicts_what_its_networks_compose_to(name, image):
    model, x = build(transfer=name), image(64, 96, count=2)
    by_hand = model.decoder_2(model.transfer(model.encoder_1(x)))
    np.testing.assert_allclose(model.predict(x, verbose=0), by_hand, atol=1e-4)


@pytest.mark.parametrize("size", [(50, 70), (33, 64), (375, 1242)])
@pytest.mark.parametrize(
    ("tasks", "channels"), [(("depth", "semantic"), 11), (("semantic", "depth"), 1)]
)
def test_a_prediction_has_its_images_size_in_both_directions(size, tasks, channels, image):
    model = build(from_task=tasks[0], to_task=tasks[1], transfer="conv")
    outputs = model.predict(image(*size), verbose=0)
    assert outputs.shape == (1, *size, channels)
    assert np.isfinite(outputs).all()


def test_an_odd_image_is_padded_by_reflection_and_cropped_back(image):
    model, x = build(), image(50, 70)
    padded = np.pad(x, ((0, 0), (0, 14), (0, 26), (0, 0)), mode="reflect")
    expected = model.predict(padded, verbose=0)[:, :50, :70]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-4)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(
    ("tasks", "options"),
    [(("depth", "semantic"), {}), (("semantic", "depth"), {}), (("semantic", "depth"), AT_DT)],
)
def test_all_six_networks_survive_saving_bit_for_bit(tasks, options, image, tmp_path):
    model, x = build(from_task=tasks[0], to_task=tasks[1], **options), image(65, 70)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(model.networks) == 6
    assert (again.from_task, again.to_task) == tasks
    for name, network in model.networks.items():
        loaded = again.networks[name]
        assert type(loaded) is type(network)
        for one, other in zip(network.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_weights_saved_alone_hold_all_six_networks(tmp_path):
    model, other = build(), build()
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    for name, network in model.networks.items():
        for one, two in zip(network.get_weights(), getattr(other, name).get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", ["encoder_1", "transfer", "decoder_2"])
def test_training_a_network_on_its_path_changes_the_prediction(name, image):
    model, x = build(), image(64, 64)
    before = model.predict(x, verbose=0)
    network = getattr(model, name)
    network.set_weights([1.1 * weight + 0.01 for weight in network.get_weights()])
    assert np.abs(model.predict(x, verbose=0) - before).max() > 1e-4


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", ["decoder_1", "encoder_2", "domain_classifier"])
def test_a_network_off_its_path_does_not(name, image):
    model, x = build(), image(64, 64)
    before = model.predict(x, verbose=0)
    network = getattr(model, name)
    network.set_weights([1.1 * weight + 0.01 for weight in network.get_weights()])
    np.testing.assert_array_equal(model.predict(x, verbose=0), before)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("number", [1, 2])
def test_base_models_are_the_shared_encoder_and_decoder_at_any_size(number, image):
    model, x = build(), image(50, 70)
    base = getattr(model, f"base_model_{number}")
    encoder, decoder = (getattr(model, f"{part}_{number}") for part in ("encoder", "decoder"))
    assert base.encoder is encoder
    assert base.decoder is decoder
    padded = np.pad(x, ((0, 0), (0, 2), (0, 2), (0, 0)), mode="reflect")
    by_hand = decoder(encoder(padded))[:, :50, :70]
    np.testing.assert_allclose(base.predict(x, verbose=0), by_hand, atol=1e-4)


def test_its_prediction_is_float32_in_bfloat16(image):
    outputs = build(dtype="mixed_bfloat16").predict(image(50, 70), verbose=0)
    assert outputs.dtype == np.float32
    assert np.isfinite(outputs).all()


def test_it_fits_as_any_keras_model_does(image):
    model, x = build(transfer="conv"), image(64, 64, count=2)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    labels = np.zeros((2, 64, 64), np.int32)
    losses = model.fit(x, labels, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_an_image_that_is_too_small_is_a_clear_error(image):
    with pytest.raises(ValueError, match=r"at least 32 pixels.*20 x 64"):
        build().predict(image(20, 64), verbose=0)
