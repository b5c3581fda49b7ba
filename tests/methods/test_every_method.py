"""Every method trains from end to end and leaves what it should; a new file is tested here too."""

import json
from pathlib import Path

import keras
import pytest

from adaat_keras import methods, tasks
from adaat_keras.build import build_ada_atdt
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.harness.train_from_config import train_from_config
from adaat_keras.training.callbacks import read_history


def steps_of(method, config):
    model = build_ada_atdt(size=config.size, transfer=config.transfer)
    return methods.get(method).steps(Setup(config, model, None))


def test_a_run_leaves_its_files(finished, tiny):
    method, folder = finished
    trained = {name for step in steps_of(method, tiny()) for name in step.networks}
    pictures = {"panels.png", "curves.png"} | ({"tsne.png"} if "encoder_1" in trained else set())
    files = {"config.json", "versions.json", "history.csv", "metrics.json", "README.md", *pictures}
    # A step from the store is not trained, and has no log in this run.
    found = {p.name for p in folder.path.iterdir()} - {"logs"}
    assert found == files | {"model.keras", "networks", "state"}
    assert {p.stem for p in folder.networks.glob("*.keras")} == trained
    assert all(f"]({picture})" in (folder.path / "README.md").read_text() for picture in pictures)


def test_training_needs_no_labels_of_task_2_on_the_target(finished):
    method, folder = finished
    if method != "oracle":
        options = folder.read_config().target_options
        files = Path(options["cache"]).glob("streets_real-*/semantic.npy")
        assert all("-test-" in str(file) for file in files)
        assert folder.finished


def test_every_epoch_of_every_step_is_logged(finished, tiny):
    method, folder = finished
    steps = [step.name for step in steps_of(method, tiny())]
    rows = [(row["step"], row["epoch"]) for row in read_history(folder.history)]
    assert rows == [(step, epoch) for step in steps for epoch in "12"]


def test_a_run_scores_task_2_on_both_domains(finished):
    _, folder = finished
    metrics = json.loads(folder.metrics.read_text())
    assert all(0 <= metrics[domain]["mean_iou"] <= 1 for domain in ("source", "target"))


def test_a_runs_model_predicts_images_of_any_size(finished):
    _, folder = finished
    _, predictor = load_run(folder.path)
    assert predictor.predict(keras.ops.ones((1, 70, 91, 3)), verbose=0).shape == (1, 70, 91, 11)


def test_a_finished_run_that_is_started_again_changes_nothing(finished, config_of, store, content):
    method, folder = finished
    before = content(folder.path)
    train_from_config(config_of(method), folder.path, store, verbose=0)
    assert content(folder.path) == before


def test_step_1_logs_both_sides_of_the_game_and_the_metrics_of_both_domains(run_of):
    row = read_history(run_of("ada_atdt").history)[0]
    domains = ("source", "target")
    losses = {"loss", "adversarial_loss", "classifier_loss", *(f"{d}_task_loss" for d in domains)}
    accuracies = {f"{d}_domain_accuracy" for d in domains}
    metrics = {name for metric in tasks.get("depth").metrics() for name in metric.result()}
    validation = {f"val_{d}_{m}" for d in domains for m in (*metrics, "task_loss")}
    assert set(row) == {"step", "epoch"} | losses | accuracies | validation


def test_tensorboard_has_a_log_of_every_step_that_was_trained(run_of):
    logs = run_of("ada_atdt").logs
    # The supervised step may come from the store, trained for another method.
    assert {p.name for p in logs.iterdir()} >= {"adversarial", "transfer"}
    assert all(list((step / "train").glob("events.*")) for step in logs.iterdir())


@pytest.mark.parametrize("method", ["at_dt", "source_only"])
def test_methods_of_one_seed_share_the_supervised_step(method, run_of):
    theirs = run_of("ada_atdt")
    ours = run_of(method)
    for name in ("encoder_2", "decoder_2"):
        assert ours.network(name).read_bytes() == theirs.network(name).read_bytes()


def test_a_step_in_the_store_is_not_trained_again(run_of, config_of, store, tmp_path):
    run_of("source_only")
    before = {file: file.stat().st_mtime_ns for file in store.rglob("*")}
    train_from_config(config_of("source_only"), tmp_path / "again", store, verbose=0)
    assert {file: file.stat().st_mtime_ns for file in store.rglob("*")} == before
    assert len(read_history(tmp_path / "again" / "history.csv")) == 2
