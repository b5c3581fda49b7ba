"""Every method trains from end to end and leaves what it should; a new one is tested here too."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import load, methods, tasks
from adaat_keras.domains.splits import Splits
from adaat_keras.files import write_json
from adaat_keras.runs.folder import RunFolder, load_trained
from adaat_keras.runs.train import run_once, train_from_config
from adaat_keras.streets.writers import write_streets
from adaat_keras.training.callbacks import read_history

pytestmark = pytest.mark.usefixtures("unchanged_images")
IMAGES = np.random.default_rng(0).uniform(0, 255, (1, 70, 91, 3)).astype("float32")
TO_DEPTH = {"from_task": "semantic", "to_task": "depth"}


@pytest.fixture(params=methods.names())
def finished(request, run_of):
    """A method's name and the folder of its run."""
    return request.param, run_of(request.param)


def stages_of(method, config):
    parts = (config.from_task, config.to_task, config.recipe, config.training)
    return methods.get(method).stages(*parts)


def test_a_run_leaves_its_files(finished, config):
    method, folder = finished
    trained = {name for stage in stages_of(method, config()) for name in stage.networks}
    pictures = {"panels.png", "curves.png"} | ({"tsne.png"} if "encoder_1" in trained else set())
    files = {"config.json", "versions.json", "history.csv", "metrics.json", "README.md", *pictures}
    assert not folder.failed.exists()
    # A stage from the store is not trained, and has no log in this run.
    found = {p.name for p in folder.path.iterdir()} - {"logs", "state"}
    assert found == files | {"model.keras", "networks"}
    assert {p.stem for p in folder.networks.glob("*.keras")} == trained
    assert all(f"]({picture})" in (folder.path / "README.md").read_text() for picture in pictures)


@pytest.mark.usefixtures("eagerly", "undrawn")
def test_a_benchmarks_or_a_studys_run_makes_good_what_failed_in_it(run_of, tmp_path):
    whole = run_of("source_only")
    folder = RunFolder(shutil.copytree(whole.path, tmp_path / "run"))
    metrics = folder.read_metrics()
    write_json(folder.metrics, {name: row for name, row in metrics.items() if name != "target"})
    write_json(folder.failed, {"the score target": "OSError: no disk"})
    again = run_once(folder.read_config(), folder.path, tmp_path / "store", verbose=0)
    assert set(again) == set(metrics)
    assert again["target"] == pytest.approx(metrics["target"], rel=1e-4)
    assert not folder.failed.exists()
    assert folder.model.read_bytes() == whole.model.read_bytes()


def test_training_needs_no_labels_of_task_2_on_the_target(finished):
    method, folder = finished
    if method != "oracle":
        options = folder.read_config().data.target_options
        files = Path(options["cache"]).glob("streets_real-*/semantic.npy")
        assert all("-test-" in str(file) for file in files)
        assert folder.finished


def test_every_epoch_of_every_stage_is_logged(finished, config):
    method, folder = finished
    rows = [(row["stage"], row["epoch"]) for row in read_history(folder.history)]
    epochs = {stage.name: "12" for stage in stages_of(method, config())}
    if "teacher" in epochs:
        epochs["teacher"] = "1234"
    assert rows == [(stage, epoch) for stage in epochs for epoch in epochs[stage]]


def test_a_run_scores_task_2_on_both_domains(finished):
    _, folder = finished
    metrics = json.loads(folder.metrics.read_text())
    assert all(0 <= metrics[domain]["mean_iou"] <= 1 for domain in ("source", "target"))


@pytest.mark.usefixtures("eagerly")
def test_what_was_trained_decides_what_predicts(finished):
    """By hand, from the networks that the run has trained; for images of any size."""
    method, folder = finished
    model = load(folder.path)
    assert model.predictor == methods.get(method).predictor
    path = {
        "transfer": ("encoder_1", "transfer", "decoder_2"),
        "base_model_2": ("encoder_2", "decoder_2"),
    }[model.predictor]
    # At their own scale, and of a size that nothing has to be padded to.
    model.camera = None
    expected = images = IMAGES[:, :64, :64]
    for name in path:
        expected = keras.saving.load_model(folder.network(name))(expected)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, atol=1e-4)
    _, again = load_trained(folder.path)
    saved = keras.saving.load_model(folder.model)
    assert again.predict(IMAGES, verbose=0).shape == (1, 70, 91, 11)
    for other in (again, saved):
        assert other.camera is not None
        other.camera = None
        np.testing.assert_array_equal(
            other.predict(images, verbose=0), model.predict(images, verbose=0)
        )
    assert not set(path) & set(model.untrained)


@pytest.mark.parametrize("method", ["ada_atdt", "cycle_gan"])
def test_a_finished_run_that_is_started_again_changes_nothing(
    method, run_of, config_of, store, content
):
    folder = run_of(method)
    before = content(folder.path)
    train_from_config(config_of(method), folder.path, store, verbose=0)
    assert content(folder.path) == before


def test_stage_1_logs_both_sides_of_the_game_and_the_metrics_of_both_domains(run_of):
    row = read_history(run_of("ada_atdt").history)[0]
    domains = ("source", "target")
    losses = {"loss", "adversarial_loss", "classifier_loss", *(f"{d}_task_loss" for d in domains)}
    accuracies = {f"{d}_domain_accuracy" for d in domains}
    metrics = {name for metric in tasks.get("depth").metrics() for name in metric.result()}
    validation = {f"val_{d}_{m}" for d in domains for m in (*metrics, "task_loss")} | {"val_loss"}
    assert set(row) == {"stage", "epoch"} | losses | accuracies | validation


