"""The paper's objectives, by hand and by independent roads, and what each part is for.

Equations 1 and 2: encoder and decoder 1 minimize (1 - alpha) * adversarial + alpha * task;
equation 3: the transfer function minimizes |G(E1(x)) - E2(x)|.
"""

from functools import cache

import domain_toy
import keras
import numpy as np
import pytest
import tensorflow as tf
from method_kit import make_stages, make_trainers
from trainer_kit import (
    assert_close_weights,
    changed,
    depth_by_hand,
    frames,
    make_batches,
    make_model,
    make_trainer,
    weights_of,
)

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.layers import GradientReversal
from adaat_keras.methods import AdaAtdt, AdversarialTrainer, Recipe, Training, TransferTrainer
from adaat_keras.models import Encoder
from adaat_keras.training import losses as adversarial_losses

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
        loss,
    )
    return trainer


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(("loss", "critic"), CASES)
@pytest.mark.parametrize(
    "reversal",
    [pytest.param(False, id="flipped", marks=pytest.mark.quick), pytest.param(True, id="reversed")],
)
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

    assert_close_weights(weights_of(model), weights_of(twin), relative=5e-6)
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


def test_gradient_reversal_reaches_the_weights_of_a_stock_keras_model():
    """Two roads: two optimizers and two losses, or one of each and a reversal layer."""
    loss, alpha, steps = "binary_crossentropy", 0.4, 5
    ours, stock = make_model(), make_model()
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
        [tasks.get("depth").loss(), adversarial_losses.get(loss)],
        loss_weights=[alpha, 1.0],
        jit_compile=False,
    )
    x, y = np.concatenate(images), np.concatenate(labels)
    domains = np.repeat([1.0, 0.0], 4)
    before = weights_of(stock)
    model.fit(x, [y, domains], batch_size=8, epochs=steps, shuffle=False, verbose=0)

    assert_close_weights(weights_of(ours), weights_of(stock), relative=3e-5)
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


@pytest.mark.quick
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
    assert float(trainer.gradient_penalty(features, [4, 4])) == pytest.approx(penalty, abs=1e-4)


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("counts", [[3, 2], [2, 3]])
def test_the_gradient_penalty_never_takes_an_image_for_the_other_domains(counts):
    model = make_model()
    trainer = trainer_with(model, model.domain_classifier, "wasserstein")
    source, target = (tf.random.stateless_normal((n, 8, 8, 16), (1, n)) for n in counts)
    pairs = trainer.gradient_penalty(tf.concat([source[:2], target[:2]], 0), [2, 2])
    penalty = trainer.gradient_penalty(tf.concat([source, target], 0), counts)
    assert float(penalty) == pytest.approx(float(pairs), rel=1e-6)


@pytest.mark.usefixtures("eagerly")
def test_the_gradient_penalty_draws_anew_each_step_and_the_same_after_a_restart():
    model = make_model()
    trainer = trainer_with(model, model.domain_classifier, "wasserstein")
    features = tf.random.stateless_normal((8, 8, 8, 16), (1, 2))
    first = float(trainer.gradient_penalty(features, [4, 4]))
    trainer.optimizer.iterations.assign(1)
    second = float(trainer.gradient_penalty(features, [4, 4]))
    trainer.optimizer.iterations.assign(0)
    assert float(trainer.gradient_penalty(features, [4, 4])) == first != second


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("loss", ["binary_crossentropy", "least_squares"])
@pytest.mark.parametrize(("bias", "source"), [(50.0, 1.0), (-50.0, 0.0)])
def test_a_classifier_that_always_says_one_domain_has_accuracy_one_and_zero(loss, bias, source):
    model = make_model()
    trainer = trainer_with(model, linear_critic(kernel=np.zeros(16), bias=bias), loss)
    images, labels = next(iter(make_batches("adversarial", model)))
    logs = trainer.train_on_batch(images, labels, return_dict=True)
    assert (logs["source_domain_accuracy"], logs["target_domain_accuracy"]) == (source, 1 - source)


@pytest.mark.quick
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
    assert_close_weights(weights_of(model), weights_of(twin), relative=5e-6)


