"""Table 1 of the paper, exactly as our networks have it."""

import keras
import pytest

from adaat_keras.models import Decoder, DilatedResnet50, DomainClassifier, Encoder, transfer


@pytest.mark.parametrize(("channels", "count"), [(1, 7_831_425), (11, 7_862_795)])
def test_a_base_model_has_7_8_million_parameters(channels, count):
    assert Encoder().count_params() + Decoder(channels).count_params() == count


def test_with_the_domain_classifier_it_has_16_8_million():
    networks = (Encoder(), Decoder(1), DomainClassifier())
    total = sum(network.count_params() for network in networks)
    assert total / 1e6 == pytest.approx(16.8, abs=0.06)


@pytest.mark.parametrize(("name", "count"), [("unet", 53_223_296), ("unet_attention", 71_806_339)])
def test_the_unets_have_53_2_and_71_8_million(name, count):
    assert transfer.get(name)().count_params() == count


def test_the_dilated_resnet50_has_the_convolutions_of_keras_resnet50():
    """Of normalization it has none of the weights, which are four a channel there."""
    with keras.StatelessScope():
        ours = DilatedResnet50()
        theirs = keras.applications.ResNet50(include_top=False, weights=None)
    norms = [x for x in theirs.layers if isinstance(x, keras.layers.BatchNormalization)]
    kernels = (
        sorted(tuple(w.shape) for w in n.weights if len(w.shape) == 4) for n in (ours, theirs)
    )
    assert next(kernels) == next(kernels)
    assert theirs.count_params() == 23_587_712
    assert ours.count_params() == 23_587_712 - sum(x.count_params() for x in norms)
    assert sum(x.count_params() for x in norms) == 4 * 26_560


def test_at_dts_features_have_2048_channels_at_a_sixteenth_of_the_image():
    with keras.StatelessScope():
        encoder = DilatedResnet50()
        transferred = transfer.get("six_convolutions")(encoder.features)
    assert encoder.compute_output_shape((1, 128, 192, 3)) == (1, 8, 12, 2048)
    assert transferred.count_params() == 6 * (9 * 2048 * 2048 + 2048)


def test_features_have_256_channels_at_a_quarter_of_the_image():
    encoder = Encoder()
    assert encoder.features == 256
    assert encoder.compute_output_shape((1, 128, 192, 3)) == (1, 32, 48, 256)


def test_nothing_is_frozen():
    for network in (Encoder(4, 1), Decoder(1, 4), DomainClassifier(16)):
        assert network.trainable_weights == network.weights
