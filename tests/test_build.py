"""`build_ada_atdt`: networks for every pair of tasks, of every size, from a seed."""

import random

import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.build import in_precision
from adaat_keras.models import transfer
from adaat_keras.models.mobilenet_v2 import MobilenetV2
from adaat_keras.models.sizes import ARCHITECTURES, SIZES, size_name
from adaat_keras.runs import train as runs
from adaat_keras.runs.config import RunConfig
from adaat_keras.tasks.depth import Depth

PAIRS = [(a, b) for a in tasks.names() for b in tasks.names() if a != b]


@pytest.mark.parametrize(("from_task", "to_task"), PAIRS)
@pytest.mark.parametrize("name", transfer.names())
def test_every_pair_of_tasks_has_a_model_with_every_transfer(from_task, to_task, name):
    model = build_ada_atdt(from_task, to_task, transfer=name, size="tiny")
    assert model.decoder_1.channels == tasks.get(from_task).channels
    assert model.decoder_2.channels == tasks.get(to_task).channels
    assert model.output_shape[-1] == tasks.get(to_task).channels
    assert model.transfer.kind == name


@pytest.mark.parametrize(
    ("argument", "names"),
    [
        ("from_task", tasks.names()),
        ("to_task", tasks.names()),
        ("transfer", transfer.names()),
        ("size", list(SIZES)),
        ("architecture", list(ARCHITECTURES)),
        ("dtype", ["float32", "bfloat16", "float16", "float64", "mixed_bfloat16", "mixed_float16"]),
    ],
)
def test_an_unknown_name_lists_those_that_exist(argument, names):
    with pytest.raises(ValueError, match="'nosuch'.*" + ".*".join(names)):
        build_ada_atdt(**{argument: "nosuch"})


@pytest.mark.quick
@pytest.mark.parametrize("dtype", ["float8", "int8", "complex64", 5])
def test_what_is_no_precision_of_layers_is_refused_with_those_that_are(dtype):
    with pytest.raises(ValueError, match=f"^unknown precision '{dtype}'; choose one of: float32,"):
        build_ada_atdt(size="tiny", dtype=dtype)


@pytest.mark.quick
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", keras.DTypePolicy("mixed_bfloat16")])
def test_a_precision_is_a_name_or_keras_object(dtype):
    model = build_ada_atdt(transfer="conv", size="tiny", dtype=dtype)
    assert model.encoder_1.dtype_policy.name == "mixed_bfloat16"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_has_its_own_networks_of_a_size(name):
    # There may be no network to fetch ImageNet's weights from.
    trunk = "random" if hasattr(ARCHITECTURES[name].encoder, "load_trunk") else None
    model = build_ada_atdt(size="tiny", architecture=name, trunk=trunk)
    encoder, decoder, own_transfer, _ = ARCHITECTURES[name]
    assert {type(model.encoder_1), type(model.encoder_2)} == {encoder}
    assert {type(model.decoder_1), type(model.decoder_2)} == {decoder}
    assert type(model.transfer) is own_transfer
    assert model.encoder_1.architecture == name
    sizes = (model.encoder_1.base_filters, model.encoder_1.residual_blocks)
    assert size_name(*sizes) == "tiny"
    assert model.domain_classifier.features == model.encoder_1.features


def test_a_transfer_function_that_does_not_fit_the_architecture_is_refused():
    with pytest.raises(ValueError, match=r"'dilated_resnet50' .*'six_convolutions'.*'unet'"):
        build_ada_atdt(transfer="unet", architecture="dilated_resnet50", size="tiny")


@pytest.mark.parametrize("task", tasks.names())
def test_there_is_nothing_to_transfer_from_a_task_to_itself(task):
    with pytest.raises(ValueError, match=f"both '{task}'"):
        build_ada_atdt(task, task, size="tiny")


@pytest.mark.parametrize("size", list(SIZES))
def test_a_size_is_known_by_its_options(size):
    assert size_name(**SIZES[size]) == size


def same(one, other):
    return all(map(np.array_equal, one.get_weights(), other.get_weights()))


@pytest.mark.quick
def test_a_seed_decides_all_first_weights():
    one, again, other = (build_ada_atdt(size="tiny", seed=seed) for seed in (3, 3, 4))
    assert same(one, again)
    for name, network in one.networks.items():
        assert not same(network, other.networks[name])
    # Networks of one shape are no copies of each other.
    assert not same(one.encoder_1, one.encoder_2)


