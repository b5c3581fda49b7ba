"""The whole model: D2(G(E1(x))), or D2(E2(x)) where its predictor is base model 2."""

import json
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import build_ada_atdt
from adaat_keras.export import export_model
from adaat_keras.inference import predict_labels
from adaat_keras.models import AdaAtdt, transfer


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
    """Padded as the whole is, as in training. Multiples of 4 would do, and have other borders."""
    model, x = build(), image(50, 70)
    base = getattr(model, f"base_model_{number}")
    encoder, decoder = (getattr(model, f"{part}_{number}") for part in ("encoder", "decoder"))
    assert base.encoder is encoder
    assert base.decoder is decoder
    padded = np.pad(x, ((0, 0), (0, 14), (0, 26), (0, 0)), mode="reflect")
    by_hand = decoder(encoder(padded))[:, :50, :70]
    np.testing.assert_allclose(base.predict(x, verbose=0), by_hand, atol=1e-4)
    assert model.stride == base.stride == 32
    if number == 2:
        model.predictor = "base_model_2"
        np.testing.assert_allclose(model.predict(x, verbose=0), by_hand, atol=1e-4)
        assert model.smallest == base.smallest == 32


def labels_of(model, images):
    return predict_labels(model, model.to_task, images)


@pytest.mark.parametrize("shape", [(50, 70, 3), (1, 50, 70, 1), (1, 50, 70, 4)])
def test_what_are_no_images_is_told(shape):
    with pytest.raises(ValueError, match=r"images are \(batch, height, width, 3\), and these"):
        build_ada_atdt(size="tiny", transfer="conv").predict(np.zeros(shape, "float32"))