def test_tensorboard_has_a_log_of_every_stage_that_was_trained(run_of):
    logs = run_of("ada_atdt").logs
    # The supervised stage may come from the store, trained for another method.
    assert {p.name for p in logs.iterdir()} >= {"adversarial", "transfer"}
    assert all(list((stage / "train").glob("events.*")) for stage in logs.iterdir())


@pytest.mark.parametrize("method", ["at_dt", "source_only"])
def test_methods_of_one_seed_share_the_supervised_stage(method, run_of):
    theirs = run_of("ada_atdt")
    ours = run_of(method)
    # Decoder 2 learns on with the transfer.
    assert ours.network("encoder_2").read_bytes() == theirs.network("encoder_2").read_bytes()


@pytest.mark.usefixtures("unreported")
def test_a_stage_in_the_store_is_not_trained_again(run_of, config_of, store, tmp_path):
    run_of("source_only")
    before = {file: file.stat().st_mtime_ns for file in store.rglob("*")}
    train_from_config(config_of("source_only"), tmp_path / "again", store, verbose=0)
    assert {file: file.stat().st_mtime_ns for file in store.rglob("*")} == before
    assert len(read_history(tmp_path / "again" / "history.csv")) == 2


@pytest.mark.usefixtures("eagerly", "unreported")
def test_where_data_lies_and_is_cached_trains_nothing_anew(config, tmp_path, monkeypatch):
    """A data set in another place, kept in memory, is the same data."""
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "cache"))
    here, there = tmp_path / "here", tmp_path / "there"
    for split in ("train", "val", "test"):
        write_streets("carla", here, 2, split, height=64, width=64)
    # Its second stage reads both domains.
    brief = {"source": "carla", "target": "carla", "method": "label_teacher"}
    brief |= {"epochs": 1, "steps_per_epoch": 1}

    def trained(root, name, **changes):
        opened = {f"{role}_options": {"root": str(root)} for role in ("source", "target")}
        run = config(**brief, **opened, **changes)
        return train_from_config(run, tmp_path / name, tmp_path / "stages", verbose=0)

    history = trained(here, "one")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "stages").rglob("*")}
    shutil.move(here, there)
    assert trained(there, "two", cache="memory") == history
    assert trained(there, "three", cache="disk", validation_frames=1)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert set((tmp_path / "stages").rglob("*")) == set(before)


@pytest.mark.usefixtures("eagerly", "unreported")
def test_other_data_in_the_same_place_is_trained_anew(config, tmp_path):
    for split, frames in (("train", 2), ("val", 1), ("test", 1)):
        write_streets("carla", tmp_path / "data", frames, split, height=64, width=64)
    options = {"source": "carla", "source_options": {"root": str(tmp_path / "data")}}
    run = config(method="source_only", epochs=1, steps_per_epoch=1, **options)
    train_from_config(run, tmp_path / "one", tmp_path / "stages", verbose=0)
    write_streets("carla", tmp_path / "data", 3, "train", height=64, width=64)
    train_from_config(run, tmp_path / "two", tmp_path / "stages", verbose=0)
    assert len(list((tmp_path / "stages").iterdir())) == 2


@pytest.mark.usefixtures("eagerly", "unreported")
def test_after_a_run_the_process_is_as_it_was(config, tmp_path):
    """A user's notebook goes on with what has no seed."""
    run = config(method="source_only", epochs=1, steps_per_epoch=1)
    train_from_config(run, tmp_path, verbose=0)
    assert tf.random.uniform([2]).shape == (2,)
    assert len(list(tf.data.Dataset.range(3).shuffle(3))) == 3


@pytest.mark.parametrize(("from_task", "to_task"), [("depth", "semantic"), ("semantic", "depth")])
def test_the_oracle_needs_labels_that_no_other_method_may_read_and_names_the_file(
    from_task, to_task, config, withheld, tmp_path
):
    options = {"from_task": from_task, "to_task": to_task, "target_options": withheld(to_task)}
    with pytest.raises(FileNotFoundError, match=rf"streets_real-.*-train-.*/{to_task}\.npy"):
        train_from_config(config(method="oracle", **options), tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


# Each task on both sides; the others differ in what these have shown alone.
@pytest.mark.parametrize(("from_task", "to_task"), [("depth", "normals"), ("normals", "semantic")])
@pytest.mark.usefixtures("eagerly")
def test_a_run_to_and_from_normals_is_trained_scored_and_drawn(
    from_task, to_task, config, store, tmp_path
):
    # The fewest stages that train all networks of a transfer.
    brief = {"epochs": 1, "steps_per_epoch": 1, "method": "at_dt", "recipe": "paper"}
    run = config(from_task=from_task, to_task=to_task, **brief)
    train_from_config(run, tmp_path / "run", tmp_path / "stages", verbose=0)
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    rows = {"target": to_task, "source": to_task, "base_1_target": from_task}
    for row, task in rows.items():
        assert np.isfinite(metrics[row][tasks.get(task).primary_metric])
    page = (tmp_path / "run/README.md").read_text()
    assert f"--from {from_task}" in page
    assert f"| {tasks.get(to_task).primary_metric} |" in page
    assert (tmp_path / "run/panels.png").stat().st_size > 10_000
    outputs = load(tmp_path / "run").predict(IMAGES, verbose=0)
    assert outputs.shape == (1, 70, 91, tasks.get(to_task).channels)


def test_a_domain_that_a_run_cannot_open_is_told_before_it_trains(config, tmp_path):
    options = {"target": "carla", "target_options": {"root": str(tmp_path / "none")}}
    with pytest.raises((ValueError, FileNotFoundError), match="none"):
        train_from_config(config(**options), tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()
    assert Splits("carla", options["target_options"]).name == "carla"