@pytest.mark.quick
def test_a_seed_is_a_whole_number_numpys_too():
    assert same(*(build_ada_atdt(size="tiny", seed=seed) for seed in (3, np.int64(3))))
    for seed in ("x", 1.5):
        with pytest.raises(ValueError, match=f"seed must be a whole number, not {seed!r}"):
            build_ada_atdt(size="tiny", seed=seed)


@pytest.mark.quick
def test_a_seed_decides_the_same_whatever_was_drawn_before_and_changes_nothing_after():
    keras.utils.set_random_seed(1)
    one = build_ada_atdt(size="tiny", seed=3)
    drawn_after = random.random(), build_ada_atdt(size="tiny")
    keras.utils.set_random_seed(1)
    assert drawn_after[0] == random.random()
    assert same(drawn_after[1], build_ada_atdt(size="tiny"))
    assert same(one, build_ada_atdt(size="tiny", seed=3))


class Plain(transfer.get("conv")):
    """A transfer function of one's own."""


@pytest.mark.quick
@pytest.mark.parametrize("what", [Plain, f"{__file__}:Plain"])
def test_a_transfer_function_of_ones_own_is_taken(what):
    model = build_ada_atdt(transfer=what, size="tiny")
    assert type(model.transfer).__name__ == "Plain"
    assert same(*(build_ada_atdt(**{**model.options, "seed": 3}) for _ in range(2)))
    assert type(build_ada_atdt(**model.options).transfer).__name__ == "Plain"


@pytest.mark.quick
def test_without_a_seed_weights_are_drawn_as_any_keras_models():
    keras.utils.set_random_seed(1)
    one, other = build_ada_atdt(size="tiny"), build_ada_atdt(size="tiny")
    assert not same(one, other)
    keras.utils.set_random_seed(1)
    assert same(one, build_ada_atdt(size="tiny"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transfer": 5}, "5 is no transfer function: it is a class that derives from keras.Model"),
        ({"transfer": keras.layers.Dense}, "is no transfer function"),
        ({"transfer": keras.Model}, "is no transfer function"),
        ({"size": {"base_filters": 4}}, "unknown size {'base_filters': 4}; choose one of: tiny"),
    ],
)
def test_what_is_of_another_kind_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        build_ada_atdt(**{"size": "tiny", **options})


def test_building_that_fails_leaves_pythons_generator_as_it_was():
    before = random.getstate()
    with pytest.raises(ValueError, match="unknown size"):
        build_ada_atdt(size="huge", seed=3)
    assert random.getstate() == before


@pytest.mark.quick
@pytest.mark.parametrize("transfer", ["conv", "unet"])
def test_the_command_line_begins_with_the_weights_of_its_seed(transfer, monkeypatch, tmp_path):
    built = []
    monkeypatch.setattr(runs, "train", lambda config, model, *args, **kwargs: built.append(model))
    config = RunConfig.of(
        size="tiny", transfer=transfer, seed=3, from_task="semantic", to_task="depth"
    )
    runs.train_from_config(config, tmp_path)
    assert same(built[0], build_ada_atdt("semantic", "depth", transfer, "tiny", seed=3))


@pytest.mark.parametrize("transfer", ["unet_attention", "conv"])
def test_in_float64_it_predicts_as_in_float32(transfer):
    image = np.random.default_rng(0).uniform(0, 255, (1, 40, 50, 3)).astype("float32")
    options = {"transfer": transfer, "size": "tiny", "seed": 2}
    expected = build_ada_atdt(**options)
    model = build_ada_atdt(**options, dtype="float64")
    model.set_weights(expected.get_weights())
    np.testing.assert_allclose(
        model.predict(image, verbose=0), expected.predict(image, verbose=0), rtol=1e-2, atol=1e-4
    )


def test_networks_in_another_precision_have_the_weights_and_fetch_none(monkeypatch):
    options = {"size": "tiny", "architecture": "mobilenet_v2", "dtype": "mixed_bfloat16"}
    half = build_ada_atdt(**options, trunk="random")
    monkeypatch.setattr(MobilenetV2, "load_trunk", None)
    whole = in_precision(half, "float32")
    assert {network.compute_dtype for network in whole.networks.values()} == {"float32"}
    for ours, theirs in zip(whole.get_weights(), half.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.quick
def test_classes_that_are_defined_in_a_function_are_refused_since_nothing_finds_them_again():
    class Local(transfer.Conv):
        """A transfer function."""

    class Mine(Depth):
        """A task."""

        name = "mine"

    with pytest.raises(ValueError, match="the transfer function Local is defined in a function"):
        _ = build_ada_atdt(transfer=Local, size="tiny").options
    with pytest.raises(ValueError, match="the task Mine is defined in a function"):
        build_ada_atdt(Mine(), "semantic", size="tiny")
