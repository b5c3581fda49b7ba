"""Networks, losses and metrics in Keras' own hands, as people use them."""

import copy
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from preset_kit import configure, copied, small_preset

from adaat_keras import build_ada_atdt, fit_ada_atdt, load, methods, tasks
from adaat_keras.cli import main
from adaat_keras.domains import Kitti
from adaat_keras.methods.ada_atdt import AdversarialTrainer
from adaat_keras.models import AdaAtdt
from adaat_keras.streets.writers import write_streets
from adaat_keras.tasks.depth import DepthMetrics
from adaat_keras.tasks.normals import NormalsMetrics
from adaat_keras.tasks.semantic import SegmentationMetrics

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (2, 64, 64, 3)).astype("float32")


@pytest.mark.slow
def test_an_export_goes_through_tensorflows_own_converter(tmp_path):
    preset = copied(small_preset(), tmp_path / "preset")
    configure(preset, lambda config: config.update(untrained=[]))
    assert main(["export", str(preset), "--out", str(tmp_path / "exported")]) == 0
    image = IMAGES[:1, :, :48]
    want = np.asarray(tf.saved_model.load(str(tmp_path / "exported"))(tf.constant(image)))
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(tmp_path / "exported"), signature_keys=["serving_default"]
    )
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    number = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(number, image.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(number, image)
    interpreter.invoke()
    got = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(got, want, atol=1e-3)


@pytest.mark.parametrize("make", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_predict_the_same_from_weights_of_their_own(make):
    model = load(small_preset())
    model.predictor = "base_model_2"
    other = make(model)
    np.testing.assert_allclose(other(IMAGES), model(IMAGES), atol=1e-4)
    assert (other.predictor, other.to_task, other.untrained) == (
        *(model.predictor, model.to_task, model.untrained),
    )
    assert len(other.weights) == len(model.weights)
    assert not {id(w) for w in model.weights} & {id(w) for w in other.weights}
    alone = make(model.base_model_2)
    np.testing.assert_allclose(alone(IMAGES), model.base_model_2(IMAGES), atol=1e-4)


TRUTHS = {
    "semantic": RNG.integers(0, 11, (2, 64, 64)).astype("uint8"),
    "depth": RNG.uniform(0, 120, (2, 64, 64)).astype("float32"),
    "normals": -RNG.uniform(0, 1, (2, 64, 64, 3)).astype("float32"),
}
SCORES = {"semantic": "mean_iou", "depth": "abs_rel", "normals": "mean_angle"}


@pytest.mark.parametrize("name", TRUTHS)
def test_stock_fine_tuning_is_saved_compiled_and_goes_on(name, tmp_path, request):
    # In a graph too, that of all classes.
    if name != "semantic":
        request.getfixturevalue("eagerly")
    keras.utils.set_random_seed(1)
    task, file = tasks.get(name), tmp_path / "best.keras"
    other = "semantic" if name == "depth" else "depth"
    model = build_ada_atdt(other, name, size="tiny", transfer="conv")
    loss = task.loss([1.0] * 10 + [3.0]) if name == "semantic" else task.loss()
    model.compile(keras.optimizers.Adam(1e-3), loss=loss, metrics=task.metrics())
    watched = {"monitor": f"val_{SCORES[name]}", "mode": "min"}
    callbacks = [
        keras.callbacks.ModelCheckpoint(file, save_best_only=True, **watched),
        keras.callbacks.EarlyStopping(restore_best_weights=True, **watched),
    ]
    data = {"x": IMAGES, "y": TRUTHS[name], "batch_size": 2, "verbose": 0}
    history = model.fit(
        **data, epochs=1, validation_data=(IMAGES, TRUTHS[name]), callbacks=callbacks
    ).history
    first = model.evaluate(**data, return_dict=True)
    again = keras.saving.load_model(file)
    second = again.evaluate(**data, return_dict=True)
    assert watched["monitor"] in history
    assert first["loss"] == pytest.approx(second["loss"], abs=1e-4)
    assert first[SCORES[name]] == pytest.approx(second[SCORES[name]], rel=1e-3)
    again.fit(**data)
    # A preset of it predicts; what it was trained by is not its affair.
    again.save_to_preset(tmp_path / "preset")
    assert isinstance(load(tmp_path / "preset"), AdaAtdt)


@pytest.mark.parametrize(
    "precision", ["mixed_float16", "float16", "bfloat16", "float64"], indirect=True
)
def test_under_another_precision_a_model_predicts_and_training_is_refused_before_data(
    precision, tmp_path
):
    model = load(small_preset())
    assert np.isfinite(model.predict(IMAGES * 1.0, verbose=0)).all()
    built = build_ada_atdt(weights=small_preset())
    prediction = built.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(prediction, model.predict(IMAGES, verbose=0), atol=0.2, rtol=0.1)
    for directory in (tmp_path / "run", None):
        with pytest.raises(ValueError, match=rf"unknown precision '{precision}'.*mixed_bfloat16"):
            fit_ada_atdt(built, epochs=1, steps_per_epoch=1, directory=directory)
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match=rf"unknown precision '{precision}'.*mixed_bfloat16"):
        methods.Dan().fit("streets_sim", "streets_real", size="tiny", precision=precision)


@pytest.mark.parametrize("frames", ["32", 0, 1.5])
@pytest.mark.parametrize("folder", [None, "run"])
def test_validation_frames_that_are_no_number_are_refused(frames, folder, tmp_path):
    built = build_ada_atdt(size="tiny")
    said = f"validation_frames must be a whole number of at least 1, not {frames!r}"
    with pytest.raises(ValueError, match=said):
        fit_ada_atdt(built, validation_frames=frames, directory=folder and tmp_path / folder)


def scores(metric):
    return {name: float(value) for name, value in metric.result().items()}


def test_ignored_pixels_absent_classes_and_strange_labels_count_for_nothing():
    metric = SegmentationMetrics(["a", "b", "c", "d"])
    truth = np.array([[[0, 0, 1, 255, 77]]], "uint8")
    metric.update_state(truth, np.eye(4, dtype="float32")[[0, 1, 1, 2, 2]][None, None])
    found = scores(metric)
    assert found["mean_iou"] == pytest.approx(0.5)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert np.isnan([found["iou_c"], found["iou_d"]]).all()


def test_depths_that_are_none_count_for_nothing():
    metric = DepthMetrics()
    assert np.isnan([*scores(metric).values()]).all()
    truth = np.array([[[10.0, 0.0, np.inf, np.nan, -3.0, 500.0]], [[0.0] * 6]], "float32")
    metric.update_state(truth, np.full((2, 1, 6, 1), 0.2, "float32"))
    found = scores(metric)
    assert (found["abs_rel"], found["rmse"], found["delta_1"]) == pytest.approx(
        (1, 10, 0), abs=1e-4
    )


def test_normals_that_are_none_count_for_nothing():
    metric = NormalsMetrics()
    truth = np.array([[[[0, 0, -1], [0, 0, 0]]], [[[0, 0, 0]] * 2]], "float32")
    metric.update_state(truth, np.broadcast_to(np.array([0, 0, -2], "float32"), truth.shape))
    assert scores(metric)["mean_angle"] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("name", TRUTHS)
def test_a_batch_without_any_valid_pixel_costs_nothing(name):
    task = tasks.get(name)
    nothing = {"semantic": np.full_like, "depth": np.zeros_like, "normals": np.zeros_like}[name]
    truth = nothing(TRUTHS[name], *([255] if name == "semantic" else []))
    outputs = tf.Variable(RNG.normal(size=(2, 64, 64, task.channels)).astype("float32"))
    with tf.GradientTape() as tape:
        loss = task.loss()(truth, outputs)
    assert float(loss) == 0
    assert not np.any(tape.gradient(loss, outputs))


def test_a_trainers_both_optimizers_come_back_from_stock_callbacks(tmp_path):
    def made():
        keras.utils.set_random_seed(3)
        model = build_ada_atdt("depth", "semantic", size="tiny", transfer="conv")
        trainer = AdversarialTrainer(model.encoder_1, model.decoder_1, model.domain_classifier)
        optimizers = keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-3)
        trainer.compile(*optimizers, tasks.get("depth").loss(), "least_squares")
        return trainer

    batch = (IMAGES, IMAGES), (TRUTHS["depth"], TRUTHS["depth"])
    pairs = tf.data.Dataset.from_tensors(batch).repeat(2)
    file = tmp_path / "best.weights.h5"
    best = {"monitor": "loss", "mode": "min"}
    callbacks = [
        keras.callbacks.ModelCheckpoint(file, **best, save_best_only=True, save_weights_only=True),
        keras.callbacks.EarlyStopping(**best, patience=0, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1),
        keras.callbacks.TerminateOnNaN(),
    ]
    trainer = made()
    trainer.fit(pairs, epochs=2, verbose=0, callbacks=callbacks)
    fresh = made()
    fresh.load_weights(file)
    for ours, theirs in zip(trainer.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert int(fresh.classifier_optimizer.iterations) == int(fresh.optimizer.iterations) > 0


CALIBRATIONS = {
    "of odometry": "".join(
        f"P{n}: 7e2 0 6e2 {-38.0 * n} 0 7e2 1.7e2 0 0 0 1 0\n" for n in range(4)
    ),
    "of one camera": "P_rect_02: 7e2 0 6e2 45 0 7e2 1.7e2 0 0 0 1 0\n",
    "of a download that failed": "<html>404: Not Found</html>\n",
    "empty": "",
}


@pytest.mark.parametrize("case", CALIBRATIONS)
def test_another_calibration_is_refused_with_its_name_and_where_the_right_one_is(case, tmp_path):
    write_streets("kitti", tmp_path, 1, "train", height=32, width=64)
    file = next(tmp_path.rglob("calib_cam_to_cam/*.txt"))
    file.write_text(CALIBRATIONS[case])
    with pytest.raises(ValueError, match=rf"{file}: P_rect_0\d has 0.*data_scene_flow_calib\.zip"):
        Kitti(tmp_path, "train")[0]