@pytest.mark.usefixtures("eagerly")
def test_labels_are_never_looked_at_by_the_transfer():
    images, labels = frames("semantic", 4)
    with_labels, without = make_model(), make_model()
    make_trainer("transfer", with_labels).train_on_batch(images, np.full_like(labels, 77))
    make_trainer("transfer", without).train_on_batch(images)
    np.testing.assert_equal(weights_of(with_labels), weights_of(without))


# --- What the domain classifier is for: features that do not tell where an image is from.

SEED = 2


def classifier():
    hidden = keras.layers.Conv2D(16, 1, activation="leaky_relu")
    return domain_toy.network(2, hidden, keras.layers.Conv2D(1, 1))


def optimizers(rate, classifier_rate):
    return (
        keras.optimizers.SGD(rate),
        keras.optimizers.AdamW(classifier_rate, weight_decay=0.3, beta_1=0.5),
    )


@cache
def adversarial(alpha, **options):
    trainer = AdversarialTrainer(*domain_toy.base_model(SEED), classifier(), alpha=alpha, **options)
    loss = keras.losses.MeanSquaredError()
    trainer.compile(*optimizers(0.02, 0.01), loss, "binary_crossentropy")
    domain_toy.fit(trainer, SEED, labelled_target=True)
    return domain_toy.probe(trainer, SEED)


@pytest.mark.parametrize("reversal", [False, True], ids=["flipped", "reversed"])
def test_a_probe_finds_the_domain_without_the_adversary_and_not_with_it(reversal):
    without, _ = adversarial(alpha=1.0)
    with_adversary, error = adversarial(alpha=0.2, gradient_reversal=reversal)
    assert without > 0.85
    assert with_adversary < 0.65
    assert error < 0.1  # and the task is learnt all the same


# --- The transfer function trained through decoder 2, on the source's labels and a teacher's.

RATE = 0.05


def transfer_trainer(model, **weights):
    task = tasks.get(model.to_task)
    trainer = TransferTrainer(
        model.encoder_1,
        model.encoder_2,
        model.transfer,
        model.decoder_2,
        # Any network to task 2 will do.
        teacher=model.base_model_2,
        decoder_1=model.decoder_1,
        **weights,
    )
    loss = keras.losses.MeanAbsoluteError()
    picture = tasks.get(model.from_task).picture
    functions = (task.loss(), task.soft_targets, picture, tasks.get(model.from_task).loss())
    trainer.compile(keras.optimizers.SGD(RATE), loss, None, *functions)
    return trainer


def through(model, x):
    return model.decoder_2(model.transfer(model.encoder_1(x)))


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("task", tasks.names())
def test_the_whole_transfer_step_is_gradient_descent_on_the_sum_of_its_four_losses(task):
    model = make_model(task)
    from_task, to_task = tasks.get(task), tasks.get(model.to_task)
    x_a, y_a = frames(model.to_task, 4, seed=0)
    x_b, y_b = frames(task, 4, seed=2)
    _, y_a1 = frames(task, 4, seed=3)
    before = weights_of(model)
    learning = (model.transfer, model.decoder_2, model.encoder_1, model.decoder_1)
    variables = [v for network in learning for v in network.trainable_variables]
    taught = to_task.soft_targets(model.base_model_2(from_task.picture(y_b)))
    with tf.GradientTape() as tape:
        moved = model.transfer(model.encoder_1(x_a))
        loss = tf.reduce_mean(tf.abs(moved - model.encoder_2(x_a)))
        loss += 0.7 * to_task.loss()(y_a, model.decoder_2(moved))
        loss += 0.5 * to_task.loss()(taught, through(model, x_b))
        for x, y in ((x_a, y_a1), (x_b, y_b)):
            loss += 0.2 * from_task.loss()(y, model.decoder_1(model.encoder_1(x)))
    gradients = tape.gradient(loss, variables)
    expected = [v.numpy() - RATE * g.numpy() for v, g in zip(variables, gradients, strict=True)]
    trainer = transfer_trainer(model, decoded_weight=0.7, teacher_weight=0.5, base_1_weight=0.4)
    images = {"source": x_a, "target": x_b}
    labels = {"source": y_a, "source_1": y_a1, "target": y_b}
    logs = trainer.train_on_batch(images, labels, return_dict=True)
    assert logs["loss"] == pytest.approx(float(loss), rel=1e-5)
    for variable, value in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-6)
    assert changed(before, weights_of(model)) == {"transfer", "decoder_2", "encoder_1", "decoder_1"}


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_without_weights_neither_labels_nor_target_are_asked_for():
    model = make_model()
    logs = transfer_trainer(model).train_on_batch(frames(model.to_task, 4)[0], return_dict=True)
    assert logs["loss"] == pytest.approx(logs["transfer_loss"])
    assert set(logs) == {"loss", "transfer_loss"}


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_the_batches_of_a_training_are_evaluated_by_the_sources_images_and_labels_of_task_2():
    model = make_model()
    trainer = transfer_trainer(model, decoded_weight=1.0, teacher_weight=1.0)
    trainer.task_metrics = tasks.get(model.to_task).metrics()
    x, y = frames(model.to_task, 4)
    x_b, y_b = frames(model.from_task, 4, seed=2)
    images, labels = {"source": x, "target": x_b}, {"source": y, "target": y_b}
    of_pairs = trainer.evaluate(x, y, return_dict=True, verbose=0)
    assert trainer.evaluate(images, labels, return_dict=True, verbose=0) == of_pairs
    del labels["source"]
    with pytest.raises(ValueError, match=r"needs labels 'source' by its weights and metrics, and"):
        trainer.evaluate(images, labels, verbose=0)