def test_images_that_end_at_1_are_told(image):
    model = build_ada_atdt(size="tiny", transfer="conv")
    images = np.asarray(image(64, 64))
    with pytest.warns(UserWarning, match="networks take 0 to 255: multiply them by 255"):
        model.predict(images / 255, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(images, verbose=0)
        model.predict(np.zeros_like(images), verbose=0)


@pytest.mark.parametrize(
    "normalize",
    [lambda x: x / 127.5 - 1, lambda x: (x / 255 - 0.45) / 0.225, lambda x: x / 255 - 0.5],
)
def test_images_that_were_normalized_are_told(normalize, image):
    with pytest.warns(UserWarning, match=r"numbers from -.* take 0 to 255: undo their normaliz"):
        build_ada_atdt(size="tiny", transfer="conv").predict(
            normalize(np.asarray(image(64, 64))), verbose=0
        )


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_pixel_that_is_no_number_would_spoil_all_others(number, image):
    images = np.array(image(64, 64))
    images[0, 3, 5, 1] = number
    with pytest.raises(ValueError, match="images hold NaN or infinity"):
        build_ada_atdt(size="tiny", transfer="conv").predict(images, verbose=0)


@pytest.mark.parametrize("predict", [lambda model, x: model.predict(x, verbose=0), labels_of])
def test_images_of_more_than_8_bits_are_told_to_be_brought_to_them(predict, image):
    """As a thermal camera has them: taken as they are, all would be white beyond all measure."""
    model = build_ada_atdt(size="tiny", transfer="conv")
    raw = np.full((1, 64, 64, 3), 9000, "uint16")
    said = "the largest number in these images is 9000, .*read_image.*image_range=.*stretched"
    for deep in (raw, raw.astype("int64")):
        with pytest.raises(ValueError, match=said):
            predict(model, deep)
    with pytest.raises(ValueError, match="numbers from -5 to 0, and networks take 0 to 255"):
        predict(model, np.full((1, 64, 64, 3), -5, "int8"))
    with pytest.warns(UserWarning, match=said):
        predict(model, raw.astype("float32"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predict(model, (raw // 36).astype("uint16"))
        predict(model, np.asarray(image(64, 64)) * 0 + 255.0001)


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
    with pytest.raises(ValueError, match=r"at least 33 pixels.*20 x 64"):
        build().predict(image(20, 64), verbose=0)


@pytest.mark.parametrize("file", ["photo.jpg", Path("photo.jpg"), ["photo.jpg", "b.jpg"]])
def test_a_file_is_told_to_be_read_first(file):
    told = r"not the file photo.jpg: .* adaat_keras.inference.read_image\('photo.jpg'\)\[None\]$"
    with pytest.raises(ValueError, match=told):
        build_ada_atdt(transfer="conv", size="tiny").predict(file, verbose=0)


@pytest.mark.parametrize("images", [[], np.zeros((0, 64, 64, 3), "float32")])
def test_no_images_are_a_clear_error(images):
    with pytest.raises(ValueError, match="there are no images to predict"):
        build_ada_atdt(size="tiny").predict(images, verbose=0)


def test_all_that_predicts_follows_the_predictor_however_often_it_changes(image):
    model, x = build(transfer="conv"), image(50, 70, count=2)
    expected = {"transfer": model.predict(x, verbose=0)}
    expected["base_model_2"] = model.base_model_2.predict(x, verbose=0)
    assert np.abs(expected["transfer"] - expected["base_model_2"]).max() > 1e-3
    for predictor in ("base_model_2", "transfer", "base_model_2"):
        model.predictor = predictor
        ways = (model.predict(x, verbose=0), model.predict_on_batch(x), model(x))
        for outputs in (*ways, model(x.astype("float64"))):
            np.testing.assert_allclose(outputs, expected[predictor], atol=1e-5)


@pytest.mark.parametrize("predictor", ["transfer", "base_model_2"])
@pytest.mark.parametrize(
    "options", [*({"transfer": name} for name in transfer.names()), AT_DT], ids=str
)
def test_the_smallest_image_that_it_names_is_the_smallest_that_it_takes(options, predictor, image):
    model = build(**options)
    model.predictor = predictor
    n = model.smallest
    expected = {"transfer": {"unet": 33, "unet_attention": 33, "conv": 32}}.get(predictor, {})
    assert n == expected.get(options.get("transfer"), n)
    assert np.isfinite(model(image(n, n))).all()
    with pytest.raises(ValueError, match=f"at least {n} pixels"):
        model(image(n - 1, 200))


def test_with_base_model_2_plain_fit_trains_its_networks_alone(image):
    model, x = build(transfer="conv"), image(32, 32, count=2)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    labels = np.zeros((2, 32, 32), np.int32)
    model.fit(x, labels, verbose=0)
    model.predictor = "base_model_2"
    before = {name: network.get_weights() for name, network in model.networks.items()}
    model.fit(x, labels, verbose=0)
    changed = {
        name
        for name, network in model.networks.items()
        if any((a != b).any() for a, b in zip(before[name], network.get_weights(), strict=True))
    }
    assert changed == {"encoder_2", "decoder_2"}


@pytest.mark.parametrize("predictor", ["transfer", "base_model_2"])
def test_files_and_exports_predict_as_the_model_does(predictor, image, tmp_path):
    model, x = build(transfer="conv"), image(50, 70)
    model.predict(x, verbose=0)
    model.predictor = predictor
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.predictor == predictor
    np.testing.assert_array_equal(again.predict(x, verbose=0), expected)
    model.save_to_preset(tmp_path / "preset")
    preset = AdaAtdt.from_preset(tmp_path / "preset")
    assert preset.predictor == predictor
    np.testing.assert_allclose(preset.predict(x, verbose=0), expected, rtol=0.1, atol=0.1)
    export_model(model, tmp_path / "ours")
    model.export(tmp_path / "keras", verbose=False)
    for exported in (tf.saved_model.load(tmp_path / "ours"), _serve(tmp_path / "keras")):
        np.testing.assert_allclose(exported(tf.constant(x)), expected, atol=1e-4)
    count = sum(np.prod(v.shape) for v in tf.saved_model.load(tmp_path / "ours").weights)
    networks = {"transfer": ("encoder_1", "transfer", "decoder_2")}.get(
        predictor, ("encoder_2", "decoder_2")
    )
    assert count == sum(model.networks[name].count_params() for name in networks)


def _serve(folder):
    loaded = tf.saved_model.load(folder)
    return lambda x: loaded.serve(x)


def test_an_unknown_predictor_lists_those_that_exist():
    model = build()
    with pytest.raises(ValueError, match=r"predictor 'oracle'.*transfer, base_model_2"):
        model.predictor = "oracle"
    assert model.predictor == "transfer"


def test_a_task_is_a_name_or_what_json_takes(tmp_path):
    ours = {"place": "adaat_keras.tasks.semantic:Semantic", "config": {"classes": {"a": ["road"]}}}
    config = build(transfer="conv").get_config() | {"to_task": ours}
    model = AdaAtdt.from_config(json.loads(json.dumps(config)))
    assert (model.from_task, model.to_task) == ("depth", ours)
    assert type(model.to_task) is dict
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").options["to_task"] == ours
    with pytest.raises(TypeError, match="JSON"):
        AdaAtdt.from_config(config | {"to_task": object()})


OFF_THE_BASELINES_PATH = ["encoder_1", "decoder_1", "domain_classifier", "transfer"]


@pytest.mark.parametrize(
    ("fresh", "predictor"),
    [
        ([], "transfer"),
        (["transfer"], "base_model_2"),
        (OFF_THE_BASELINES_PATH, "base_model_2"),
        (["encoder_2", "decoder_2", "transfer"], "transfer"),
    ],
)
def test_older_configurations_predict_by_what_was_trained(fresh, predictor):
    config = build(transfer="conv").get_config()
    config = {k: v for k, v in config.items() if k not in ("untrained", "predictor")}
    model = AdaAtdt.from_config(config | {"fresh": fresh})
    assert (model.untrained, model.predictor) == (tuple(fresh), predictor)
    assert "fresh" not in model.get_config()


class Shift(keras.Model):
    """A user's transfer function."""

    stride = 2

    def __init__(self, features=16, **kwargs):
        super().__init__(**kwargs)
        self.features = features
        self.shift = keras.layers.Dense(features)

    def call(self, inputs):
        return self.shift(inputs)


def test_a_transfer_function_of_ones_own_is_found_by_its_place(image):
    place = f"{__file__}:Shift"
    model = build(transfer=place)
    assert type(model.transfer).__name__ == "Shift"
    assert model.predict(image(17, 20), verbose=0).shape == (1, 17, 20, 11)
    assert model.smallest == 8
    assert model.options["transfer"].endswith("Shift")
    assert type(build_ada_atdt(**model.options).transfer) is type(model.transfer)
    assert transfer.get(Shift) is Shift


def test_a_size_in_numbers_comes_back_by_its_options():
    model = build_ada_atdt(size="base_filters=6, residual_blocks=2", transfer="conv")
    assert (model.encoder_1.base_filters, model.encoder_1.residual_blocks) == (6, 2)
    assert build_ada_atdt(**model.options).options == model.options
