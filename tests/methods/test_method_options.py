"""A method's own options reach what trains it."""

import pytest

from adaat_keras import build_ada_atdt, methods
from adaat_keras.methods.harness.setup import Setup

OPTIONS = {
    "dan": {"mmd_weight": 0.25},
    "fcns_in_the_wild": {"confusion_weight": 0.25, "size_weight": 0.75},
    "cycada": {"confusion_weight": 0.25, "semantic_weight": 0.75},
}
TO_DEPTH = {"from_task": "semantic", "to_task": "depth"}


def trainers(method, config):
    """The trainers of a method's steps, by the steps' names."""
    model = build_ada_atdt(config.from_task, config.to_task, size="tiny", transfer="conv")
    setup = Setup(config, model, None)
    return {step.name: step.make_trainer() for step in methods.get(method).steps(setup)}


@pytest.mark.parametrize("method", OPTIONS)
def test_a_methods_options_are_its_trainers(method, tiny):
    made = trainers(method, tiny(**OPTIONS[method])).values()
    for name, value in OPTIONS[method].items():
        found = [getattr(trainer, name) for trainer in made if hasattr(trainer, name)]
        # CyCADA's confusion is FCNs in the wild's trainer, without sizes.
        assert value in found


def test_class_sizes_are_those_of_fcns_in_the_wild_and_of_classes_alone(tiny):
    sizes = trainers("fcns_in_the_wild", tiny())["confusion"].class_sizes
    assert sizes.mean.shape == (11,)
    assert (sizes.lower <= sizes.upper).all()
    assert trainers("fcns_in_the_wild", tiny(**TO_DEPTH))["confusion"].class_sizes is None
    assert trainers("cycada", tiny())["confusion_without_sizes"].class_sizes is None


def test_cycada_asks_for_meaning_where_cycle_gan_asks_for_identity(tiny):
    cycada = trainers("cycada", tiny())["semantic_translation"]
    cycle_gan = trainers("cycle_gan", tiny())["translation"]
    assert (cycada.identity_weight, cycle_gan.identity_weight) == (0.0, 0.5)
    assert cycada.segmenter is not None
    assert cycle_gan.segmenter is None


@pytest.mark.parametrize("method", ["dan", "fcns_in_the_wild", "cycada"])
def test_what_adapts_a_network_begins_with_one_that_is_trained_on_the_source(method, tiny):
    assert next(iter(trainers(method, tiny()))) == "supervised"
