import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.demo.view import Viewer, errors
from adaat_keras.layers import SpatialAttention


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = build_ada_atdt("depth", "semantic", size="tiny")
    model.untrained = ()
    return model


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)


def test_both_tasks_are_the_networks_own_in_their_colours(model, image):
    seen = Viewer(model)(image)
    pixels = image[None].astype("float32")
    semantic, depth = tasks.get("semantic"), tasks.get("depth")
    labels = semantic.decode(model.predict(pixels, verbose=0))[0]
    np.testing.assert_array_equal(seen.labels, labels)
    np.testing.assert_array_equal(seen.prediction, semantic.colorize(labels))
    metres = depth.decode(model.base_model_1.predict(pixels, verbose=0))[0]
    np.testing.assert_allclose(seen.task_1.astype(int), depth.colorize(metres), atol=1)
    assert (seen.truth, seen.errors, seen.told) == (None, None, "")


def test_attention_is_what_the_skips_are_multiplied_by(model, image):
    """By another road: what a layer puts out over what it was given."""
    seen, ratios = {}, []
    call = SpatialAttention.call

    def noted(layer, inputs):
        outputs = call(layer, inputs)
        seen[layer.name] = (np.asarray(inputs[0]), np.asarray(outputs))
        return outputs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SpatialAttention, "call", noted)
        model.transfer(model.encoder_1(image[None, :64, :64].astype("float32")))
    for skip, weighted in seen.values():
        flat = skip.reshape(-1, skip.shape[-1])
        channel = flat.argmax(-1)[:, None]
        ratio = np.take_along_axis(weighted.reshape(flat.shape), channel, -1) / np.maximum(
            np.take_along_axis(flat, channel, -1), 1e-6
        )
        ratios.append(ratio[np.take_along_axis(flat, channel, -1) > 1e-3])
    maps = Viewer(model).attention(image[:64, :64])
    assert [picture.shape for picture in Viewer(model).attention(image).values()] == [
        image.shape
    ] * 3
    for (caption, _), times, ratio in zip(maps.items(), (16, 8, 4), ratios, strict=True):
        assert caption.startswith(f"attention at 1/{times} size, ")
        low, high = map(float, caption.rpartition(", ")[2].split(" to "))
        assert low == pytest.approx(ratio.min(), abs=0.006)
        assert high == pytest.approx(ratio.max(), abs=0.006)


def test_what_was_not_trained_or_does_not_predict_is_not_shown(image):
    model = build_ada_atdt("depth", "semantic", size="tiny")
    model.untrained, model.predictor = ("decoder_1",), "base_model_2"
    seen = Viewer(model)(image)
    assert seen.task_1 is None
    assert seen.attention == {}
    assert Viewer(build_ada_atdt(transfer="unet", size="tiny")).attention(image) == {}


def test_errors_are_the_picture_in_grey_red_where_it_is_wrong_black_without_a_label(model, image):
    viewer = Viewer(model)
    truth = viewer(image).labels.copy()
    truth[:10] = (truth[:10] + 1) % 11
    truth[10:20] = 255
    seen = viewer(image, truth)
    assert seen.told == f"{10 / 60:.1%} of the labelled pixels are wrong".replace("%", " %")
    assert (seen.errors[:10] == (255, 40, 0)).all()
    assert not seen.errors[10:20].any()
    grey = 0.6 * image[20:].mean(-1, keepdims=True)
    np.testing.assert_allclose(seen.errors[20:], np.repeat(grey, 3, -1), atol=0.51)
    np.testing.assert_array_equal(seen.truth, viewer.task.colorize(truth))


@pytest.mark.quick
def test_errors_of_a_measure_are_relative_and_of_vectors_angles():
    wrong, told = errors(
        tasks.get("depth"), np.float32([[11, 30, 5, 9]]), np.float32([[10, 10, 5, 0]])
    )
    np.testing.assert_allclose(wrong, [[0.2, 1, 0, np.nan]], rtol=1e-5)
    assert told == "the mean relative error is 0.700; red: 0.5 or more"
    right, up, none = (1, 0, 0), (0, 1, 0), (0, 0, 0)
    half = (np.sqrt(0.75), 0.5, 0)
    wrong, told = errors(
        tasks.get("normals"), np.float32([[half, up, up]]), np.float32([[right, right, none]])
    )
    np.testing.assert_allclose(wrong, [[30 / 45, 1, np.nan]], rtol=1e-4)
    assert told == "the mean error is 60.0 degrees; red: 45 or more"


@pytest.mark.quick
def test_a_sky_beyond_what_depth_metrics_count_is_no_error():
    truth = np.float32([[10, 20, 100, 1000]])
    wrong, told = errors(tasks.get("depth"), np.minimum(truth, 100), truth)
    np.testing.assert_array_equal(wrong, [[0, 0, np.nan, np.nan]])
    assert told.startswith("the mean relative error is 0.000;")


@pytest.mark.quick
def test_a_frame_without_any_label_says_so():
    wrong, told = errors(tasks.get("depth"), np.ones((2, 2), "f"), np.zeros((2, 2), "f"))
    assert np.isnan(wrong).all()
    assert told == "no pixel has a label"
