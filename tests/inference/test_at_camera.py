"""Images of any size are predicted at the scale of the frames that a model was trained on."""

import gc
import weakref

import keras
import numpy as np
import pytest
from PIL import Image

from adaat_keras import build_ada_atdt
from adaat_keras.camera import Camera
from adaat_keras.inference import predict_labels, write_predictions
from adaat_keras.inference.tiles import _native
from adaat_keras.models import AdaAtdt


@pytest.fixture(scope="module")
def model() -> AdaAtdt:
    model = build_ada_atdt("semantic", "depth", "conv", size="tiny", seed=1)
    model.camera = Camera(64, 128)
    return model


def photo(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows % 256, columns % 256, (rows + columns) % 256], -1).astype(np.uint8)


def test_a_photo_is_decoded_strip_by_strip_as_the_model_itself_predicts_it(model):
    image = photo(600, 900)
    expected = 100 * keras.ops.convert_to_numpy(model(image[None].astype("float32")))[..., 0]
    labels = predict_labels(model, "depth", image[None])
    np.testing.assert_allclose(labels, np.clip(expected, 0.001, 100), rtol=1e-3)


def test_tiles_take_the_photo_at_its_own_scale(model):
    image = photo(100, 140)
    camera, model.camera = model.camera, None
    native = predict_labels(model, "depth", image[None], tile=64)
    model.camera = camera
    np.testing.assert_allclose(predict_labels(model, "depth", image[None], tile=64), native)


def test_files_are_written_at_their_own_size_and_a_line_says_how_they_were_seen(
    model, tmp_path, capsys
):
    for name in ("a", "b"):
        Image.fromarray(photo(90, 160)).save(tmp_path / f"{name}.png")
    paths = sorted(tmp_path.glob("*.png"))
    files = write_predictions(model, "depth", paths, tmp_path / "out")
    assert {Image.open(file).size for file in files} == {(160, 90)}
    told = capsys.readouterr().err
    assert told.count("seen at 128 x 72") == 1
    assert "--native" in told


def test_a_frame_of_the_cameras_size_is_nothing_to_tell_of(model, tmp_path, capsys):
    Image.fromarray(photo(64, 128)).save(tmp_path / "a.png")
    write_predictions(model, "depth", [tmp_path / "a.png"], tmp_path / "out", "cm")
    assert capsys.readouterr().err == ""


def test_a_strip_too_narrow_at_that_scale_is_refused_with_both_sizes(model):
    with pytest.raises(ValueError, match="2000 x 100 pixels, seen at 128 x 6"):
        predict_labels(model, "depth", photo(100, 2000)[None])


def test_tiles_of_many_photos_are_predicted_by_what_was_compiled_once():
    model = build_ada_atdt("semantic", "depth", "conv", size="tiny", seed=1)
    model.camera = Camera(64, 128)
    first = predict_labels(model, "depth", photo(64, 100)[None], tile=64)
    traces = _native(model).predict_function
    predict_labels(model, "depth", photo(100, 140)[None], tile=64)
    assert _native(model).predict_function is traces
    # What is trained or chosen later counts in them all the same.
    model.decoder_2.layers[-2].bias.assign_add([1.0])
    later = predict_labels(model, "depth", photo(64, 100)[None], tile=64)
    assert np.abs(later - first).max() > 1e-3
    model.predictor = "base_model_2"
    other = predict_labels(model, "depth", photo(64, 100)[None], tile=64)
    assert np.abs(other - later).max() > 1e-6
    kept = weakref.ref(model)
    del model
    gc.collect()
    assert kept() is None
