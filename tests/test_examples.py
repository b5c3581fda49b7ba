import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from adaat_keras.commands import run_pair as run_pair_module
from adaat_keras.methods.harness.chosen_steps import chosen_steps
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.setup import Setup

import adaat_keras
from adaat_keras import domains, evaluation, methods, tasks
from adaat_keras.report.paper_rows import paper_rows

EXAMPLES = Path(__file__).parent.parent / "examples"
PAIRS = sorted(EXAMPLES.glob("*_to_*.py"))


def calls_of(script, monkeypatch):
    calls = []
    monkeypatch.setattr(run_pair_module, "run_pair", lambda *arguments: calls.append(arguments))
    runpy.run_path(str(script), run_name="__main__")
    return calls


def test_every_pair_of_the_paper_has_an_example():
    assert [script.stem for script in PAIRS] == [
        "carla_to_cityscapes",
        "carla_to_kitti",
        "synthia_to_carla",
        "synthia_to_cityscapes",
    ]


@pytest.mark.parametrize("script", PAIRS, ids=lambda script: script.stem)
def test_an_example_is_a_configuration_whose_head_tells_the_papers_numbers(script, monkeypatch):
    ((source, target, directions, description),) = calls_of(script, monkeypatch)
    assert {source, target} <= set(domains.names())
    for from_task, to_task in directions:
        assert {from_task, to_task} <= set(tasks.names())
        for method, metrics in paper_rows(source, target, from_task, to_task).items():
            score = 100 * metrics["mean_iou"] if to_task == "semantic" else metrics["abs_rel"]
            told = re.search(
                rf"{re.escape(method)} +([\d.]+)", description.split(to_task + " (")[1]
            )
            assert float(told[1]) == pytest.approx(score, abs=1e-4)


@pytest.mark.slow
def test_an_example_runs_on_the_streets_in_the_layouts_of_its_pair(tmp_path):
    brief = "--size tiny --epochs 1 --steps-per-epoch 2 --validation-frames 2 --frames 8"
    command = [sys.executable, EXAMPLES / "carla_to_kitti.py", "--streets", *brief.split()]
    command += ["--methods", "at_dt", "--directory", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| AT/DT, in the paper | 0.439 |" in done.stdout
    assert re.search(r"\| at_dt \| \d+\.\d+ \|", done.stdout)
    assert (tmp_path / "semantic-depth" / "results.json").exists()


def test_without_data_an_example_says_what_to_give():
    command = [sys.executable, EXAMPLES / "carla_to_kitti.py"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "--streets" in done.stderr
    assert "Traceback" not in done.stderr


def test_fine_tuning_is_compared_with_scratch_at_as_many_steps(monkeypatch, capsys, tmp_path):
    calls = []
    monkeypatch.setattr(adaat_keras, "fit_ada_atdt", lambda *a, **k: calls.append((*a, k)))
    monkeypatch.setattr(evaluation, "score", lambda *_: {"mean_iou": 0.5})
    # Not rendered: all that steps ask of a domain before they are trained.
    streets = SimpleNamespace(dense=("depth",))
    monkeypatch.setattr(domains, "get", lambda *_, **__: streets)
    monkeypatch.setattr(sys, "argv", ["finetune.py", "--directory", str(tmp_path)])
    runpy.run_path(str(EXAMPLES / "finetune.py"), run_name="__main__")
    (tuned, options), (scratch, others) = calls
    assert (tuned.origin, scratch.origin) == ("streets_depth_to_semantic_small", None)
    trained = {}
    for model, chosen in calls:
        names = RunConfig(**model.options, **{k: v for k, v in chosen.items() if k != "directory"})
        steps = methods.get("ada_atdt").steps(Setup(names, model, None))
        trained[model] = len(chosen_steps(steps, names.steps, (), model)) * names.steps_per_epoch
    assert trained[tuned] == trained[scratch]
    assert options["seed"] == others["seed"]
    rows = capsys.readouterr().out
    assert all(name in rows for name in ("the preset as it is", "fine-tuned", "from scratch"))
