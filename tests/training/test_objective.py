"""The objective of DESIGN.md 4, by hand: (1 - alpha) * adversarial + alpha * task."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from trainer_kit import (
    assert_close_weights,
    frames,
    make_batches,
    make_model,
    make_trainer,
    weights_of,
)

from adaat_keras import tasks
from adaat_keras.layers import GradientReversal
from adaat_keras.models import Encoder
from adaat_keras.training import losses as adversarial_losses
from adaat_keras.training.adversarial_trainer import AdversarialTrainer
from adaat_keras.training.trainer import SupervisedTrainer

# y is the soft label, z the logit; in units of what a classifier scores that says "either".
FORMULAS = {
    "least_squares": lambda y, z: (z - y) ** 2 / 0.16,
    "binary_crossentropy": lambda y, z: (
        -(y * tf.math.log_sigmoid(z) + (1 - y) * tf.math.log_sigmoid(-z)) / np.log(2)
    ),
    "wasserstein": lambda y, z: -(2 * y - 1) * z,
}
# The gradient penalty has a closed form for the linear critic alone.
CASES = [(loss, "linear") for loss in adversarial_losses.names()] + [
    (loss, "network")
    for loss in adversarial_losses.names()
    if not adversarial_losses.get(loss).gradient_penalty
]
ALPHA, BASE_RATE, CLASSIFIER_RATE = 0.3, 0.05, 0.2


def by_hand(loss):
    """The formula of a loss; of a loss that this test does not know, its own."""
    if loss in FORMULAS:
        return lambda y, z: tf.reduce_mean(FORMULAS[loss](tf.reshape(y, (-1, 1, 1, 1)), z))
    return lambda y, z: adversarial_losses.get(loss)(tf.round(y), z)


def depth_by_hand(metres, outputs):
    """L1 on depth / 100 m, the mean over images of each image's mean over valid pixels."""
    valid = tf.cast((metres > 0) & (metres <= 100), "float32")
    errors = tf.abs(outputs[..., 0] - metres / 100) * valid
    each = tf.reduce_sum(errors, (1, 2)) / tf.maximum(tf.reduce_sum(valid, (1, 2)), 1)
    return tf.reduce_mean(each) / tasks.get("depth").loss().ignorance


def linear_critic(features=16, kernel=None, bias=0.0):
    """A classifier whose gradient with respect to features is the same everywhere."""
    critic = keras.Sequential([keras.Input((None, None, features)), keras.layers.Conv2D(1, 1)])
    if kernel is not None:
        critic.set_weights([np.reshape(kernel, (1, 1, features, 1)), np.array([bias])])
    return critic


def penalty_by_hand(critic, locations):
    """`10 (|grad| - 1)^2` of a linear critic's mean over a map: its gradient is w / locations."""
    norm = tf.norm(critic.trainable_variables[0]) / np.sqrt(locations)
    return 10 * (norm - 1) ** 2


def trainer_with(model, classifier, loss, **options):
    trainer = AdversarialTrainer(model.encoder_1, model.decoder_1, classifier, **options)
    trainer.compile(
        keras.optimizers.SGD(BASE_RATE),
        keras.optimizers.SGD(CLASSIFIER_RATE),
        tasks.get(model.from_task).loss(),
        adversarial_losses.get(loss),
    )
    return trainer


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(("loss", "critic"), CASES)
@pytest.mark.parametrize("reversal", [False, True], ids=["flipped", "reversed"])
def test_a_step_is_gradient_descent_on_the_formula(loss, critic, reversal):
    model, twin = make_model(), make_model()
    if critic == "linear":
        model.domain_classifier, twin.domain_classifier = linear_critic(), linear_critic()
        twin.domain_classifier.set_weights(model.domain_classifier.get_weights())
    images, labels = next(iter(make_batches("adversarial", model)))
    logs = trainer_with(
        model, model.domain_classifier, loss, alpha=ALPHA, gradient_reversal=reversal
    ).train_on_batch(images, labels, return_dict=True)

    adversarial = by_hand(loss)
    soft = tf.constant([0.9] * 4 + [0.1] * 4)
    base = twin.encoder_1.trainable_variables + twin.decoder_1.trainable_variables
    classifier = twin.domain_classifier.trainable_variables
    x = tf.concat(images, 0)
    with tf.GradientTape() as tape:
        logits = twin.domain_classifier(twin.encoder_1(x))
        against = -adversarial(soft, logits) if reversal else adversarial(1 - soft, logits)
        outputs = twin.decoder_1(twin.encoder_1(x))
        parts = [depth_by_hand(y, o) for y, o in zip(labels, tf.split(outputs, 2), strict=True)]
        total = (1 - ALPHA) * against + ALPHA * (parts[0] + parts[1]) / 2
    base_gradients = tape.gradient(total, base)
    with tf.GradientTape() as tape:
        own = adversarial(soft, twin.domain_classifier(twin.encoder_1(x)))
        if adversarial_losses.get(loss).gradient_penalty:
            own += penalty_by_hand(twin.domain_classifier, locations=64)
    classifier_gradients = tape.gradient(own, classifier)
    for rate, variables, gradients in (
        (BASE_RATE, base, base_gradients),
        (CLASSIFIER_RATE, classifier, classifier_gradients),
    ):
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign_sub(rate * gradient)

    assert_close_weights(weights_of(model), weights_of(twin), relative=2e-6)
    assert logs == pytest.approx(
        {
            "loss": float(total),
            "adversarial_loss": float(against),
            "classifier_loss": float(own),
            "source_task_loss": float(parts[0]),
            "target_task_loss": float(parts[1]),
            **{name: logs[name] for name in logs if name.endswith("accuracy")},
        },
        rel=1e-4,
    )


