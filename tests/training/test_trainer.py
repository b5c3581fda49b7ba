"""What all trainers have in common, and the supervised one."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from domain_toy import network
from trainer_kit import (
    assert_close_weights,
    assert_equal_weights,
    depth_by_hand,
    make_batches,
    make_model,
    make_trainer,
    weights_of,
)

from adaat_keras import tasks
from adaat_keras.training import SupervisedTrainer
from adaat_keras.training.devices import strategy_for
from adaat_keras.training.trainer import Adam

pytestmark = pytest.mark.quick


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
def test_supervised_logs_carry_the_names_of_their_domains():
    model = make_model()
    trainer = SupervisedTrainer(model.encoder_1, model.decoder_1, ("night",))
    trainer.compile(keras.optimizers.SGD(), tasks.get("depth").loss())
    data = make_batches("supervised", model)
    assert set(trainer.fit(data, validation_data=data, verbose=0).history) == {
        "loss",
        "night_task_loss",
        "val_loss",
        "val_night_task_loss",
    }


@pytest.mark.usefixtures("eagerly")
def test_callbacks_that_look_at_the_validation_loss_find_it():
    model = make_model()
    trainer = SupervisedTrainer(model.encoder_1, model.decoder_1)
    # A rate that makes the loss worse at once.
    trainer.compile(keras.optimizers.SGD(1e3), tasks.get("depth").loss())
    data = make_batches("supervised", model)
    stop = keras.callbacks.EarlyStopping(patience=0, restore_best_weights=True)
    history = trainer.fit(data, validation_data=data, epochs=9, callbacks=[stop], verbose=0)
    assert len(history.history["val_loss"]) < 9


@pytest.mark.usefixtures("eagerly")
def test_plain_pairs_of_images_and_labels_train_a_base_model():
    """As files give them: images of whole numbers, from 0 to 255."""
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype("uint8")
    depth = np.random.default_rng(1).uniform(1, 90, (4, 32, 32)).astype("float32")
    model, twin = make_model(), make_model()
    for each, x in ((model, images), (twin, images.astype("float32"))):
        trainer = SupervisedTrainer(each.encoder_1, each.decoder_1)
        trainer.compile("sgd", tasks.get("depth").loss())
        pairs = tf.data.Dataset.from_tensor_slices((x, depth)).batch(2)
        trainer.fit(pairs, validation_data=pairs, shuffle=False, verbose=0)
    assert_equal_weights(weights_of(model), weights_of(twin))


LOSSES = {
    "an object": keras.losses.MeanSquaredError(),
    "a name": "mean_squared_error",
    "a short name": "mse",
    "a class' name": "MeanSquaredError",
    "Keras' function": keras.losses.mean_squared_error,
    "one's own": lambda labels, outputs: keras.ops.mean((labels[..., None] - outputs) ** 2, -1),
}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_taken_by_name_as_a_function_and_as_an_object(loss):
    """Labels lack the axis of channels that outputs have, and are not paired wrongly for it."""
    images, labels = next(iter(make_batches("supervised", make_model())))

    model = make_model()
    trainer = SupervisedTrainer(model.encoder_1, model.decoder_1)
    trainer.compile(keras.optimizers.SGD(0.0), LOSSES[loss])
    logs = trainer.train_on_batch(images, labels, return_dict=True)
    expected = np.mean((trainer(images[0])[..., 0] - labels[0]) ** 2)
    assert logs["loss"] == pytest.approx(float(expected), rel=1e-5)


def huber(labels, outputs):
    return keras.ops.mean(0 * outputs, -1) + 42


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("loss", [huber, functools.partial(huber)], ids=["called huber", "partial"])
def test_ones_own_function_is_called_whatever_it_is_called(loss):
    images, labels = next(iter(make_batches("supervised", make_model())))
    model = make_model()
    trainer = SupervisedTrainer(model.encoder_1, model.decoder_1)
    trainer.compile(keras.optimizers.SGD(0.0), loss)
    assert trainer.train_on_batch(images, labels, return_dict=True)["loss"] == 42


@pytest.mark.parametrize("name", ["adam", "Adam", "sgd"])
def test_optimizers_are_taken_by_name(name):
    model = make_model()
    trainer = SupervisedTrainer(model.encoder_1, model.decoder_1)
    trainer.compile(name, "mse")
    assert type(trainer.optimizer) is type(keras.optimizers.get(name))


def test_without_an_optimizer_it_is_the_papers():
    model = make_model()
    trainer = SupervisedTrainer(model.encoder_1, model.decoder_1)
    trainer.compile(task_loss="mse")
    assert isinstance(trainer.optimizer, keras.optimizers.Adam)
    assert float(trainer.optimizer.learning_rate) == pytest.approx(5e-4)


def test_a_loss_that_is_missing_is_asked_for():
    model = make_model()
    with pytest.raises(ValueError, match=r"task_loss is missing: a task's `loss\(\)`"):
        SupervisedTrainer(model.encoder_1, model.decoder_1).compile("adam")


@pytest.mark.parametrize("metrics", [["accuracy"], {"sorce": []}])
def test_metrics_are_those_of_the_domains_that_are_trained_on(metrics):
    model = make_model()
    trainer = SupervisedTrainer(model.encoder_1, model.decoder_1)
    with pytest.raises(ValueError, match="a dictionary of lists, with the keys source, not "):
        trainer.compile("adam", "mse", metrics)


def test_a_graph_of_unknown_sizes_refuses_what_does_not_fit_the_stride_when_it_runs():
    """As a dataset from a generator of no stated size makes it."""
    trainer = make_trainer("supervised", make_model())
    fits = tf.TensorSpec([None, None, None, 3])
    check = tf.function(trainer.check_images, input_signature=[fits])
    check(tf.ones((1, 32, 40, 3)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="multiples of 4; others came"):
        check(tf.ones((1, 32, 41, 3)))


def test_a_trainer_is_not_saved_whole_and_says_what_to_save(tmp_path):
    trainer = make_trainer("supervised", make_model())
    with pytest.raises(NotImplementedError, match=r"networks that it .*save_weights_only"):
        trainer.save(tmp_path / "trainer.keras")


def convolution():
    made = network(1, keras.layers.Conv2D(1, 1))
    made.stride = 1
    return made


def images(rng, count):
    return rng.normal(size=(count, 4, 4, 1)).astype("float32")


def test_images_are_translated_as_they_are_and_augmented_then():
    """What is augmented is the translation, each image by its number in the order of the step."""
    trainer = SupervisedTrainer(
        convolution(),
        convolution(),
        translator=network(1, keras.layers.Rescaling(0.0, 100.0)),
        augment=lambda image, number: image + tf.cast(number, "float32"),
    )
    trainer.compile(keras.optimizers.SGD(), keras.losses.MeanSquaredError())
    x = images(np.random.default_rng(0), count=3)
    seen = [trainer.with_translated_source((x,))[0][:, 0, 0, 0].numpy().tolist()]
    trainer.train_on_batch((x,), (x,))
    seen.append(trainer.with_translated_source((x,))[0][:, 0, 0, 0].numpy().tolist())
    assert seen == [[100, 101, 102], [103, 104, 105]]


def test_translations_are_augmented_on_the_processor_wherever_the_networks_are():
    """Elsewhere contrast fails: TensorFlow has no kernel for it that is deterministic on a GPU."""
    seen = []

    def look(image, number):
        changed = tf.identity(image)
        seen.append(changed.op.device)
        return changed

    negative = network(1, keras.layers.Rescaling(-1.0))
    networks = convolution(), convolution()
    trainer = SupervisedTrainer(*networks, translator=negative, augment=look)
    trainer.compile(keras.optimizers.SGD(), keras.losses.MeanSquaredError())
    with tf.Graph().as_default(), tf.device("/GPU:0"):
        tf.function(trainer.translated_in_training).get_concrete_function(
            tf.TensorSpec((2, 4, 4, 1))
        )
    assert [device.lower() for device in seen] == ["/device:cpu:0"]


@pytest.mark.parametrize("devices", [1, 2])
def test_our_adam_is_keras_adam(devices):
    rng = np.random.default_rng(0)
    gradients = [[rng.normal(size=n).astype("float32") for n in (3, 5)] for _ in range(6)]
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 6)
    strategy = strategy_for(devices)

    def state_after_six_steps(kind):
        with strategy.scope():
            variables = [keras.Variable(np.full(n, 2.0, "float32")) for n in (3, 5)]
            optimizer = kind(schedule, beta_2=0.95)
            optimizer.build(variables)

        @tf.function
        def step(*gradients):
            def on_each_device():
                # Sums with what lies on a device lie there too.
                placed = [g + 0 * v for g, v in zip(gradients, variables, strict=True)]
                optimizer.apply(placed, variables)

            strategy.run(on_each_device)

        for each in gradients:
            step(*map(tf.constant, each))
        return [variable.numpy() for variable in (*variables, *optimizer.variables)]

    ours, theirs = map(state_after_six_steps, (Adam, keras.optimizers.Adam))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-7)


def test_steps_come_to_the_same_however_they_run():
    history = []
    for how in ({}, {"run_eagerly": True}, {"steps_per_execution": 2}):
        model = make_model()
        trainer = make_trainer("supervised", model, how=how)
        batches = make_batches("supervised", model)
        history.append(trainer.fit(batches, shuffle=False, verbose=0).history)
    first, *others = history
    for other in others:
        for name, value in first.items():
            assert other[name] == pytest.approx(value, rel=1e-4)
