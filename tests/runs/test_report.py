"""What a finished run tells: of what was trained, on the splits and labels that there are."""

import json

import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.domains import Domain
from adaat_keras.domains.splits import Splits
from adaat_keras.methods.stage import Feed
from adaat_keras.report.score import score
from adaat_keras.runs import report as module
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.report import report, without_nan

pytestmark = pytest.mark.usefixtures("eagerly", "unchanged_images")
NETWORKS = {"encoder_1", "decoder_1", "domain_classifier", "encoder_2", "decoder_2", "transfer"}
CONFIG = RunConfig.of(size="tiny", transfer="conv")


def domain(seed, labels=("depth", "semantic")):
    random = np.random.default_rng(seed)
    columns = {
        "depth": random.uniform(2, 60, (4, 32, 32)).astype("float32"),
        "semantic": random.integers(0, 11, (4, 32, 32)),
    }
    images = random.integers(0, 256, (4, 32, 32, 3)).astype("uint8")
    return Domain.from_arrays(images, **{name: columns[name] for name in labels})


@pytest.fixture(scope="module")
def model():
    return build_ada_atdt(size="tiny", transfer="conv", seed=0)


@pytest.fixture
def reported(model, tmp_path):
    """Reports a run; gives its scores and the names of its files."""
    folder = RunFolder(tmp_path)
    folder.history.write_text("stage,epoch,loss,val_loss\nadversarial,1,0.5,0.25\n")

    def scores(trained=NETWORKS, predictor="transfer", source=None, target=None, **networks):
        model.predictor = predictor
        splits = (
            Splits({"train": test or domain(seed), "test": test or domain(seed)})
            for seed, test in enumerate((source, target))
        )
        feed = Feed(*splits, CONFIG.training)
        every = {**model.networks, **networks}
        report(CONFIG, feed, model, every, set(trained), folder, verbose=0)
        files = {path.name for path in tmp_path.iterdir()} - {"state", "history.csv"}
        return json.loads(folder.metrics.read_text()), files

    yield scores
    model.predictor = "transfer"


PAGES = {"metrics.json", "README.md", "curves.png", "panels.png"}
BASE_1 = {"base_1_target", "base_1_source", "domain_probe"}


@pytest.mark.parametrize(
    ("trained", "predictor", "scored"),
    [
        (
            NETWORKS,
            "transfer",
            {"target", "source", "base_2_target", "base_2_source", "classifier_accuracy"}
            | {"transfer_error"}
            | BASE_1,
        ),
        ({"encoder_1", "decoder_1"}, "transfer", BASE_1),
        ({"encoder_2", "decoder_2"}, "base_model_2", {"target", "source"}),
        ({"encoder_2", "decoder_2"}, "transfer", set()),
    ],
)
def test_what_was_trained_is_scored_and_nothing_else(trained, predictor, scored, reported):
    metrics, files = reported(trained, predictor)
    assert set(metrics) == scored
    assert files == PAGES | ({"tsne.png"} if "encoder_1" in trained else set())


def test_a_score_is_that_of_the_network_on_the_test_split(reported, model):
    metrics, _ = reported()
    semantic, depth = tasks.get("semantic"), tasks.get("depth")
    for name, network, task in (
        ("target", model, semantic),
        ("base_1_target", model.base_model_1, depth),
        ("base_2_target", model.base_model_2, semantic),
    ):
        expected = without_nan(score(network, domain(1), task))
        assert metrics[name] == pytest.approx(expected, rel=1e-4, nan_ok=True)


def test_labels_that_are_not_there_are_not_scored_against(reported):
    metrics, files = reported(target=domain(1, ("depth",)))
    assert not {"target", "base_2_target"} & set(metrics)
    assert {"source", "base_1_target", "base_2_source"} <= set(metrics)
    assert "panels.png" in files


def test_a_domain_without_the_split_is_left_out(reported, model, tmp_path):
    folder = RunFolder(tmp_path)
    splits = {"train": domain(0)}, {"train": domain(1), "test": domain(1)}
    feed = Feed(*map(Splits, splits), CONFIG.training)
    report(CONFIG, feed, model, model.networks, NETWORKS, folder, verbose=0)
    metrics = json.loads(folder.metrics.read_text())
    of_both = {"classifier_accuracy", "transfer_error"}
    assert set(metrics) - of_both == {"target", "base_1_target", "base_2_target"}
    assert not (tmp_path / "tsne.png").exists()
    assert (tmp_path / "panels.png").exists()


def test_a_target_with_nothing_to_score_on_is_drawn_as_it_was_trained_on(model, tmp_path):
    folder = RunFolder(tmp_path)
    folder.history.write_text("stage,epoch,loss\nadversarial,1,0.5\n")
    feed = Feed(*(Splits({"train": domain(seed)}) for seed in (0, 1)), CONFIG.training)
    report(CONFIG, feed, model, model.networks, NETWORKS, folder, verbose=0)
    assert json.loads(folder.metrics.read_text()) == {}
    assert "the target domain's split `train`" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "panels.png").exists()


def test_a_teacher_is_scored_on_labels_in_place_of_images(reported):
    teacher = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(11, 1)])
    metrics, _ = reported({*NETWORKS, "teacher"}, teacher=teacher)
    semantic, depth = tasks.get("semantic"), tasks.get("depth")
    expected = without_nan(score(teacher, domain(1), semantic, reads=depth))
    assert metrics["teacher_target"] == pytest.approx(expected, rel=1e-4, nan_ok=True)


def test_what_fails_costs_a_line_and_is_made_good_the_next_time(reported, monkeypatch, tmp_path):
    def breaks(*_, **__):
        raise RuntimeError("no\nfonts")

    with monkeypatch.context() as patched:
        patched.setattr(module, "draw_panels", breaks)
        with pytest.warns(UserWarning, match=r"panels\.png failed: no fonts\. The networks are"):
            metrics, files = reported()
    assert files == (PAGES | {"tsne.png"}) - {"panels.png"}
    assert json.loads(RunFolder(tmp_path).failed.read_text()) == {
        "panels.png": "RuntimeError: no\nfonts"
    }
    again, files = reported()
    assert files == PAGES | {"tsne.png"}
    assert set(again) == set(metrics)
    for name, row in metrics.items():
        assert again[name] == pytest.approx(row, nan_ok=True)
    assert not RunFolder(tmp_path).failed.exists()


def test_what_is_there_is_not_made_again(reported, tmp_path):
    reported({"encoder_1", "decoder_1"})
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    reported(NETWORKS)
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.quick
def test_json_has_no_number_for_what_is_none():
    values = {"a": {"b": float("nan"), "c": 0.5}, "d": float("inf")}
    assert without_nan(values) == {"a": {"b": None, "c": 0.5}, "d": None}
