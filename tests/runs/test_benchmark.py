"""Several methods side by side: begun elsewhere, gone on with here, drawn."""

import json
import re

import keras
import numpy as np
import processes
import pytest

from adaat_keras import build_ada_atdt, load, methods, tasks
from adaat_keras.files import write_json
from adaat_keras.methods.stage_key import versions
from adaat_keras.models import DilatedResnet50
from adaat_keras.runs import benchmark as module
from adaat_keras.runs.benchmark import Variant, chosen_methods, known_rows, run_benchmark
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder
from adaat_keras.tasks import Semantic

pytestmark = pytest.mark.usefixtures("unchanged_images")
OWN = {"architecture": "dilated_resnet50", "transfer": None}


# === Variants ===


@pytest.mark.quick
def test_a_benchmarks_method_may_bring_its_own_transfer_function_and_recipe():
    config = RunConfig.of(recipe="recommended", epochs=3)
    run = Variant.parse("at_dt:dilated_resnet50@paper").config(config, seed=1)
    assert run == RunConfig.of(
        method="at_dt", architecture="dilated_resnet50", recipe="paper", seed=1, epochs=3
    )
    run = Variant.parse("ada_atdt:conv@paper").config(config, seed=2)
    assert run == RunConfig.of(method="ada_atdt", transfer="conv", recipe="paper", seed=2, epochs=3)
    assert Variant.parse("at_dt").config(config, seed=0) == config.replace(method="at_dt")
    semantic = RunConfig.of(recipe="recommended", from_task="semantic", to_task="depth")
    assert semantic.recipe.alpha == 0.99
    # The paper's for its task 1, 0.4, which the stage takes where none is given.
    assert Variant.parse("ada_atdt@paper").config(semantic, seed=0).recipe.alpha is None
    with pytest.raises(ValueError, match="unknown recipe 'best'"):
        Variant.parse("at_dt@best").config(config, seed=0)


@pytest.mark.quick
def test_all_methods_are_every_one_that_exists_in_the_papers_variants():
    names = chosen_methods("all")
    variants = [Variant.parse(name) for name in names]
    assert {variant.method for variant in variants} == set(methods.names())
    assert [name for name in names if "ada_atdt" in name or "at_dt" in name] == [
        *("at_dt:dilated_resnet50@paper", "at_dt@paper", "at_dt", "at_dt_da"),
        *("ada_atdt@paper", "ada_atdt:conv", "ada_atdt:unet", "ada_atdt:unet_attention"),
    ]
    assert (names[0], names[-1]) == ("source_only", "oracle")
    assert len(names) == len(methods.names()) + 5
    assert [variant.name for variant in variants] == names
    assert {variant.config(RunConfig(), seed=0).method for variant in variants} == {
        *methods.names()
    }


MINE = """
from adaat_keras.methods import AdaAtdt

class Mine(AdaAtdt):
    name = "mine"
"""


@pytest.mark.quick
def test_ones_own_method_takes_part_by_its_place_and_is_called_by_its_name(tmp_path, config):
    file = tmp_path / "own.py"
    file.write_text(MINE)
    variant = Variant.parse(f"{file}:Mine:conv@paper")
    assert variant.name == "mine:conv@paper"
    assert variant.config(RunConfig(), seed=0).plan.method == f"{file}:Mine"
    assert Variant.parse(f"{file}:Mine") == Variant(f"{file}:Mine")
    twin = tmp_path / "twin.py"
    twin.write_text(MINE)
    with pytest.raises(ValueError, match="names of their own"):
        run_benchmark(config(), [f"{file}:Mine", f"{twin}:Mine"], 1, tmp_path / "runs")
    with pytest.raises(ValueError, match="unknown method 'adaatdt'"):
        run_benchmark(config(), ["adaatdt:unet"], 1, tmp_path / "runs")


# === Runs that are known ===


def scores(mean_iou):
    return {role: {"mean_iou": mean_iou} for role in ("target", "source")}


def row(method, seed, mean_iou):
    return {"method": method, "seed": seed, "metrics": scores(mean_iou)}


