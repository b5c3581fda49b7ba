from collections.abc import Sequence
from typing import get_type_hints

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import tasks

pytestmark = pytest.mark.parametrize("name", tasks.names())


def random_outputs(task, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.01, 0.99, (2, 8, 12, task.channels)).astype(np.float32)


def scores(task, labels, outputs):
    (metric,) = task.metrics()
    metric.update_state(labels, outputs)
    return {key: float(value) for key, value in metric.result().items()}


def test_it_is_found_by_its_name(name):
    assert tasks.get(name).name == name


def test_its_loss_says_what_it_takes(name):
    hints = get_type_hints(tasks.get(name).loss)
    assert hints == {"class_weights": Sequence[float] | None, "return": keras.losses.Loss}


def test_random_outputs_give_a_finite_loss_with_a_gradient(name):
    task = tasks.get(name)
    outputs = tf.Variable(random_outputs(task))
    with tf.GradientTape() as tape:
        loss = task.loss()(task.decode(random_outputs(task, 1)), outputs)
    assert loss.shape == ()
    assert 0 < float(loss) < np.inf
    gradient = tape.gradient(loss, outputs).numpy()
    assert np.isfinite(gradient).all()
    assert gradient.any()


def test_random_outputs_give_finite_metrics(name):
    task = tasks.get(name)
    result = scores(task, task.decode(random_outputs(task, 1)), random_outputs(task))
    assert task.primary_metric in result
    assert np.isfinite(list(result.values())).all()


def test_a_perfect_prediction_gives_the_best_primary_metric(name):
    task = tasks.get(name)
    outputs = random_outputs(task)
    best = scores(task, task.decode(outputs), outputs)[task.primary_metric]
    # Of normals in degrees, where float32 ends at a millionth.
    assert best == pytest.approx(float(task.higher_is_better), abs=1e-5)


def test_a_worse_prediction_gives_a_worse_primary_metric(name):
    task = tasks.get(name)
    labels = task.decode(random_outputs(task))
    right, wrong = (scores(task, labels, random_outputs(task, seed)) for seed in (0, 1))
    better = right[task.primary_metric] > wrong[task.primary_metric]
    assert better == task.higher_is_better


def test_metrics_are_fresh_each_time(name):
    task = tasks.get(name)
    (first,), (second,) = task.metrics(), task.metrics()
    assert first is not second


def test_decoded_outputs_are_labels_in_the_domains_form(name):
    task = tasks.get(name)
    labels = task.decode(random_outputs(task))
    assert labels.shape == (2, 8, 12, task.components)[: 4 if task.components else 3]
    dtypes = {"semantic": np.uint8, "depth": np.float32, "normals": np.float32}
    assert labels.dtype == dtypes.get(name, labels.dtype)
    tasks.get(name).check_labels(labels, "decoded")


def test_colours_are_rgb_bytes_for_one_map_or_a_batch(name):
    task = tasks.get(name)
    labels = task.decode(random_outputs(task))
    colors = task.colorize(labels)
    assert (colors.shape, colors.dtype) == ((2, 8, 12, 3), np.uint8)
    np.testing.assert_array_equal(task.colorize(labels[0]), colors[0])
    assert len(np.unique(colors.reshape(-1, 3), axis=0)) > 5


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "jit"])
def test_a_compiled_loss_is_the_eager_one(name, jit_compile):
    task = tasks.get(name)
    labels, outputs = task.decode(random_outputs(task, 1)), random_outputs(task)
    compiled = tf.function(task.loss(), jit_compile=jit_compile)
    expected = float(task.loss()(labels, outputs))
    actual = float(compiled(tf.constant(labels), tf.constant(outputs)))
    assert actual == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_outputs_give_a_float32_loss(name, dtype):
    task = tasks.get(name)
    labels = task.decode(random_outputs(task, 1))
    outputs = tf.cast(random_outputs(task), dtype)
    loss = task.loss()(labels, outputs)
    assert loss.dtype == "float32"
    assert float(loss) == float(task.loss()(labels, tf.cast(outputs, "float32")))


def test_half_precision_outputs_decode(name):
    task = tasks.get(name)
    outputs = tf.cast(random_outputs(task), "bfloat16").numpy()
    expected = task.decode(outputs.astype(np.float32))
    np.testing.assert_array_equal(task.decode(outputs), expected)


def test_a_compiled_model_logs_every_metric_under_its_own_name(name):
    task = tasks.get(name)
    policy = keras.DTypePolicy("mixed_bfloat16")
    model = keras.Sequential([keras.layers.Conv2D(task.channels, 1, dtype=policy)])
    model.compile("adam", task.loss(), metrics=task.metrics())
    images, labels = random_outputs(task), task.decode(random_outputs(task, 1))
    names = set(scores(task, labels, images))

    history = model.fit(
        images, labels, batch_size=1, validation_data=(images, labels), verbose=0
    ).history
    evaluated = model.evaluate(images, labels, batch_size=1, return_dict=True, verbose=0)

    assert set(evaluated) == names | {"loss"}
    assert set(history) == set(evaluated) | {f"val_{key}" for key in evaluated}
    expected = scores(task, labels, model.predict(images, batch_size=1, verbose=0))
    assert evaluated == pytest.approx(expected | {"loss": evaluated["loss"]}, rel=1e-5)


def test_a_picture_shows_what_labels_say_and_black_where_they_say_nothing(name):
    task = tasks.get(name)
    labels = task.decode(random_outputs(task))
    holes = labels.copy()
    holes[:, :2] = {"semantic": 255}.get(name, 0)
    assert np.asarray(task.valid(labels)).all()
    valid = np.asarray(task.valid(holes))
    assert valid.shape == (2, 8, 12)
    assert not valid[:, :2].any()
    assert valid[:, 2:].all()
    picture = task.picture(holes).numpy()
    assert (picture.shape, picture.dtype) == ((2, 8, 12, 3), np.float32)
    assert (picture.any(-1) == valid).all()
    assert picture.min() == 0
    assert picture.max() <= 255
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5


def test_it_says_what_a_table_shows_of_it(name):
    task = tasks.get(name)
    known = set(scores(task, task.decode(random_outputs(task, 1)), random_outputs(task)))
    assert task.primary_metric in task.columns
    assert set(task.columns) == known
    assert set(task.curves) <= known
    assert (task.scale, task.digits) == {"semantic": (100, 1)}.get(name, (1, 3))
    assert (task.legend is None) == (task.classes == 0)


def test_it_is_written_as_its_name_and_equal_by_value(name):
    task = tasks.get(name)
    assert tasks.serialize(task) == name == task.title
    assert tasks.get(name) == task
    assert hash(tasks.get(name)) == hash(task)
    assert [tasks.get(other) == task for other in tasks.names()].count(True) == 1


def test_pseudo_labels_are_what_is_decoded(name):
    task = tasks.get(name)
    outputs = random_outputs(task)
    labels = task.pseudo_labels(tf.constant(outputs))
    np.testing.assert_allclose(labels, task.decode(outputs), rtol=1e-6)
    assert task.label_problem(labels.numpy()) is None
