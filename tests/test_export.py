"""The prediction as a SavedModel, without this package."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import build_ada_atdt
from adaat_keras.export import export_model

IMAGES = np.random.default_rng(0).uniform(0, 255, (1, 50, 75, 3)).astype("float32")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    return build_ada_atdt(transfer="conv", size="tiny")


def test_an_exported_model_predicts_the_same_without_this_package(model, tmp_path):
    export_model(model, tmp_path / "exported")
    images = np.round(IMAGES)
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "images = np.load(sys.argv[1] + '/images.npy')\n"
        "predict = tf.saved_model.load(sys.argv[1] + '/exported')\n"
        "outputs = [predict(images), predict(images.astype('uint8')),\n"
        "    predict.signatures['serving_default'](image=tf.constant(images))['prediction']]\n"
        "assert not any(name.startswith('adaat_keras') for name in sys.modules)\n"
        "np.save(sys.argv[1] + '/outputs.npy', outputs)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=tmp_path)
    expected = model.predict(images, verbose=0)
    for outputs in np.load(tmp_path / "outputs.npy"):
        assert np.abs(outputs - expected).max() <= 1e-4 * np.abs(expected).max()


def test_an_export_holds_the_inference_path_alone(model, tmp_path):
    export_model(model, tmp_path / "exported")
    parts = (model.encoder_1, model.transfer, model.decoder_2)
    weights = tf.train.load_checkpoint(str(tmp_path / "exported/variables/variables"))
    shapes = weights.get_variable_to_shape_map()
    count = sum(int(np.prod(shapes[key])) for key in shapes if key.startswith("weights/"))
    assert count == sum(part.count_params() for part in parts)


def test_an_export_replaces_nothing(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="choose another --out"):
        export_model(model, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
