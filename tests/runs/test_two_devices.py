"""Several devices give what one gives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import build_ada_atdt, domains, fit_ada_atdt, methods
from adaat_keras.domains.batches import distribute
from adaat_keras.methods.recipe import Training
from adaat_keras.methods.stage import Feed
from adaat_keras.models.base_model import reseed
from adaat_keras.models.preset_format import read_model
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.train import train_from_config
from adaat_keras.training.devices import strategy_for

# A method for every stage that there is.
STAGES = {
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
    "decoded_weight": 1.0,
    "teacher_weight": 1.0,
    "base_1_weight": 0.5,
    "adversarial_loss": "wasserstein",
}
# Those with the most losses, and CycleGAN's; `tests/training/test_devices.py` has the other
# trainers. By seed: others have features so near a kink (of |x| or ReLU) that rounding decides a
# gradient.
TRAINED = {"adversarial": 1, "transfer": 4, "translation": 5, "semantic_translation": 4}


def stages_of(method, config):
    """The method's stages by name."""
    parts = (config.from_task, config.to_task, config.recipe, config.training)
    return {stage.name: stage for stage in methods.get(method).stages(*parts)}


def feed_of(config, devices):
    splits = (config.splits(role) for role in ("source", "target"))
    return Feed(*splits, config.training, strategy_for(devices))


def trained_on(devices, name, config):
    """A stage's networks after a batch, all networks of one seed."""
    strategy = strategy_for(devices)
    with strategy.scope():
        model = build_ada_atdt(size="tiny", transfer="conv")
    for seed, network in enumerate(model.networks.values()):
        reseed(network, seed)
    feed = feed_of(config, devices)
    networks = dict(model.networks)
    with strategy.scope():
        for stage in stages_of(STAGES[name], config).values():
            networks |= stage.extra_networks(model)
            if stage.name == name:
                break
        trainer = stage.trainer(networks, feed)
    batches = feed.for_devices(stage.batches(feed, 0))
    trainer.fit(batches, steps_per_epoch=1, shuffle=False, verbose=0)
    return {network: networks[network].get_weights() for network in stage.networks}


# SGD scales no gradient, so that nothing hides an error. Adam as it is used makes whole steps of
# the rounding where a gradient is flat, which a larger epsilon prevents.
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05),
    "adam": lambda: keras.optimizers.Adam(5e-3, epsilon=0.1),
}


@pytest.fixture
def optimizer(request, monkeypatch):
    """The optimizer of every stage."""
    make = OPTIMIZERS[request.param]
    monkeypatch.setattr(Training, "optimizer", lambda self, **_: make())


def assert_equal(one, two, network):
    # Rounding at a kink moves a weight by up to this, on one core otherwise than on two; a
    # gradient that one device counts twice moves weights by thirty times as much.
    atol = 1e-4 * max(np.abs(weight).max() for weight in one)
    for ours, theirs in zip(one, two, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=atol, err_msg=network)


@pytest.mark.parametrize("name", STAGES)
def test_two_devices_share_what_one_is_given(name, config):
    """Each half of a stage's batch, of both domains, and each frame of its validation once."""
    run = config(method=STAGES[name], **EVERYTHING)
    stage = stages_of(STAGES[name], run)[name]
    one, two = (feed_of(run, devices) for devices in (1, 2))
    [whole], halves = stage.batches(one, 0).take(1), [*stage.batches(two, 0).take(2)]
    joined = tf.nest.map_structure(lambda *parts: np.concatenate(parts), *halves)
    tf.nest.map_structure(np.testing.assert_array_equal, joined, whole)
    if stage.validation(one) is not None:
        frames = [*stage.validation(one)]
        dealt, steps = distribute(stage.validation(two), two.portion)
        given = [*dealt.take(2 * steps)]
        assert steps == -(-len(frames) // 2)
        tf.nest.map_structure(np.testing.assert_array_equal, given[: len(frames)], frames)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly", "optimizer")
@pytest.mark.parametrize("optimizer", ["sgd"], indirect=True)
@pytest.mark.parametrize("name", TRAINED)
def test_two_devices_train_a_stage_as_one_does(name, config, frames):
    # Of four frames, rounding turns the signs of some L1 losses around in the second step.
    eight = {**frames, "frames": 8, "cache": f"{frames['cache']}-of-8"}
    more = {f"{role}_options": eight for role in ("source", "target")}
    run = config(method=STAGES[name], seed=TRAINED[name], **EVERYTHING, **more)
    one, two = (trained_on(devices, name, run) for devices in (1, 2))
    for network, weights in one.items():
        assert_equal(weights, two[network], network)


@pytest.mark.quick
def test_the_stages_above_are_all_that_there_are(config):
    run = config(**EVERYTHING)
    found = {name for method in methods.names() for name in stages_of(method, run)}
    assert found == set(STAGES)


def test_fit_takes_a_strategy_and_half_precision(frames, tmp_path, graphs):
    strategy = strategy_for(2)
    with strategy.scope():
        model = build_ada_atdt(size="tiny", transfer="conv", dtype="mixed_bfloat16")
    source, target = (
        {split: domains.get(name, split=split, **frames) for split in ("train", "val")}
        for name in ("streets_sim", "streets_real")
    )
    options = {"method": "source_only", "epochs": 1, "steps_per_epoch": 1, "batch_size": 4}
    options |= {"crop": 64, "strategy": strategy, "verbose": 0}
    history = fit_ada_atdt(model, source, target, directory=tmp_path, **options)
    assert np.isfinite(history["supervised"]["loss"]).all()
    assert RunFolder(tmp_path).read_config().networks.precision == "mixed_bfloat16"
    # In memory as well.
    with graphs(False):
        history = fit_ada_atdt(model, source, target, **options)
    assert np.isfinite(history["supervised"]["val_source_task_loss"]).all()


@pytest.mark.quick
def test_fit_refuses_float16_with_the_way_out(tmp_path):
    model = build_ada_atdt(size="tiny", transfer="conv", dtype="mixed_float16")
    with pytest.raises(ValueError, match=r"'mixed_float16'.*mixed_bfloat16"):
        fit_ada_atdt(model, directory=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly", "optimizer", "unreported")
@pytest.mark.parametrize("optimizer", ["adam"], indirect=True)
def test_two_devices_train_the_weights_of_one(config, tmp_path):
    for devices in ("1", "2"):
        # Two optimizers in one step.
        run = config(method="fcns_in_the_wild", stages=["confusion"], epochs=1)
        train_from_config(run, tmp_path / devices, devices=devices, verbose=0)
    one, two = (RunFolder(tmp_path / devices).model for devices in ("1", "2"))
    one, two = (read_model(path).networks for path in (one, two))
    for name, network in one.items():
        assert_equal(network.get_weights(), two[name].get_weights(), name)


@pytest.mark.quick
def test_a_batch_that_devices_cannot_share_is_an_error(config, tmp_path):
    with pytest.raises(ValueError, match=r"batch_size must be a multiple of 4.* not 2"):
        train_from_config(config(batch_size=2), tmp_path / "run", devices="2")
    assert not (tmp_path / "run").exists()
