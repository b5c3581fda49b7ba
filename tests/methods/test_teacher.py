"""What the teacher is for: a target whose look turns the meaning of the features around."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from domain_toy import network
from method_kit import make_stages

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.domains import Domain
from adaat_keras.domains.class_names import IGNORED
from adaat_keras.methods import TransferTrainer
from adaat_keras.methods.stage import fit_stage
from adaat_keras.methods.teacher import mask_unknown
from adaat_keras.tasks import Depth, Normals, Semantic


def batch(rng):
    """The label is one feature on the source and its opposite on the target; another tells which.

    Label 1 is the same as label 2 here, and so the best teacher repeats it.
    """
    y = rng.normal(size=(2, 8, 4, 4, 1)).astype("float32")
    sign = np.array([1, -1], "float32")[:, None, None, None, None]
    x = np.concatenate([sign * y, sign * np.ones_like(y)], axis=-1)
    return dict(zip(("source", "target"), x, strict=True)), dict(
        zip(("source", "target"), y, strict=True)
    )


def error_on_the_target(teacher_weight):
    keras.utils.set_random_seed(1)
    encoder, other = (network(2, keras.layers.Identity()) for _ in range(2))
    hidden = keras.layers.Conv2D(16, 1, activation="relu")
    transfer = network(2, hidden, keras.layers.Conv2D(2, 1))
    encoder.stride = transfer.stride = 1
    first = keras.initializers.Constant([[[[1.0], [0.0]]]])
    decoder = network(2, keras.layers.Conv2D(1, 1, kernel_initializer=first))
    trainer = TransferTrainer(
        encoder,
        other,
        transfer,
        decoder,
        decoded_weight=1.0,
        teacher_weight=teacher_weight,
        teacher=network(1, keras.layers.Identity()),
    )
    loss = keras.losses.MeanAbsoluteError()
    task_loss = keras.losses.MeanSquaredError()
    functions = (lambda outputs: outputs, tf.identity)
    trainer.compile(keras.optimizers.Adam(0.02), loss, None, task_loss, *functions)
    rng = np.random.default_rng(0)
    for _ in range(300):
        trainer.train_on_batch(*batch(rng))
    images, labels = batch(rng)
    assert float(np.mean((trainer(images["source"]) - labels["source"]) ** 2)) < 0.05
    return float(np.mean((trainer(images["target"]) - labels["target"]) ** 2))


def test_only_a_teacher_turns_around_what_the_targets_look_turned():
    assert error_on_the_target(0.0) > 1
    assert error_on_the_target(1.0) == pytest.approx(0, abs=0.05)


# --- The stage that trains it


def pictures_and_labels(source, target):
    """A teacher's first batch, and the depths that it was made of, of both domains."""
    feed, stages = make_stages("ada_atdt", source, target)
    (pictures,), (labels,) = next(iter(stages["teacher"].batches(feed, 0)))
    depth, semantic, other = (
        next(iter(feed.batches(role, (tasks.get(task),))))[1].numpy()
        for role, task in (("source", "depth"), ("source", "semantic"), ("target", "depth"))
    )
    np.testing.assert_array_equal(labels, semantic)
    return pictures.numpy(), depth, other


@pytest.fixture
def with_holes():
    """Makes a domain in which a pixel in so many has no depth."""

    def make(seed, one_in, dense=()):
        rng = np.random.default_rng(seed)
        shape = (3, 64, 64)
        depth = rng.uniform(1, 90, shape) * (rng.integers(0, one_in, shape) > 0)
        domain = Domain.from_arrays(
            rng.integers(0, 256, (*shape, 3)).astype("uint8"),
            depth=depth.astype("float32"),
            semantic=rng.integers(0, 11, shape),
        )
        domain.dense = dense
        return domain

    return make


@pytest.mark.quick
def test_a_teacher_sees_labels_and_no_image(with_holes):
    pictures, depth, _ = pictures_and_labels(with_holes(0, 8), with_holes(1, 2, dense=("depth",)))
    # What has no depth, as the sky, is black: the target's labels are as whole as these.
    np.testing.assert_array_equal(pictures.any(-1), depth > 0)
    nearer = np.argsort(depth[depth > 0])
    assert (np.diff(pictures[depth > 0][nearer, 0]) <= 0).all()


@pytest.mark.quick
def test_a_teacher_sees_the_holes_of_the_targets_labels(with_holes):
    pictures, depth, other = pictures_and_labels(with_holes(0, 8), with_holes(1, 2))
    known = (depth > 0) & (other > 0)
    assert 0.2 < known.mean() < (depth > 0).mean()
    told = np.asarray(Depth().picture(depth))
    np.testing.assert_array_equal(pictures[known], told[known])
    # The holes are closed by what is known beside them, and by nothing that the target lacks.
    expected = closed(np.where(known, told[..., 0], 0.0), known)
    np.testing.assert_allclose(pictures[..., 0], expected, rtol=1e-4)


def closed(grey, known):
    """Pixel by pixel: a hole takes the mean of its neighbours that are known, four times over."""
    for _ in range(4):
        filled, seen = grey.copy(), known.copy()
        for place in zip(*np.nonzero(~known), strict=True):
            frame, row, column = place
            near = (frame, slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2))
            if known[near].any():
                filled[place], seen[place] = grey[near][known[near]].mean(), True
        grey, known = filled, seen
    return grey


@pytest.mark.quick
def test_large_holes_and_those_of_classes_stay_black():
    depth = np.zeros((1, 32, 32), "float32")
    depth[:, :4] = 20.0
    shown = np.asarray(Depth().sparse_picture(depth)).any(-1)
    assert shown[:, :8].all()
    assert not shown[:, 8:].any()
    classes = np.full((1, 8, 8), IGNORED, "uint8")
    classes[:, ::2] = 3
    picture = Semantic().sparse_picture(classes)
    np.testing.assert_array_equal(np.asarray(picture), np.asarray(Semantic().picture(classes)))