@pytest.fixture
def begun(config, tmp_path):
    """Writes what another machine has of a benchmark, with changes."""

    def write(**changes):
        rows = [row("source_only", 0, 0.25), row("oracle", 0, 0.75)]
        results = {"to_task": "semantic", "versions": versions(), "config": config().to_dict()}
        write_json(tmp_path / "begun.json", {**results, "rows": rows, **changes})
        return tmp_path / "begun.json"

    return write


@pytest.mark.quick
def test_known_runs_are_not_trained_again_and_missing_ones_are(
    begun, config, tmp_path, monkeypatch
):
    trained = []

    def train(run, path, *_):
        trained.append((run.method, run.training.seed))
        return scores(0.5)

    monkeypatch.setattr(module, "run_once", train)
    monkeypatch.setattr(module, "_draw", lambda *_: None)
    known, out, methods = begun(), tmp_path / "out", ["source_only", "at_dt", "oracle"]
    results = run_benchmark(config(), methods, 2, out, verbose=0, known=[known])
    assert trained == [("at_dt", 0), ("source_only", 1), ("at_dt", 1), ("oracle", 1)]
    found = {(r["method"], r["seed"]): r["metrics"]["target"]["mean_iou"] for r in results["rows"]}
    assert list(found) == [(method, seed) for method in methods for seed in (0, 1)]
    assert found["source_only", 0] == 0.25
    assert found["oracle", 0] == 0.75
    # What this one writes is known in turn: nothing is left to train.
    trained.clear()
    again = run_benchmark(config(), methods, 2, out, verbose=0, known=[out / "results.json"])
    assert (trained, again) == ([], results)


@pytest.mark.quick
def test_rows_of_methods_that_are_not_named_are_kept(begun, config, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "run_once", lambda *_: scores(0.5))
    monkeypatch.setattr(module, "_draw", lambda *_: None)
    names = ["dan", "dan"]
    results = run_benchmark(config(), names, 1, tmp_path / "out", verbose=0, known=[begun()])
    assert [row["method"] for row in results["rows"]] == ["dan", "source_only", "oracle"]


@pytest.mark.quick
def test_another_machine_may_have_its_data_elsewhere(begun, config):
    theirs = config(
        cache="memory", target_options={"root": "/there", "cache": "/there/too", "frames": 8}
    ).to_dict()
    ours = config(cache="disk", target_options={"root": "/here", "frames": 8})
    assert len(known_rows(begun(config=theirs), ours)) == 2
    with pytest.raises(ValueError, match=r"target_options is \{'frames': 8\} there"):
        known_rows(begun(config=theirs), config(target_options={"root": "/here", "frames": 9}))


