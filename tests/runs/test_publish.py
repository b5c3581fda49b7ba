"""What a preset's card and its entry in the manifest say."""

import threading

import numpy as np
import pytest

from adaat_keras import build_ada_atdt
from adaat_keras.domains import Domain
from adaat_keras.files import write_json
from adaat_keras.lock import locked
from adaat_keras.models.preset_format import read_details
from adaat_keras.presets import add_to_manifest, read_manifest
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.publish import facts_of, publish

FRAMES = Domain.from_arrays(np.zeros((1, 32, 64, 3), np.uint8))
METRICS = {"mean_iou": 0.4, "iou_pole": 0.01}


@pytest.fixture(scope="module")
def model():
    return build_ada_atdt(transfer="conv", size="tiny")


@pytest.fixture
def published(model, tmp_path):
    """Publishes the model and gives its entry in the manifest and its card."""

    def entry_and_card(
        name="one", run=None, metrics=METRICS, scores=({"mean_iou": 0.41},), **facts
    ):
        run = {**RunConfig.of(seed=4).to_dict(), **(run or {})}
        told = {"command": "adaat-keras train --epochs 1", "about": "As by magic.", "drawn": True}
        told |= {"frame": [64, 96], "base_2_target": {key: 0.3 for key in metrics}}
        publish(tmp_path / name, model, run, metrics, list(scores), told | facts)
        card = (tmp_path / name / "README.md").read_text()
        return read_manifest(tmp_path)[name], " ".join(card.split())

    return entry_and_card


def test_publishing_adds_to_the_manifest_and_writes_a_card(published, tmp_path):
    """The spread is of what was trained; the numbers are of what was rounded."""
    metrics, scores = (
        {"mean_iou": 0.3999, "accuracy": None},
        [{"mean_iou": 0.4}, {"mean_iou": 0.44}],
    )
    published("one")
    entry, card = published("two", metrics=metrics, scores=scores)
    assert list(read_manifest(tmp_path)) == ["one", "two"]
    assert entry["metrics"] == metrics
    assert entry["seeds"] == {
        "count": 2,
        "mean": pytest.approx(0.42),
        "deviation": pytest.approx(0.02 * 2**0.5),
    }
    assert entry["sha256"] == read_details(tmp_path / "two")["sha256"]
    assert entry["bytes"] == (tmp_path / "two" / "weights.h5").stat().st_size
    for text in (
        "adaat-keras train --epochs 1",
        "| mean_iou | 0.3999 | 0.3000 |",
        "| accuracy | – | 0.3000 |",
        "0.4200 ± 0.0283",
        "from 32 x 32 on",
        "Trained on whole frames; frames of `streets_real` have 64 x 96.",
        f"adaat-keras evaluate {tmp_path}/two",
        f'load("{tmp_path}/two")',
    ):
        assert text in " ".join(card.split()) or text in card


def test_two_that_publish_at_once_both_get_their_entry(tmp_path):
    other = threading.Thread(target=add_to_manifest, args=("two", {}, tmp_path))
    with locked(tmp_path, "wait"):
        other.start()
        other.join(0.2)
        write_json(tmp_path / "manifest.json", {"one": {}})
    other.join()
    assert list(read_manifest(tmp_path)) == ["one", "two"]


def test_a_card_says_of_drawn_streets_what_the_package_knows(published):
    _, card = published()
    assert "draws itself" in card
    assert "Licence Apache-2.0" in card
    assert "Hardly ever found (IoU below 0.1): pole." in card


@pytest.mark.parametrize(
    ("run", "drawn", "named"),
    [
        ({"target": "cityscapes"}, False, "apply: `streets_sim`, `cityscapes`."),
        ({"weights": "hf://a/b"}, True, "apply: `streets_sim`, `streets_real`, `hf://a/b`."),
        ({"stages": ["transfer"]}, True, "apply: `streets_sim`, `streets_real`."),
    ],
)
def test_a_card_claims_no_licence_of_what_others_made(run, drawn, named, published):
    _, card = published(run=run, drawn=drawn)
    assert f"State it here. The licences of what it was made from {named}" in card
    assert "Apache" not in card
    assert ("draws itself" in card) == ("photographs" in card) == drawn


def test_a_source_that_was_an_object_is_called_by_its_name_and_no_command_trains_it(
    published,
):
    source = {"name": "streets_sim", "identity": "d6ac506f15bbb7a0"}
    facts = facts_of(RunConfig.of(source=source), FRAMES, None, "runs/one")
    assert "adaat-keras train" not in facts["command"]
    assert not facts["drawn"]
    _, card = published(run={"source": source}, **facts)
    assert "`streets_sim` had labels of" in card
    assert (
        "from Python by fit_ada_atdt, with objects that no command can name: streets_sim." in card
    )


@pytest.mark.parametrize(("alone", "told"), [(0.41, True), (0.39, False)])
def test_a_card_says_where_the_transfer_does_harm(alone, told, published):
    entry, card = published(base_2_target={"mean_iou": alone, "iou_pole": 0})
    assert entry["base_2_target"]["mean_iou"] == alone
    assert ("is better here: mean_iou 0.4100, against 0.4000" in card) == told


@pytest.mark.parametrize("scores", [[], [{}], [{"mean_iou": None}]])
def test_a_run_that_was_not_scored_has_no_spread(scores, published):
    entry, card = published(scores=scores)
    assert entry["seeds"] == {"count": 0, "mean": None, "deviation": None}
    assert "No run's own mean_iou is known" in card


def test_a_method_that_says_nothing_of_itself_is_told_by_its_class(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from adaat_keras.methods import AtDt\nclass Mine(AtDt):\n    pass\n")
    domain = Domain.from_arrays(np.zeros((1, 4, 6, 3), np.uint8))
    facts = facts_of(RunConfig.of(method=f"{file}:Mine"), domain, None, "runs/mine")
    assert facts["about"] == "Mine."


def test_a_target_without_labels_has_nothing_to_score_against(published):
    entry, card = published(metrics={}, scores=[{}])
    assert entry["metrics"] == {}
    assert entry["seeds"] == {"count": 0, "mean": None, "deviation": None}
    assert "`streets_real` has no labels of task 2: nothing to score against" in card
    assert "adaat-keras evaluate" not in card
