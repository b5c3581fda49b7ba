"""What `cycle_gan` and `at_dt_da` train on: source images in the target's look."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from domain_toy import network
from method_kit import TINY, make_stages, make_trainers
from trainer_kit import changed, weights_of

from adaat_keras import build_ada_atdt, methods, tasks
from adaat_keras.methods import Recipe, Training, TransferTrainer
from adaat_keras.training import SupervisedTrainer


def negative():
    return network(1, keras.layers.Rescaling(-1.0))


def images(rng, count=8):
    return rng.normal(size=(count, 4, 4, 1)).astype("float32")


def convolution(inputs=1):
    made = network(inputs, keras.layers.Conv2D(1, 1))
    made.stride = 1
    return made


def errors_on_the_target(translator):
    """Of both tasks; the target's images are the negatives of what the source's would be."""
    keras.utils.set_random_seed(1)
    encoder_1, encoder_2, transfer, decoder_1, decoder_2 = (convolution() for _ in range(5))
    rng = np.random.default_rng(0)
    squared = keras.losses.MeanSquaredError
    for encoder, decoder, factor in ((encoder_1, decoder_1, 1), (encoder_2, decoder_2, 2)):
        trainer = SupervisedTrainer(encoder, decoder, translator=translator)
        trainer.compile(keras.optimizers.Adam(0.03), squared())
        for _ in range(200):
            x = images(rng)
            trainer.train_on_batch((x,), (factor * x,))
    trainer = TransferTrainer(encoder_1, encoder_2, transfer, decoder_2, translator=translator)
    trainer.compile(keras.optimizers.Adam(0.03), squared())
    for _ in range(200):
        trainer.train_on_batch(images(rng))
    x = images(rng)
    seen = tf.constant(-x)
    return (
        float(np.mean((decoder_1(encoder_1(seen)) - x) ** 2)),
        float(np.mean((trainer(seen) - 2 * x) ** 2)),
    )


def test_only_translated_images_teach_a_look_that_turns_the_images_around():
    assert errors_on_the_target(negative()) == pytest.approx((0, 0), abs=0.05)
    assert min(errors_on_the_target(None)) > 2


# --- AT/DT with its own networks: `architecture="dilated_resnet50"`

OWN = {"architecture": "dilated_resnet50"}


@pytest.mark.quick
@pytest.mark.parametrize("method", ["ada_atdt", "at_dt", "at_dt_da"])
def test_another_architecture_is_another_transfer_and_no_other_stage(method):
    parts = tasks.get("depth"), tasks.get("semantic"), Recipe.paper(), Training()
    ours, theirs = (
        methods.get(method).stages(*parts, architecture)
        for architecture in ("residual", "dilated_resnet50")
    )
    assert ours[:-1] == theirs[:-1]
    assert ours[-1] == dataclasses.replace(theirs[-1], squared=False) != theirs[-1]


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("options", [{"transfer": "conv"}, OWN], ids=["ours", "AT/DT's"])
def test_features_are_matched_by_l1_in_our_networks_and_by_l2_in_at_dts(options, source, target):
    model = build_ada_atdt(size="tiny", seed=0, **options)
    *_, transfer = methods.AtDt().stages(
        tasks.get("depth"),
        tasks.get("semantic"),
        Recipe.paper(),
        Training(**TINY),
        model.encoder_1.architecture,
    )
    feed, _ = make_stages("at_dt", source, target)
    batch = next(iter(transfer.batches(feed, 0)))
    difference = np.asarray(model.transfer(model.encoder_1(batch)) - model.encoder_2(batch))
    expected = np.mean(difference**2 if options == OWN else np.abs(difference))
    logs = transfer.trainer(model.networks, feed).train_on_batch(batch, return_dict=True)
    assert logs["transfer_loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.usefixtures("eagerly")
def test_a_domain_classifier_can_look_at_its_features_too(source, target):
    model = build_ada_atdt(size="tiny", **OWN)
    feed, stages = make_stages("ada_atdt", source, target)
    trainer = stages["adversarial"].trainer(model.networks, feed)
    before = weights_of(model)
    batch = next(iter(stages["adversarial"].batches(feed, 0)))
    logs = trainer.train_on_batch(*batch, return_dict=True)
    assert np.isfinite(list(logs.values())).all()
    assert changed(before, weights_of(model)) == {"encoder_1", "decoder_1", "domain_classifier"}


@pytest.mark.usefixtures("eagerly")
def test_at_dt_da_sees_translated_images_of_the_source_in_every_stage(source, target):
    model = build_ada_atdt(size="tiny", transfer="conv")
    trainers = make_trainers("at_dt_da", model, source, target)
    translators = {name: trainer.translator for name, trainer in trainers.items()}
    to_target = trainers["translation"].to_target
    assert translators == {
        "translation": None,
        "joint_translated": to_target,
        "supervised_translated": to_target,
        "teacher": None,
        "transfer_translated": to_target,
    }