@pytest.mark.quick
def test_results_are_there_run_by_run(config, tmp_path, monkeypatch):
    def stop_at_the_second(run, *_):
        if run.training.seed:
            raise KeyboardInterrupt
        return scores(0.5)

    monkeypatch.setattr(module, "run_once", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(config(), ["at_dt"], 2, tmp_path, verbose=0)
    results = json.loads((tmp_path / "results.json").read_text())
    assert len(results["rows"]) == 1
    assert results["command"].startswith("adaat-keras benchmark \\\n    --from depth ")
    assert "--methods at_dt \\\n    --seeds 2 \\\n" in results["command"]
    assert "| at_dt | " in (tmp_path / "table.md").read_text()


MISTAKES = {
    "another configuration": ({"config": {"epochs": 9}}, "holds another benchmark: .*epochs is 9"),
    "other trainers": (
        {"versions": {**versions(), "training": 0}},
        f"training is 0 there, {versions()['training']} now",
    ),
    "from before there were versions": ({"versions": None}, "no benchmark's results.json"),
    "no results": ({"rows": 3}, "no benchmark's results.json"),
}


@pytest.mark.quick
@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_not_the_same_benchmark_is_refused_by_name(mistake, begun, config, tmp_path):
    changes, message = MISTAKES[mistake]
    known = begun(**changes)
    with pytest.raises(ValueError, match=f"{re.escape(str(known))}.*{message}"):
        run_benchmark(config(), ["at_dt"], 1, tmp_path / "out", verbose=0, known=[known])
    assert not (tmp_path / "out").exists()


# === Parts ===


@pytest.fixture
def folders_alone(monkeypatch):
    """Lets a benchmark's runs leave their folders without training; gives who was trained."""
    trained = []

    def run_once(run, path, *_):
        folder = RunFolder(path)
        if not folder.finished:
            trained.append((run.method, run.training.seed))
            folder.claim(run)
            folder.model.touch()
            write_json(folder.metrics, scores(0.5 + run.training.seed / 10))
        return folder.read_metrics()

    monkeypatch.setattr(module, "run_once", run_once)
    return trained


@pytest.mark.quick
def test_parts_share_the_runs_and_the_last_one_draws_them_all(
    folders_alone, config, tmp_path, monkeypatch, capsys
):
    drawn = []
    monkeypatch.setattr(module, "_draw", lambda _, runs, variants, place: drawn.append(set(runs)))
    names, whole = ["source_only", "at_dt", "oracle"], (tmp_path / "whole", tmp_path / "parts")
    alone = run_benchmark(config(), names, 2, whole[0], verbose=0)
    assert drawn.pop() == set(names)
    every = list(folders_alone)
    folders_alone.clear()
    for part in ((2, 4), (4, 4), (1, 4)):
        run_benchmark(config(), names, 2, whole[1], verbose=0, part=part)
    assert folders_alone == [every[1], every[5], every[3], every[0], every[4]]
    assert capsys.readouterr().out.endswith("1 of 6 runs are other parts' and not finished yet\n")
    assert not drawn
    together = run_benchmark(config(), names, 2, whole[1], verbose=0, part=(3, 4))
    assert drawn == [set(names)]
    assert together["rows"] == alone["rows"]
    with pytest.raises(ValueError, match="part 5 of 4"):
        run_benchmark(config(), names, 2, whole[1], verbose=0, part=(5, 4))


@pytest.mark.quick
@pytest.mark.usefixtures("folders_alone")
def test_parts_of_machines_that_share_nothing_are_brought_together(config, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_draw", lambda *_: None)
    names, files = ["source_only", "oracle"], []
    for part in ((1, 2), (2, 2)):
        run_benchmark(config(), names, 2, tmp_path / f"{part}", verbose=0, part=part)
        files.append(tmp_path / f"{part}" / "results.json")
    results = run_benchmark(config(), names, 2, tmp_path / "out", verbose=0, known=files)
    assert [(row["method"], row["seed"]) for row in results["rows"]] == [
        *(("source_only", 0), ("source_only", 1), ("oracle", 0), ("oracle", 1)),
    ]


@pytest.mark.slow
def test_two_processes_at_once_do_a_benchmark_with_one_store(config, tmp_path):
    run = json.dumps(config(epochs=1, steps_per_epoch=1, recipe="paper").to_dict())
    parts, told = [], [tmp_path / f"told-{number}" for number in (1, 2)]
    for number, file in enumerate(told, 1):
        arguments = (run, tmp_path, number)
        parts.append(processes.start(processes.part_of_a_benchmark, *arguments, told=file))
    for part in parts:
        part.join(300)
    assert [part.exitcode for part in parts] == [0, 0], [file.read_text() for file in told]
    results = json.loads((tmp_path / "results.json").read_text())
    assert [row["method"] for row in results["rows"]] == ["source_only", "at_dt"]
    # Both methods begin with the same stage, which one of them has trained.
    assert len([*(tmp_path / "stages").glob("supervised-*")]) == 1
    assert (tmp_path / "panels.png").exists()


# === Tasks with classes of a user's own ===


@pytest.mark.quick
def test_a_users_own_classes_have_rows_and_a_table(config, tmp_path, monkeypatch):
    task = Semantic({"road": "road", "vehicle": ["car", "truck"]})
    monkeypatch.setattr(module, "run_once", lambda *_: scores(0.5))
    monkeypatch.setattr(module, "_draw", lambda *_: None)
    run = config(to_task=tasks.serialize(task))
    results = run_benchmark(run, ["at_dt"], 2, tmp_path, verbose=0)
    assert tasks.get(results["to_task"]) == task
    head, _, row, *_ = (tmp_path / "table.md").read_text().splitlines()
    assert head.startswith("| method | road | vehicle | mean iou | ")
    assert row.startswith("| at_dt | - | - | 50.0 ± 0.0 | ")
    assert len(known_rows(tmp_path / "results.json", run)) == 2


# === Pictures ===

NAMES = ("ada_atdt:conv", "ada_atdt:unet", "ada_atdt@paper")


@pytest.fixture
def drawn(config, tmp_path, monkeypatch):
    """Draws a benchmark whose runs have a weight of task 1 in stage 3; gives the plots' titles."""
    model, groups = build_ada_atdt(size="tiny", transfer="conv"), {}
    read = RunFolder.read_config
    monkeypatch.setattr(RunFolder, "load", lambda self: (read(self), model))
    monkeypatch.setattr(module, "draw_panels", lambda **_: None)
    monkeypatch.setattr(module, "sample_features", lambda *_: np.zeros((2, 2)))
    monkeypatch.setattr(module, "draw_tsne", lambda plots, *_: groups.update(plots))

    def titles(base_1_weight):
        groups.clear()
        metrics = {"base_1_target": {"abs_rel": 0.5}, "domain_probe": {"accuracy": 0.5}}
        for name in NAMES:
            folder = RunFolder(tmp_path / f"{base_1_weight}-{name}")
            folder.claim(config(base_1_weight=base_1_weight))
            folder.metrics.write_text(json.dumps(metrics))
        runs = {name: tmp_path / f"{base_1_weight}-{name}" for name in NAMES}
        module._draw(config(), runs, {name: Variant.parse(name) for name in NAMES}, tmp_path)
        return list(groups)

    return titles


def test_transfer_functions_share_an_encoder_that_does_not_learn_beside_them(drawn):
    assert drawn(0.0) == ["ada_atdt", "ada_atdt@paper"]


def test_an_encoder_that_learns_beside_its_transfer_function_has_its_own_plot(drawn):
    assert drawn(1.0) == list(NAMES)


@pytest.mark.usefixtures("drawn")
def test_features_are_those_of_frames_as_each_run_saw_them(config, tmp_path, monkeypatch):
    """The paper's recipe has a zoom of its own."""
    zooms = []
    monkeypatch.setattr(
        RunConfig, "seen", lambda self, role, _: zooms.append((role, self.training.zoom))
    )
    runs = {}
    for name, zoom in (("ada_atdt", None), ("at_dt@paper", 1.0)):
        runs[name] = tmp_path / name
        RunFolder(runs[name]).claim(config(zoom=zoom))
    for name in runs:
        module._draw(config(), {name: runs[name]}, {name: Variant.parse(name)}, tmp_path)
    assert zooms == [(role, zoom) for zoom in (None, 1.0) for role in ("source", "target")]


@pytest.mark.quick
def test_a_run_whose_scores_failed_has_a_caption_without_them(config, tmp_path):
    folder = RunFolder(tmp_path)
    write_json(folder.metrics, {})
    assert module._caption(config(), folder) == "abs rel -, probe - %"


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_benchmark_trains_scores_and_draws_at_dt_with_its_own_networks(config, tmp_path):
    names = ["at_dt:dilated_resnet50"]
    run = config(epochs=1, steps_per_epoch=1, validation_frames=1, recipe="paper")
    results = run_benchmark(run, names, 1, tmp_path, verbose=0)
    assert [row["method"] for row in results["rows"]] == names
    assert all(0 <= row["metrics"]["target"]["mean_iou"] <= 1 for row in results["rows"])
    assert (tmp_path / "tsne.png").stat().st_size > 10_000
    folder = tmp_path / "at_dt-dilated_resnet50-seed0"
    assert RunFolder(folder).read_config() == run.replace(method="at_dt", **OWN)
    model = load(folder)
    assert type(model.encoder_1) is DilatedResnet50
    assert model.predict(keras.ops.ones((1, 91, 91, 3)), verbose=0).shape == (1, 91, 91, 11)
