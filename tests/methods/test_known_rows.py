"""A benchmark that was begun on another machine goes on here without its runs."""

import json
import re

import pytest

from adaat_keras.files import write_json
from adaat_keras.methods.harness import run_benchmark as module
from adaat_keras.methods.harness.known_rows import known_rows
from adaat_keras.methods.harness.run_benchmark import run_benchmark
from adaat_keras.methods.harness.versions import versions


def scores(mean_iou):
    return {role: {"mean_iou": mean_iou} for role in ("target", "source")}


def row(method, seed, mean_iou):
    return {"method": method, "seed": seed, "metrics": scores(mean_iou)}


@pytest.fixture
def begun(tiny, tmp_path):
    """Writes what another machine has of a benchmark, with changes."""

    def write(**changes):
        rows = [row("source_only", 0, 0.25), row("oracle", 0, 0.75)]
        results = {"to_task": "semantic", "versions": versions(), "config": tiny().to_dict()}
        write_json(tmp_path / "begun.json", {**results, "rows": rows, **changes})
        return tmp_path / "begun.json"

    return write


def test_known_runs_are_not_trained_again_and_missing_ones_are(begun, tiny, tmp_path, monkeypatch):
    trained = []

    def train(config, path, *_):
        trained.append((config.method, config.seed))
        return scores(0.5)

    monkeypatch.setattr(module, "run_once", train)
    monkeypatch.setattr(module, "benchmark_pictures", lambda *_: None)
    known, out, methods = begun(), tmp_path / "out", ["source_only", "at_dt", "oracle"]
    results = run_benchmark(tiny(), methods, 2, out, verbose=0, known=known)
    assert trained == [("at_dt", 0), ("source_only", 1), ("at_dt", 1), ("oracle", 1)]
    found = {(r["method"], r["seed"]): r["metrics"]["target"]["mean_iou"] for r in results["rows"]}
    assert list(found) == [(method, seed) for method in methods for seed in (0, 1)]
    assert found["source_only", 0] == 0.25
    assert found["oracle", 0] == 0.75
    # What this one writes is known in turn: nothing is left to train.
    trained.clear()
    again = run_benchmark(tiny(), methods, 2, out, verbose=0, known=out / "results.json")
    assert (trained, again) == ([], results)


def test_rows_of_methods_that_are_not_named_are_kept(begun, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "run_once", lambda *_: scores(0.5))
    monkeypatch.setattr(module, "benchmark_pictures", lambda *_: None)
    names = ["dan", "dan"]
    results = run_benchmark(tiny(), names, 1, tmp_path / "out", verbose=0, known=begun())
    assert [row["method"] for row in results["rows"]] == ["dan", "source_only", "oracle"]


def test_another_machine_may_have_its_data_elsewhere(begun, tiny):
    theirs = tiny(
        cache="memory", target_options={"root": "/there", "cache": "/there/too", "frames": 8}
    ).to_dict()
    ours = tiny(cache="disk", target_options={"root": "/here", "frames": 8})
    assert len(known_rows(begun(config=theirs), ours)) == 2
    with pytest.raises(ValueError, match=r"target_options is \{'frames': 8\} there"):
        known_rows(begun(config=theirs), tiny(target_options={"root": "/here", "frames": 9}))


def test_results_are_there_run_by_run(tiny, tmp_path, monkeypatch):
    def stop_at_the_second(config, *_):
        if config.seed:
            raise KeyboardInterrupt
        return scores(0.5)

    monkeypatch.setattr(module, "run_once", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(tiny(), ["at_dt"], 2, tmp_path, verbose=0)
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


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_not_the_same_benchmark_is_refused_by_name(mistake, begun, tiny, tmp_path):
    changes, message = MISTAKES[mistake]
    known = begun(**changes)
    with pytest.raises(ValueError, match=f"{re.escape(str(known))}.*{message}"):
        run_benchmark(tiny(), ["at_dt"], 1, tmp_path / "out", verbose=0, known=known)
    assert not (tmp_path / "out").exists()