@pytest.mark.parametrize("task", tasks.names())
def test_gradient_reversal_reaches_the_weights_of_a_stock_keras_model(task):
    """Two roads: two optimizers and two losses, or one of each and a reversal layer."""
    loss, alpha, steps = "binary_crossentropy", 0.4, 5
    ours, stock = make_model(task), make_model(task)
    images, labels = next(iter(make_batches("adversarial", ours)))
    trainer = make_trainer("adversarial", ours, loss, alpha=alpha, gradient_reversal=True)
    for _ in range(steps):
        trainer.train_on_batch(images, labels)

    image = keras.Input((32, 32, 3))
    features = stock.encoder_1(image)
    logits = stock.domain_classifier(GradientReversal(1 - alpha)(features))
    model = keras.Model(image, [stock.decoder_1(features), logits])
    model.compile(
        keras.optimizers.SGD(0.05),
        [tasks.get(task).loss(), adversarial_losses.get(loss)],
        loss_weights=[alpha, 1.0],
        jit_compile=False,
    )
    x, y = np.concatenate(images), np.concatenate(labels)
    domains = np.repeat([1.0, 0.0], 4)
    before = weights_of(stock)
    model.fit(x, [y, domains], batch_size=8, epochs=steps, shuffle=False, verbose=0)

    assert_close_weights(weights_of(ours), weights_of(stock), relative=1e-5)
    with pytest.raises(AssertionError):
        assert_close_weights(weights_of(stock), before, relative=1e-3)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("loss", adversarial_losses.names())
def test_alpha_one_leaves_the_classifier_without_influence(loss):
    with_classifier, without = make_model(), make_model()
    data = make_batches("joint", without)
    trainer = make_trainer("adversarial", with_classifier, loss, alpha=1.0)
    trainer.fit(data, shuffle=False, verbose=0)
    make_trainer("joint", without).fit(data, shuffle=False, verbose=0)
    for name in ("encoder_1", "decoder_1"):
        pairs = zip(
            with_classifier.networks[name].get_weights(),
            without.networks[name].get_weights(),
            strict=True,
        )
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("alpha", [-0.1, 1.1])
def test_alpha_outside_zero_to_one_is_a_clear_error(alpha):
    with pytest.raises(ValueError, match=f"between 0 and 1, not {alpha}"):
        make_trainer("adversarial", make_model(), alpha=alpha)