# --- What base model 1 learns on for: features that task 1 alone has no use for.


def batch(rng):
    """Task 1 is the images' first channel, task 2 their second; the target looks the same."""
    x = rng.normal(size=(2, 8, 4, 4, 2)).astype("float32")
    labels = {"source_1": x[0, ..., :1], "target": x[1, ..., :1], "source": x[0, ..., 1:]}
    return dict(zip(("source", "target"), x, strict=True)), labels


def point(channels, *kernel):
    """A convolution of one pixel with this kernel."""
    kernel = keras.initializers.Constant([[kernel]])
    return domain_toy.network(2, keras.layers.Conv2D(channels, 1, kernel_initializer=kernel))


def errors(base_1_weight):
    """Of both tasks on the target."""
    keras.utils.set_random_seed(1)
    encoder = point(2, [1.0, 0.0], [0.0, 0.0])
    encoder_2, transfer = (domain_toy.network(2, keras.layers.Conv2D(2, 1)) for _ in range(2))
    encoder.stride = transfer.stride = 1
    decoder_1, decoder_2 = point(1, [1.0], [0.0]), point(1, [0.0], [1.0])
    trainer = TransferTrainer(
        encoder,
        encoder_2,
        transfer,
        decoder_2,
        decoded_weight=10.0,
        base_1_weight=base_1_weight,
        decoder_1=decoder_1,
    )
    losses = [keras.losses.MeanSquaredError() for _ in range(2)]
    trainer.compile(
        keras.optimizers.Adam(0.02), keras.losses.MeanAbsoluteError(), None, losses[0],
        base_1_loss=losses[1],
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for _ in range(300):
        trainer.train_on_batch(*batch(rng))
    images, _ = batch(rng)
    x = tf.constant(images["target"])
    return (
        float(np.mean((decoder_1(encoder(x)) - x[..., :1]) ** 2)),
        float(np.mean((trainer(x) - x[..., 1:]) ** 2)),
    )


def test_what_task_1_has_no_use_for_reaches_task_2_only_if_encoder_1_learns_on():
    assert errors(0.0) == (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=0.2))
    assert errors(1.0) == (pytest.approx(0, abs=0.05), pytest.approx(0, abs=0.05))


def nothing():
    """A network that gives what it is given."""
    return domain_toy.network(2, keras.layers.Identity())


def toy_trainer(**options):
    """Of no networks that would do anything."""
    encoder, other, transfer, decoder = (
        domain_toy.network(2, keras.layers.Conv2D(2, 1)) for _ in range(4)
    )
    encoder.stride = transfer.stride = 1
    return TransferTrainer(encoder, other, transfer, decoder, **options)


