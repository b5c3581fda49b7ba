"""Several devices give what one gives."""

import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt, fit_ada_atdt, methods
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.harness.train_from_config import train_from_config
from adaat_keras.models.base_model import reseed
from adaat_keras.models.preset_format import read_model
from adaat_keras.training.devices import strategy_for

# A method for every step that there is.
STEPS = {
    "adversarial": "ada_atdt",
    "joint": "at_dt",
    "joint_translated": "at_dt_da",
    "supervised": "source_only",
    "supervised_target": "oracle",
    "supervised_translated": "at_dt_da",
    "taught": "label_teacher",
    "teacher": "ada_atdt",
    "transfer": "ada_atdt",
    "transfer_translated": "at_dt_da",
    "translation": "cycle_gan",
    "semantic_translation": "cycada",
    "confusion": "fcns_in_the_wild",
    "confusion_without_sizes": "cycada",
    "discrepancy": "dan",
}
# What recipes leave out, and what draws from the whole batch.
EVERYTHING = {
    "moment_weight": 0.1,
    "edge_weight": 0.1,
    "decoded_weight": 1.0,
    "teacher_weight": 1.0,
    "consistency_weight": 0.5,
    "base_1_weight": 0.5,
    "adversarial_loss": "wasserstein",
}


def steps_on(devices, method, config):
    """The setup on some devices, its networks of one seed, and the method's steps by name."""
    strategy = strategy_for(devices)
    with strategy.scope():
        model = build_ada_atdt(size="tiny", transfer="conv")
    for seed, network in enumerate(model.networks.values()):
        reseed(network, seed)
    setup = Setup(config, model, strategy)
    return setup, {step.name: step for step in methods.get(method).steps(setup)}


def trained_on(devices, name, config):
    """A step's networks after two batches."""
    setup, steps = steps_on(devices, STEPS[name], config)
    with setup.strategy.scope():
        trainer = steps[name].make_trainer()
    batches = setup.for_devices(steps[name].batches(0))
    trainer.fit(batches, steps_per_epoch=2, shuffle=False, verbose=0)
    return {network: setup.networks[network].get_weights() for network in steps[name].networks}


# SGD scales no gradient, so that nothing hides an error. Adam as it is used makes whole steps of
# the rounding where a gradient is flat, which a larger epsilon prevents.
OPTIMIZERS = {
    "sgd": lambda rate: keras.optimizers.SGD(0.05 * rate),
    "adam": lambda rate: keras.optimizers.Adam(5e-3 * rate, epsilon=0.1),
}


@pytest.fixture
def optimizer(request, monkeypatch):
    """The optimizer of every step."""
    make = OPTIMIZERS[request.param]
    monkeypatch.setattr(Setup, "optimizer", lambda self, rate=1.0, *_: make(rate))


def assert_equal(one, two, network):
    atol = 1e-5 * max(np.abs(weight).max() for weight in one)
    for ours, theirs in zip(one, two, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=atol, err_msg=network)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly", "optimizer")
@pytest.mark.parametrize(
    ("optimizer", "name"),
    [*(("sgd", name) for name in STEPS), ("adam", "adversarial"), ("adam", "transfer")],
    indirect=["optimizer"],
)
def test_two_devices_train_a_step_as_one_does(name, tiny):
    config = tiny(method=STEPS[name], **EVERYTHING)
    one, two = (trained_on(devices, name, config) for devices in (1, 2))
    for network, weights in one.items():
        assert_equal(weights, two[network], network)


def test_the_steps_above_are_all_that_there_are(tiny):
    config = tiny(**EVERYTHING)
    found = {name for method in methods.names() for name in steps_on(1, method, config)[1]}
    assert found == set(STEPS)


def test_fit_takes_a_strategy_and_half_precision(frames, tmp_path):
    strategy = strategy_for(2)
    with strategy.scope():
        model = build_ada_atdt(size="tiny", transfer="conv", dtype="mixed_bfloat16")
    options = {"method": "source_only", "epochs": 1, "steps_per_epoch": 1, "batch_size": 4}
    opened = {"crop": 64, "source_options": frames, "target_options": frames}
    history = fit_ada_atdt(
        model, directory=tmp_path, strategy=strategy, verbose=0, **options, **opened
    )
    assert np.isfinite(history["supervised"]["loss"]).all()
    assert load_run(tmp_path)[0].precision == "mixed_bfloat16"


def test_fit_refuses_float16_with_the_way_out(tmp_path):
    model = build_ada_atdt(size="tiny", transfer="conv", dtype="mixed_float16")
    with pytest.raises(ValueError, match=r"'mixed_float16'.*mixed_bfloat16"):
        fit_ada_atdt(model, directory=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("optimizer")
@pytest.mark.parametrize("optimizer", ["adam"], indirect=True)
def test_two_devices_train_the_weights_of_one(tiny, tmp_path):
    for devices in ("1", "2"):
        # Two optimizers in one step.
        config = tiny(method="fcns_in_the_wild", steps=["confusion"], epochs=1)
        train_from_config(config, tmp_path / devices, devices=devices, verbose=0)
    one, two = (RunFolder(tmp_path / devices).model for devices in ("1", "2"))
    one, two = (read_model(path).networks for path in (one, two))
    for name, network in one.items():
        assert_equal(network.get_weights(), two[name].get_weights(), name)


def test_a_batch_that_devices_cannot_share_is_an_error(tiny, tmp_path):
    with pytest.raises(ValueError, match=r"batch_size must be a multiple of 4.* not 2"):
        train_from_config(tiny(batch_size=2), tmp_path / "run", devices="2")
    assert not (tmp_path / "run").exists()
