import pytest

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.models import transfer
from adaat_keras.models.sizes import ARCHITECTURES, SIZES, size_name

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
    ],
)
def test_an_unknown_name_lists_those_that_exist(argument, names):
    with pytest.raises(ValueError, match="'nosuch'.*" + ".*".join(names)):
        build_ada_atdt(**{argument: "nosuch"})


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_has_its_own_networks_of_a_size(name):
    model = build_ada_atdt(size="tiny", architecture=name)
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