@pytest.mark.parametrize(
    ("options", "given", "missing"),
    [
        ({"teacher_weight": 0.5}, {}, "teacher_weight=0.5 needs teacher, task_loss"),
        ({"base_1_weight": 2}, {}, "base_1_weight=2 needs decoder_1, base_1_loss$"),
        ({"decoded_weight": 1}, {}, "decoded_weight=1 needs task_loss$"),
        (
            {"teacher_weight": 1, "teacher": nothing},
            {"task_loss": "mse"},
            "needs soft_targets, picture$",
        ),
        (
            {"base_1_weight": 1, "decoder_1": nothing},
            {},
            "base_1_weight=1 needs base_1_loss$",
        ),
    ],
)
def test_a_weight_asks_for_what_it_needs(options, given, missing):
    options = {name: what() if callable(what) else what for name, what in options.items()}
    with pytest.raises(ValueError, match=missing):
        toy_trainer(**options).compile(**given)


@pytest.mark.usefixtures("eagerly")
def test_a_batch_without_what_a_weight_needs_is_refused_by_its_name():
    trainer = toy_trainer(base_1_weight=1, decoder_1=nothing())
    trainer.compile(base_1_loss="mse")
    x = np.zeros((1, 4, 4, 2), "float32")
    images, labels = {"source": x, "target": x}, {"source_1": x, "target": x}
    trainer.train_on_batch(images, labels)
    with pytest.raises(ValueError, match=r"images 'source', 'target' by .* lacks \['target'\]"):
        trainer.train_on_batch(x, labels)
    with pytest.raises(ValueError, match=r"labels 'source_1', 'target' by .* lacks \['source_1'\]"):
        trainer.train_on_batch(images, {"target": x})


# --- The stages

PAIRS = [(a, b) for a in tasks.names() for b in tasks.names() if a != b]


@pytest.mark.quick
def test_the_stages_are_the_papers_and_a_teacher_only_where_it_has_weight():
    depth, semantic = tasks.get("depth"), tasks.get("semantic")
    for recipe, names in (
        (Recipe.paper(), ["adversarial", "supervised", "transfer"]),
        (Recipe.recommended(), ["adversarial", "supervised", "teacher", "transfer"]),
    ):
        stages = AdaAtdt().stages(depth, semantic, recipe, Training())
        assert [stage.name for stage in stages] == names


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("recipe", ["paper", "recommended"])
def test_the_transfers_batches_have_what_its_trainer_asks_for(recipe, pair, source, targets):
    feed, stages = make_stages("ada_atdt", source, targets(pair[0]), pair, recipe)
    model = build_ada_atdt(*pair, transfer="conv", size="tiny")
    networks = {**model.networks, "teacher": model.base_model_2}
    transfer = stages["transfer"]
    batch = next(iter(transfer.batches(feed, 0)))
    logs = transfer.trainer(networks, feed).train_on_batch(
        *(batch if isinstance(batch, tuple) else (batch,)), return_dict=True
    )
    if recipe == "paper":
        assert set(logs) == {"loss", "transfer_loss"}
        assert batch.shape == (2, 64, 64, 3)
    else:
        assert set(logs) == {
            *("loss", "transfer_loss", "decoded_loss", "teacher_loss", "base_1_loss")
        }
        images, labels = batch
        assert {name: len(part) for name, part in images.items()} == {"source": 1, "target": 1}
        assert set(labels) == {"source", "source_1", "target"}
    assert np.isfinite(list(logs.values())).all()


@pytest.mark.usefixtures("eagerly")
def test_stage_1_takes_the_recipes_alpha_and_loss_and_logs_both_sides(source, target):
    model = build_ada_atdt(transfer="conv", size="tiny")
    recipe = Recipe.paper(alpha=0.25, adversarial_loss="wasserstein")
    trainer = make_trainers("ada_atdt", model, source, target, recipe)["adversarial"]
    assert trainer.alpha == 0.25
    assert type(trainer.adversarial_loss) is adversarial_losses.Wasserstein
    feed, stages = make_stages("ada_atdt", source, target)
    data = stages["adversarial"].batches(feed, 0)
    held_out = stages["adversarial"].validation(feed)
    history = trainer.fit(data, steps_per_epoch=1, validation_data=held_out, verbose=0).history
    domains = ("source", "target")
    losses = {"loss", "adversarial_loss", "classifier_loss", *(f"{d}_task_loss" for d in domains)}
    metrics = {name for metric in tasks.get("depth").metrics() for name in metric.result()}
    validation = {f"val_{d}_{m}" for d in domains for m in (*metrics, "task_loss")} | {"val_loss"}
    # A critic says no domain, so that there is no accuracy.
    assert set(history) == losses | validation
