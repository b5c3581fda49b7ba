"""The two calls of the README."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt, fit_ada_atdt

IMAGES = np.random.default_rng(0).uniform(0, 255, (2, 50, 75, 3)).astype("float32")


@pytest.fixture(scope="module")
def fitted(frames, withheld, tmp_path_factory):
    model = build_ada_atdt(from_task="semantic", to_task="depth", transfer="unet", size="tiny")
    directory = tmp_path_factory.mktemp("fitted") / "demo"
    history = fit_ada_atdt(
        model,
        source="streets_sim",
        target="streets_real",
        directory=directory,
        epochs=2,
        steps_per_epoch=2,
        batch_size=2,
        crop=64,
        validation_frames=1,
        source_options=frames,
        target_options=withheld("depth"),
        verbose=0,
    )
    return model, history, directory


def test_the_history_has_every_epoch_of_every_step(fitted):
    _, history, _ = fitted
    assert list(history) == ["adversarial", "supervised", "teacher", "transfer"]
    assert len(history["adversarial"]["val_target_mean_iou"]) == 2
    assert len(history["supervised"]["val_source_abs_rel"]) == 2
    assert all(np.isfinite(history["transfer"]["loss"]))


def test_the_labels_of_task_2_on_the_target_were_not_there(fitted, withheld):
    folders = Path(withheld("depth")["cache"]).glob("streets_real-*")
    assert [f for f in folders if (f / "depth.npy").exists() and "-test-" not in f.name] == []


def test_the_model_predicts_task_2_at_any_size(fitted):
    model, _, _ = fitted
    assert model.predict(IMAGES, verbose=0).shape == (2, 50, 75, 1)


def test_the_saved_model_is_the_model(fitted, same):
    model, _, directory = fitted
    saved = keras.saving.load_model(directory / "model.keras")
    assert (saved.from_task, saved.to_task) == ("semantic", "depth")
    for name, network in model.networks.items():
        assert same(network, getattr(saved, name))
    np.testing.assert_array_equal(
        saved.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0)
    )


def test_the_saved_model_opens_in_a_fresh_process(fitted):
    _, _, directory = fitted
    code = (
        f"import keras, adaat_keras.models; keras.saving.load_model({str(directory)!r} + '/{{}}')"
    )
    for file in ("model.keras", "networks/transfer.keras"):
        subprocess.run([sys.executable, "-c", code.format(file)], check=True)


def test_a_model_of_another_kind_is_not_taken_into_the_folder(fitted, frames):
    _, _, directory = fitted
    with pytest.raises(ValueError, match=r"demo holds .*to_task is 'depth' there, 'semantic' now"):
        fit_ada_atdt(build_ada_atdt(size="tiny"), directory=directory, source_options=frames)
