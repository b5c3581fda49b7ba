"""Figure 3: adversarial losses and alphas side by side."""

import csv

import pytest

from adaat_keras.methods.harness.run_once import run_once
from adaat_keras.methods.harness.run_study import run_study

LOSSES, ALPHAS = ("binary_crossentropy",), (0.9,)


@pytest.fixture(scope="module")
def studied(tiny, store, tmp_path_factory):
    directory = tmp_path_factory.mktemp("study")
    return directory, run_study(tiny(), LOSSES, ALPHAS, directory, store, verbose=0)


def test_every_loss_and_alpha_has_a_row_beside_one_without_a_classifier(studied):
    directory, rows = studied
    with (directory / "study.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [row["adversarial_loss"] for row in written] == ["", *LOSSES]
    for row, other in zip(rows, written, strict=True):
        assert {name: str(value) for name, value in row.items()} == other
        assert 0 <= row["mean_iou"] <= 1
        assert 0 <= row["proxy_a_distance"] <= 2


def test_both_sheets_are_drawn(studied):
    directory, _ = studied
    assert (directory / "losses.png").stat().st_size > 10_000
    assert (directory / "classifier.png").stat().st_size > 10_000


def test_a_study_that_is_done_trains_nothing(studied, tiny, store, monkeypatch):
    directory, rows = studied
    monkeypatch.delitem(run_once.__globals__, "train_from_config")
    assert run_study(tiny(), LOSSES, ALPHAS, directory, store, verbose=0) == rows


@pytest.mark.parametrize(("losses", "alphas"), [((), ALPHAS), (LOSSES, ())])
def test_a_study_of_nothing_is_a_clear_error(losses, alphas, tiny, tmp_path):
    with pytest.raises(ValueError, match="nothing to study"):
        run_study(tiny(), losses, alphas, tmp_path)
