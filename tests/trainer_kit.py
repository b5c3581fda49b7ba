"""Small trainers, batches and comparisons for the tests of the trainers."""

import keras
import numpy as np
import tensorflow as tf
from lighter import untuned

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.methods import (
    AdversarialTrainer,
    DanTrainer,
    FcnsInTheWildTrainer,
    TaughtTrainer,
    TransferTrainer,
)
from adaat_keras.models import BaseModel, Decoder, Encoder
from adaat_keras.training import SupervisedTrainer

TRAINERS = ("adversarial", "confusion", "discrepancy", "joint", "supervised", "taught", "transfer")
TO_TASK = {"depth": "semantic", "normals": "depth", "semantic": "normals"}


def make_model(task="depth", seed=0, **options):
    keras.utils.set_random_seed(seed)
    return build_ada_atdt(task, TO_TASK[task], transfer="conv", size="tiny", **options)


def make_trainer(
    kind, model, loss="least_squares", optimizer=None, metrics=False, how=None, **options
):
    """One of `TRAINERS`, compiled; `optimizer` gives a new optimizer each time it is called.

    `how` has the arguments of Keras' `compile` that say how steps are run.
    """
    how = how or {}
    optimizer = optimizer or (lambda: keras.optimizers.SGD(0.05))
    task = tasks.get(model.from_task)
    both = kind in ("adversarial", "joint")
    domains = ("source", "target") if both else ("source",)
    scores = {domain: task.metrics() for domain in domains} if metrics else None
    if kind == "adversarial":
        trainer = AdversarialTrainer(
            model.encoder_1, model.decoder_1, model.domain_classifier, **options
        )
        trainer.compile(optimizer(), optimizer(), task.loss(), loss, scores, **how)
    elif kind == "confusion":
        trainer = FcnsInTheWildTrainer(
            model.encoder_1, model.decoder_1, model.domain_classifier, **options
        )
        trainer.compile(optimizer(), optimizer(), task.loss(), scores, **how)
    elif kind == "discrepancy":
        trainer = DanTrainer(model.encoder_1, model.decoder_1, **options)
        trainer.compile(optimizer(), task.loss(), scores, **how)
    elif kind == "taught":
        # Any network to task 1 will do, and stays as it is.
        keras.utils.set_random_seed(9)
        width = {"base_filters": 4, "dtype": model.encoder_1.dtype_policy}
        teacher = BaseModel(Encoder(residual_blocks=1, **width), Decoder(task.channels, **width))
        trainer = TaughtTrainer(model.encoder_1, model.decoder_1, teacher, **options)
        functions = (task.soft_targets, tasks.get(model.to_task).picture)
        trainer.compile(optimizer(), task.loss(), *functions, scores, **how)
    elif kind == "transfer":
        networks = (model.encoder_1, model.encoder_2, model.transfer, model.decoder_2)
        trainer = TransferTrainer(*networks, **options)
        # Decoder 2's task; labels come from `make_batches` of that task.
        scores = tasks.get(model.to_task).metrics() if metrics else None
        trainer.compile(optimizer(), keras.losses.MeanAbsoluteError(), scores, **how)
    else:
        trainer = SupervisedTrainer(model.encoder_1, model.decoder_1, domains, **options)
        trainer.compile(optimizer(), task.loss(), scores, **how)
    return trainer


def frames(task, count, size=32, seed=0):
    """Images and labels; each image has another share of labels that do not count."""
    rng = np.random.default_rng(seed)
    images = rng.uniform(0, 255, (count, size, size, 3)).astype(np.float32)
    if task == "normals":
        labels = tasks.get(task).decode(rng.normal(size=(count, size, size, 3)))
    elif task == "depth":
        labels = rng.uniform(1, 120, (count, size, size)).astype(np.float32)
    else:
        labels = rng.integers(0, 11, (count, size, size)).astype(np.uint8)
    for n, label in enumerate(labels):
        label[: n * size // count] = 255 if task == "semantic" else 0
    return images, labels


def make_batches(kind, model, count=8, batch=4, size=32, seed=0):
    """A dataset as the trainer of this kind takes it, `batch` images of each domain a batch."""
    task = model.to_task if kind == "transfer" else model.from_task
    domains = 1 if kind in ("supervised", "transfer") else 2
    parts = [frames(task, count, size, seed + 100 * n) for n in range(domains)]
    if kind == "taught":
        parts[1] = parts[1][0], frames(model.to_task, count, size, seed + 100)[1]
    if kind == "transfer":
        data = parts[0]
    else:
        labelled = parts[:1] if kind in ("confusion", "discrepancy") else parts
        data = tuple(x for x, _ in parts), tuple(y for _, y in labelled)
    batches = tf.data.Dataset.from_tensor_slices(data).batch(batch, drop_remainder=True)
    return untuned(batches)


def make_validation(kind, model, **options):
    """A dataset as `test_step` takes it: the labelled domains alone."""
    unlabelled = kind in ("confusion", "discrepancy", "taught")
    return make_batches("supervised" if unlabelled else kind, model, **options)


def weights_of(model):
    """All weights of all six networks, by network and place."""
    return {
        f"{name}/{n}": weight
        for name, network in model.networks.items()
        for n, weight in enumerate(network.get_weights())
    }


def refuses_randomness():
    """Whether TensorFlow refuses operations that are random and have no seed."""
    tf.random.set_seed(None)
    try:
        tf.random.uniform([1])
        next(iter(tf.data.Dataset.range(3).shuffle(3)))
    except RuntimeError:
        return True
    return False


def changed(before, after):
    """The names of the networks that have other weights now."""
    return {name.split("/")[0] for name in before if not np.array_equal(before[name], after[name])}


def depth_by_hand(metres, outputs):
    """L1 on log depth, the mean over images of each image's mean over valid pixels."""
    valid = tf.cast((metres > 0) & (metres <= 100), "float32")
    truth = tf.where(valid > 0, metres, 1.0)
    errors = tf.abs(tf.math.log(100 * outputs[..., 0]) - tf.math.log(truth)) * valid
    each = tf.reduce_sum(errors, (1, 2)) / tf.maximum(tf.reduce_sum(valid, (1, 2)), 1)
    return tf.reduce_mean(each) / tasks.get("depth").loss().guess


def assert_equal_weights(actual, expected):
    assert actual.keys() == expected.keys()
    for name, weight in expected.items():
        np.testing.assert_array_equal(actual[name], weight, err_msg=name)


def assert_close_weights(actual, expected, relative=1e-5):
    """Relative to a network's largest weight: only rounding moves biases that a norm follows."""
    assert actual.keys() == expected.keys()
    largest = {}
    for name, weight in expected.items():
        network = name.split("/")[0]
        largest[network] = max(largest.get(network, 0), np.abs(weight).max())
    for name, weight in expected.items():
        atol = relative * largest[name.split("/")[0]]
        np.testing.assert_allclose(actual[name], weight, rtol=0, atol=atol, err_msg=name)
