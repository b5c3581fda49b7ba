"""The transfer function trained through decoder 2, on the source's labels and on the target."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from trainer_kit import frames, make_model, weights_of

from adaat_keras import tasks
from adaat_keras.training.transfer_trainer import TransferTrainer

pytestmark = pytest.mark.usefixtures("eagerly")
RATE = 0.05


def make(model, **weights):
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
    functions = (task.loss(), task.pseudo_labels, picture, tasks.get(model.from_task).loss())
    trainer.compile(keras.optimizers.SGD(RATE), loss, None, *functions)
    return trainer


def through(model, x):
    return model.decoder_2(model.transfer(model.encoder_1(x)))


@pytest.mark.parametrize("task", tasks.names())
def test_a_step_is_gradient_descent_on_the_sum_of_the_five_losses(task):
    model = make_model(task)
    to_task = tasks.get(model.to_task)
    from_task = tasks.get(task)
    (x_a, y_a), (x_b, _) = (frames(model.to_task, 4, seed=n) for n in range(2))
    x_b2, y_b2 = frames(task, 4, seed=2)
    _, y_a1 = frames(task, 4, seed=3)
    before = weights_of(model)
    learning = (model.transfer, model.encoder_1, model.decoder_1)
    variables = [v for network in learning for v in network.trainable_variables]
    own = to_task.pseudo_labels(through(model, x_b))
    taught = to_task.pseudo_labels(model.base_model_2(tasks.get(task).picture(y_b2)), 0.0)
    with tf.GradientTape() as tape:
        moved = model.transfer(model.encoder_1(x_a))
        loss = tf.reduce_mean(tf.abs(moved - model.encoder_2(x_a)))
        loss += 0.7 * to_task.loss()(y_a, model.decoder_2(moved))
        loss += 0.5 * to_task.loss()(taught, through(model, x_b2))
        loss += 0.3 * to_task.loss()(own, through(model, x_b2))
        for x, y in ((x_a, y_a1), (x_b2, y_b2)):
            loss += 0.2 * from_task.loss()(y, model.decoder_1(model.encoder_1(x)))
    gradients = tape.gradient(loss, variables)
    expected = [v.numpy() - RATE * g.numpy() for v, g in zip(variables, gradients, strict=True)]
    weights = {"decoded_weight": 0.7, "teacher_weight": 0.5, "consistency_weight": 0.3}
    trainer = make(model, **weights, base_1_weight=0.4)
    images = {"source": x_a, "target": x_b2, "unchanged": x_b}
    labels = {"source": y_a, "source_1": y_a1, "target": y_b2}
    logs = trainer.train_on_batch(images, labels, return_dict=True)
    assert logs["loss"] == pytest.approx(float(loss), rel=1e-5)
    for variable, value in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-6)
    after = weights_of(model)
    changed = {
        name.split("/")[0] for name in before if not np.array_equal(before[name], after[name])
    }
    assert changed == {"transfer", "encoder_1", "decoder_1"}


def test_uncertain_predictions_are_no_labels():
    task = tasks.get("semantic")
    logits = np.zeros((1, 1, 2, 11), "float32")
    logits[0, 0, 1, 4] = 10
    assert task.pseudo_labels(tf.constant(logits)).numpy().tolist() == [[[255, 4]]]


def test_predicted_depth_is_a_label_within_range():
    outputs = tf.constant([[[[0.25], [-3.0], [9.0]]]])
    labels = tasks.get("depth").pseudo_labels(outputs)
    np.testing.assert_allclose(labels.numpy(), [[[25.0, 0.001, 100.0]]])


def test_without_weights_neither_labels_nor_target_are_asked_for():
    model = make_model()
    logs = make(model).train_on_batch(frames(model.to_task, 4)[0], return_dict=True)
    assert logs["loss"] == pytest.approx(logs["transfer_loss"])
    assert set(logs) == {"loss", "transfer_loss"}
