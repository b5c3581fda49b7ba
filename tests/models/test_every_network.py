"""What holds for every network, and for every transfer function that exists."""

import inspect
from functools import partial

import keras
import numpy as np
import pytest

from adaat_keras import models
from adaat_keras.models import (
    BaseModel,
    Decoder,
    DilatedResnet50,
    DomainClassifier,
    Encoder,
    Generator,
    MobilenetV2,
    PatchDiscriminator,
    UpsamplingDecoder,
    transfer,
)

FEATURES = 16

# A maker, the input's channels and the output's shape for an input of 1 x 32 x 64.
NETWORKS = {
    "encoder": (lambda **o: Encoder(4, 1, **o), 3, (1, 8, 16, FEATURES)),
    "decoder": (lambda **o: Decoder(5, 4, **o), FEATURES, (1, 128, 256, 5)),
    "dilated_resnet50": (lambda **o: DilatedResnet50(4, 1, **o), 3, (1, 2, 4, 128)),
    "mobilenet_v2": (lambda **o: MobilenetV2(4, 1, **o), 3, (1, 8, 16, FEATURES)),
    "upsampling_decoder": (lambda **o: UpsamplingDecoder(5, 1, **o), 32, (1, 512, 1024, 5)),
    "domain_classifier": (lambda **o: DomainClassifier(FEATURES, **o), FEATURES, (1, 4, 8, 1)),
    "pixel_classifier": (
        lambda **o: DomainClassifier(FEATURES, view="pixel", **o),
        FEATURES,
        (1, 32, 64, 1),
    ),
    "generator": (lambda **o: Generator(4, 1, **o), 3, (1, 32, 64, 3)),
    "patch_discriminator": (lambda **o: PatchDiscriminator(4, **o), 3, (1, 4, 8, 1)),
    "base_model": (
        lambda dtype=None, **o: BaseModel(
            Encoder(4, 1, dtype=dtype), Decoder(5, 4, dtype=dtype), **o
        ),
        3,
        (1, 32, 64, 5),
    ),
} | {
    name: (
        partial(transfer.get(name), FEATURES),
        FEATURES,
        (1, 32, 64, FEATURES),
    )
    for name in transfer.names()
}

every_network = pytest.mark.parametrize("name", list(NETWORKS))
pytestmark = pytest.mark.usefixtures("eagerly")


def test_none_is_left_out():
    """`AdaAtdt` is made of six, and has tests of its own; `Network` is what all derive from."""
    tested = {type(make()).__name__ for make, _, _ in NETWORKS.values()}
    assert tested == {*models.__all__} - {"AdaAtdt", "Network"}


@every_network
def test_every_argument_has_a_type_hint(name):
    arguments = inspect.signature(type(NETWORKS[name][0]()).__init__).parameters.values()
    lacking = {each.name for each in arguments if each.annotation is each.empty}
    assert lacking == {"self", "kwargs"}


def inputs_of(name):
    shape = (1, 32, 64, NETWORKS[name][1])
    return np.random.default_rng(0).uniform(0, 2, shape).astype(np.float32)


@every_network
def test_it_gives_the_shape_that_its_docstring_promises(name):
    make, _, shape = NETWORKS[name]
    assert make()(inputs_of(name)).shape == shape


@every_network
def test_it_comes_back_from_its_config(name):
    network = NETWORKS[name][0](name="mine")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network))
    assert type(again) is type(network)
    assert again.get_config() == network.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in network.weights]


@every_network
def test_it_saves_and_reloads_with_equal_weights_outputs_and_precision(name, tmp_path):
    """A precision that is not Keras' own, so that it has to be kept."""
    network = NETWORKS[name][0](dtype="mixed_bfloat16")
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    expected = network.predict(inputs_of(name), verbose=0)
    np.testing.assert_array_equal(again.predict(inputs_of(name), verbose=0), expected)
    assert np.ptp(expected) > 0
    assert again.dtype_policy.name == network.dtype_policy.name


@every_network
def test_its_weights_stay_float32_in_bfloat16(name):
    make, _, shape = NETWORKS[name]
    network = make(dtype="mixed_bfloat16")
    outputs = network(inputs_of(name))
    # What a loss or a metric sees is float32.
    features = name in ("encoder", "dilated_resnet50", "mobilenet_v2") or name in transfer.names()
    assert keras.backend.standardize_dtype(outputs.dtype) == ("bfloat16" if features else "float32")
    assert outputs.shape == shape
    assert {weight.dtype for weight in network.weights} == {"float32"}


@every_network
def test_it_compiles_and_every_weight_learns(name):
    network = NETWORKS[name][0]()
    inputs = inputs_of(name)
    # What 53 layers leave of a gradient before they are trained is little.
    rate = 1e3 if name == "mobilenet_v2" else 1e-2
    network.compile(keras.optimizers.SGD(rate), keras.losses.MeanSquaredError(), jit_compile=False)
    before = network.get_weights()
    targets = np.random.default_rng(1).normal(size=NETWORKS[name][2])
    loss = network.fit(inputs, targets, verbose=0).history["loss"]
    assert np.isfinite(loss).all()
    # A bias that instance normalization follows has no effect, hence no gradient to speak of.
    kernels = [(a, b) for a, b in zip(before, network.get_weights(), strict=True) if a.ndim == 4]
    assert all(np.abs(a - b).max() > 0 for a, b in kernels)
