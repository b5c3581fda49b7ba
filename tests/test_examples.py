"""Every pair of domains in the paper has an example, which tells its numbers and runs."""

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest

from adaat_keras import tasks
from adaat_keras.report.paper_rows import paper_rows

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
DIRECTIONS = {
    "carla_to_cityscapes": [("depth", "semantic"), ("semantic", "depth")],
    "carla_to_kitti": [("semantic", "depth")],
    "synthia_to_carla": [("semantic", "depth")],
    "synthia_to_cityscapes": [("depth", "semantic")],
}


def test_every_pair_of_the_paper_has_an_example():
    assert [script.stem for script in EXAMPLES if "_to_" in script.stem] == list(DIRECTIONS)


def test_every_example_compiles_and_says_what_it_is():
    for script in EXAMPLES:
        assert ast.get_docstring(ast.parse(script.read_text())), script.name


@pytest.mark.quick
def test_the_head_of_an_example_tells_the_papers_numbers():
    for stem, directions in DIRECTIONS.items():
        [script] = (script for script in EXAMPLES if script.stem == stem)
        head = ast.get_docstring(ast.parse(script.read_text()))
        source, target = stem.replace("synthia", "synthia_sf").split("_to_")
        for from_task, to_task in directions:
            task = tasks.get(to_task)
            told = head.split(f"to {to_task} (")[1]
            for method, metrics in paper_rows(source, target, from_task, to_task).items():
                score = task.scale * metrics[task.primary_metric]
                number = re.search(rf"{re.escape(method)} +([\d.]+)", told)[1]
                assert float(number) == pytest.approx(score, abs=1e-4), (stem, method)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly", "undrawn", "unchanged_images")
@pytest.mark.parametrize("stem", ["carla_to_kitti", "synthia_to_cityscapes"])
def test_an_example_runs_on_the_streets_in_the_layouts_of_its_pair(
    stem, tmp_path, monkeypatch, capsys
):
    [script] = (script for script in EXAMPLES if script.stem == stem)
    brief = "--streets --method source_only --size tiny --epochs 1 --steps 2 --frames 4"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script), *brief.split()])
    runpy.run_path(str(script), run_name="__main__")
    [(_, to_task)] = DIRECTIONS[stem]
    assert re.search(rf"source_only: .*{tasks.get(to_task).columns[0]} ", capsys.readouterr().out)
    assert (tmp_path / "runs" / stem / "source_only-recommended" / "metrics.json").exists()
