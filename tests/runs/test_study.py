"""Figure 3: adversarial losses and alphas side by side."""

import csv
import filecmp
import json

import pytest
from PIL import Image

from adaat_keras import tasks
from adaat_keras.models.preset_format import read_model
from adaat_keras.report.score import score
from adaat_keras.runs import study
from adaat_keras.runs import train as runs
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.study import run_study

pytestmark = pytest.mark.usefixtures("unchanged_images")
LOSSES, ALPHAS = ("binary_crossentropy",), (0.5, 0.9)
TASKS = {"from_task": "semantic", "to_task": "depth"}
BRIEF = {"epochs": 1, "steps_per_epoch": 1, "validation_frames": 1, "recipe": "paper"}


@pytest.fixture(scope="module")
def studied(config, graphs, no_pictures, tmp_path_factory):
    directory = tmp_path_factory.mktemp("study")
    with graphs(False), no_pictures():
        rows = run_study(config(**TASKS, **BRIEF), LOSSES, ALPHAS, directory, verbose=0)
    return directory, rows


def test_every_setting_has_a_row_and_two_are_trained_whole(studied):
    directory, rows = studied
    with (directory / "study.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [(row["method"], row["alpha"]) for row in written[:3]] == [
        ("ada_atdt", "0.5"),
        ("ada_atdt", "0.9"),
        ("at_dt", ""),
    ]
    for row, other in zip(rows, written, strict=True):
        shown = {name: "" if value is None else str(value) for name, value in row.items()}
        assert shown == other
        assert 0 <= row["task_1_mean_iou"] <= 1
        assert 0 <= row["proxy_a_distance"] <= 2
    assert [row["task_2_abs_rel"] is None for row in rows] == [True, True, False, False]


def test_base_model_1_stays_what_stage_1_made_of_it(studied):
    """Or the features without and with the classifier would have been trained on without it."""
    directory, rows = studied
    best = RunFolder(directory / f"binary_crossentropy-{rows[-1]['alpha']:g}")
    whole = RunFolder(directory / "ada_atdt")
    assert [row["stages"] for row in rows] == ["adversarial", "adversarial", "all", "all"]
    assert filecmp.cmp(best.network("encoder_1"), whole.network("encoder_1"), shallow=False)


def test_a_setting_is_judged_by_base_model_1_and_trains_nothing_else(studied):
    directory, _ = studied
    folder = RunFolder(directory / "binary_crossentropy-0.9")
    assert {path.stem for path in folder.networks.iterdir()} == {
        "encoder_1",
        "decoder_1",
        "domain_classifier",
    }
    assert not {"target", "base_2_target"} & set(json.loads(folder.metrics.read_text()))


def test_the_best_setting_is_chosen_on_val(studied, config):
    directory, rows = studied
    val = config(**TASKS).splits("target").required("val")
    scores = {}
    for alpha in ALPHAS:
        model = read_model(RunFolder(directory / f"binary_crossentropy-{alpha}").model)
        scores[alpha] = score(model.base_model_1, val, tasks.get("semantic"))["mean_iou"]
    assert rows[-1]["alpha"] == max(scores, key=scores.get)


def test_both_sheets_are_drawn(studied):
    directory, _ = studied
    assert (directory / "losses.png").stat().st_size > 10_000
    assert (directory / "classifier.png").stat().st_size > 10_000


def test_a_study_that_is_done_trains_nothing(studied, config, monkeypatch):
    directory, rows = studied
    monkeypatch.delattr(runs, "train_from_config")
    monkeypatch.setattr(study, "_draw", lambda *_: None)
    assert run_study(config(**TASKS, **BRIEF), LOSSES, ALPHAS, directory, verbose=0) == rows


def test_a_run_whose_scores_failed_has_a_row_without_them(config):
    run = config(**TASKS)
    row = study._row(run, {})
    assert row["task_1_mean_iou"] is None
    assert row["probe_accuracy"] is None
    assert study._caption(run.from_task, row) == "mean iou -, probe - %"


@pytest.mark.quick
def test_frames_and_labels_that_are_needed_at_the_end_are_looked_for_before(
    config, tmp_path, monkeypatch
):
    monkeypatch.delattr(study, "run_once")
    for number in range(2):
        Image.new("RGB", (64, 64)).save(tmp_path / f"{number}.png")
    for more, message in (
        ({}, "folder has no split 'val': all its frames are the training split"),
        ({"fractions": {"train": 0.5, "val": 0.5}}, "folder has no labels for 'semantic'"),
    ):
        photos = {"target": "folder", "target_options": {"images": str(tmp_path), **more}}
        with pytest.raises(ValueError, match=f"a study draws frames of .*{message}"):
            run_study(config(**TASKS, **photos), LOSSES, ALPHAS, tmp_path / "out", verbose=0)
    assert not (tmp_path / "out").exists()


@pytest.mark.quick
@pytest.mark.parametrize(("losses", "alphas"), [((), ALPHAS), (LOSSES, ())])
def test_a_study_of_nothing_is_a_clear_error(losses, alphas, config, tmp_path):
    with pytest.raises(ValueError, match="nothing to study"):
        run_study(config(), losses, alphas, tmp_path)


@pytest.mark.quick
@pytest.mark.parametrize(
    ("losses", "alphas", "message"),
    [(("hinge",), ALPHAS, "unknown adversarial loss 'hinge'"), (LOSSES, (2,), "alpha must be")],
)
def test_an_unknown_setting_is_an_error_before_any_street_is_rendered(
    losses, alphas, message, config, tmp_path
):
    options = {
        f"{role}_options": {"cache": str(tmp_path / "cache")} for role in ("source", "target")
    }
    with pytest.raises(ValueError, match=message):
        run_study(config(**options), losses, alphas, tmp_path / "out")
    assert not list(tmp_path.iterdir())