@pytest.mark.quick
def test_one_teacher_serves_all_targets_whose_labels_are_whole(with_holes):
    for dense, roles in (((), ("source", "target")), (("depth",), ("source",))):
        feed, stages = make_stages("ada_atdt", with_holes(0, 8), with_holes(1, 2, dense=dense))
        assert stages["teacher"].reads(feed) == roles


@pytest.mark.usefixtures("eagerly")
def test_a_teacher_is_a_base_model_of_task_2_and_is_trained_and_scored(source, target):
    feed, stages = make_stages("ada_atdt", source, target)
    model = build_ada_atdt(transfer="conv", size="tiny")
    networks = stages["teacher"].extra_networks(model)
    assert set(networks) == {"teacher"} == set(stages["teacher"].networks)
    teacher = networks["teacher"]
    assert teacher.decoder.channels == 11
    assert teacher.encoder.base_filters == model.encoder_2.base_filters
    before = teacher.get_weights()
    history = fit_stage(
        stages["teacher"], stages["teacher"].trainer(networks, feed), feed, verbose=0
    ).history
    assert np.isfinite(history["loss"]).all()
    assert "val_source_mean_iou" in history
    assert not all(map(np.array_equal, before, teacher.get_weights()))
    again = stages["teacher"].extra_networks(model)["teacher"]
    assert all(map(np.array_equal, before, again.get_weights()))


def test_another_seed_draws_another_teacher(source, target):
    model = build_ada_atdt(transfer="conv", size="tiny")
    first = []
    for seed in (0, 1):
        _, stages = make_stages("ada_atdt", source, target, seed=seed)
        first.append(stages["teacher"].extra_networks(model)["teacher"].get_weights()[0])
    assert not np.array_equal(*first)


@pytest.mark.quick
@pytest.mark.parametrize("to_task", ["semantic", "depth", "normals"])
def test_a_teacher_is_not_heard_where_the_targets_sensor_saw_nothing(to_task):
    task = tasks.get(to_task)
    picture = np.zeros((2, 8, 8, 3), "float32")
    picture[:, 4:] = 20.0
    outputs = tf.Variable(tf.random.stateless_uniform((2, 8, 8, task.channels), (1, 2), 0.1, 0.9))
    taught = task.soft_targets(tf.ones((2, 8, 8, task.channels)))
    targets = mask_unknown(taught, tf.constant(picture), task.unknown)
    np.testing.assert_array_equal(targets[:, 4:], taught[:, 4:])
    with tf.GradientTape() as tape:
        loss = task.loss()(targets, outputs)
    learns = tf.reduce_any(tape.gradient(loss, outputs) != 0, axis=-1)
    np.testing.assert_array_equal(learns, picture.any(-1))
    np.testing.assert_array_equal(mask_unknown(taught, picture, None), taught)


@pytest.mark.parametrize("stage", ["transfer", "taught"])
def test_whole_labels_let_a_teacher_be_heard_everywhere(stage, with_holes):
    """A sky without depth is the sky; above a LiDAR's lines it is not known what there is."""
    method = "label_teacher" if stage == "taught" else "at_dt"
    model = build_ada_atdt(transfer="conv", size="tiny")
    # What is of no class is no hole.
    pair = ("semantic", "depth")
    feed, stages = make_stages(method, with_holes(0, 8), with_holes(1, 2), pair)
    reversed_ = build_ada_atdt(*pair, transfer="conv", size="tiny")
    networks = dict(reversed_.networks) | stages["teacher"].extra_networks(reversed_)
    assert stages[stage].trainer(networks, feed).unknown is None
    for dense, unknown in ((("depth",), None), ((), 0.0)):
        target = with_holes(1, 2, dense=dense)
        feed, stages = make_stages(method, with_holes(0, 8), target)
        networks = dict(model.networks) | stages["teacher"].extra_networks(model)
        trainer = stages[stage].trainer(networks, feed)
        assert trainer.unknown == unknown
        depth = target[0]["depth"][None]
        picture = np.asarray(trainer.picture(depth))
        assert not picture[depth == 0].any() if dense else picture.any(-1).mean() > 0.9


@pytest.mark.quick
def test_holes_are_closed_alike_whatever_keras_json_says():
    depth = np.random.default_rng(0).uniform(1, 90, (1, 16, 24)).astype("float32")
    depth[:, ::3] = 0
    expected = np.asarray(Depth().sparse_picture(depth))
    keras.config.set_image_data_format("channels_first")
    try:
        np.testing.assert_array_equal(Depth().sparse_picture(depth), expected)
    finally:
        keras.config.set_image_data_format("channels_last")


@pytest.mark.quick
def test_vectors_and_what_is_no_number_have_their_holes_closed_too():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1, 9, 9, 3)).astype("float32")
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    holes = rng.integers(0, 3, (1, 9, 9)) == 0
    vectors[holes] = 0
    picture = np.asarray(Normals().sparse_picture(vectors))
    known = np.asarray(Normals().picture(vectors))
    for channel in range(3):
        expected = closed(known[..., channel], ~holes)
        np.testing.assert_allclose(picture[..., channel], expected, rtol=1e-4)
    depth = np.full((1, 9, 9), 20.0, "float32")
    depth[0, 4, 4:7] = np.nan, np.inf, -1
    whole = Depth().picture(np.full_like(depth, 20.0))
    np.testing.assert_allclose(Depth().sparse_picture(depth), whole, rtol=1e-5)