def test_one_encoder_pass_serves_the_three_losses():
    class Counted(Encoder):
        calls = 0

        def call(self, *args, **kwargs):
            Counted.calls += 1
            return super().call(*args, **kwargs)

    model = make_model()
    model.encoder_1 = Counted(4, 1)
    for kind in ("adversarial", "joint"):
        for loss in adversarial_losses.names():
            batch = next(iter(make_batches(kind, model)))
            trainer = make_trainer(kind, model, loss)
            Counted.calls = 0
            trainer.train_step(batch)
            assert Counted.calls == 1


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(
    ("norm", "penalty"), [(1.0, 0.0), (3.0, 40.0), (0.5, 2.5)], ids=["unit", "steep", "flat"]
)
def test_the_gradient_penalty_is_zero_at_unit_slope_and_else_its_closed_form(norm, penalty):
    model = make_model()
    kernel = np.random.default_rng(0).normal(size=16)
    # The critic's mean over 8 x 8 locations has slope |w| / 8.
    critic = linear_critic(kernel=8 * norm * kernel / np.linalg.norm(kernel))
    trainer = trainer_with(model, critic, "wasserstein")
    features = tf.random.stateless_normal((8, 8, 8, 16), (1, 2))
    assert float(trainer.gradient_penalty(features)) == pytest.approx(penalty, abs=1e-4)


@pytest.mark.usefixtures("eagerly")
def test_the_gradient_penalty_draws_anew_each_step_and_the_same_after_a_restart():
    model = make_model()
    trainer = trainer_with(model, model.domain_classifier, "wasserstein")
    features = tf.random.stateless_normal((8, 8, 8, 16), (1, 2))
    first = float(trainer.gradient_penalty(features))
    trainer.optimizer.iterations.assign(1)
    second = float(trainer.gradient_penalty(features))
    trainer.optimizer.iterations.assign(0)
    assert float(trainer.gradient_penalty(features)) == first != second


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("loss", adversarial_losses.names())
@pytest.mark.parametrize(("bias", "source"), [(50.0, 1.0), (-50.0, 0.0)])
def test_a_classifier_that_always_says_one_domain_has_accuracy_one_and_zero(loss, bias, source):
    model = make_model()
    trainer = trainer_with(model, linear_critic(kernel=np.zeros(16), bias=bias), loss)
    images, labels = next(iter(make_batches("adversarial", model)))
    logs = trainer.train_on_batch(images, labels, return_dict=True)
    assert (logs["source_domain_accuracy"], logs["target_domain_accuracy"]) == (source, 1 - source)


@pytest.mark.usefixtures("eagerly")
def test_the_supervised_step_is_gradient_descent_on_the_mean_over_domains():
    model, twin = make_model(), make_model()
    images, labels = next(iter(make_batches("joint", model)))
    make_trainer("joint", model).train_on_batch(images, labels)
    variables = twin.encoder_1.trainable_variables + twin.decoder_1.trainable_variables
    with tf.GradientTape() as tape:
        outputs = [twin.decoder_1(twin.encoder_1(x)) for x in images]
        loss = sum(depth_by_hand(y, o) for y, o in zip(labels, outputs, strict=True)) / 2
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        variable.assign_sub(0.05 * gradient)
    assert_close_weights(weights_of(model), weights_of(twin), relative=2e-6)


@pytest.mark.usefixtures("eagerly")
def test_the_transfer_step_is_gradient_descent_on_the_l1_distance_of_features():
    model, twin = make_model(), make_model()
    images, _ = frames("depth", 4)
    make_trainer("transfer", model).train_on_batch(images)
    variables = twin.transfer.trainable_variables
    with tf.GradientTape() as tape:
        moved = twin.transfer(twin.encoder_1(images))
        loss = tf.reduce_mean(tf.abs(moved - twin.encoder_2(images)))
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        variable.assign_sub(0.05 * gradient)
    assert_close_weights(weights_of(model), weights_of(twin), relative=2e-6)


@pytest.mark.usefixtures("eagerly")
def test_labels_are_never_looked_at_by_the_transfer():
    images, labels = frames("semantic", 4)
    with_labels, without = make_model(), make_model()
    make_trainer("transfer", with_labels).train_on_batch(images, np.full_like(labels, 77))
    make_trainer("transfer", without).train_on_batch(images)
    np.testing.assert_equal(weights_of(with_labels), weights_of(without))


@pytest.mark.usefixtures("eagerly")
def test_supervised_logs_carry_the_names_of_their_domains():
    model = make_model()
    trainer = SupervisedTrainer(model.encoder_1, model.decoder_1, ("night",))
    trainer.compile(keras.optimizers.SGD(), tasks.get("depth").loss())
    data = make_batches("supervised", model)
    assert set(trainer.fit(data, validation_data=data, verbose=0).history) == {
        "loss",
        "night_task_loss",
        "val_night_task_loss",
    }
