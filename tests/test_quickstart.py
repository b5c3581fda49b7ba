"""The notebook is its script, runs from top to bottom, and is small."""

import json
import os
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOK, SCRIPT = EXAMPLES / "quickstart.ipynb", EXAMPLES / "quickstart.py"
# So that a test takes seconds; nothing else is changed. Graphs take half of what is left.
EAGERLY = "import tensorflow as tf\n\ntf.config.run_functions_eagerly(True)\n"
SHORT = {
    "frames=64": "frames=4, height=64, width=64",
    "frames=8": "frames=4, height=64, width=64",
    "epochs=4": "epochs=1, crop=64, batch_size=2",
    "epochs=1,\n    steps_per_epoch=20": "epochs=1, crop=64, batch_size=2, steps_per_epoch=1",
    "steps_per_epoch=20": "steps_per_epoch=1",
}


@pytest.mark.quick
def test_its_outputs_are_there_and_small():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert sum(output["output_type"] == "display_data" for output in outputs) >= 3
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert NOTEBOOK.stat().st_size < 200_000


@pytest.mark.quick
def test_the_notebook_and_the_script_are_one():
    jupytext = pytest.importorskip("jupytext", reason="pip install -e '.[notebook]'")
    one, other = (
        [(cell.cell_type, cell.source) for cell in jupytext.read(path).cells]
        for path in (NOTEBOOK, SCRIPT)
    )
    assert one == other


@pytest.mark.slow
def test_it_runs_from_top_to_bottom(tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="pip install -e '.[notebook]'")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        for long, short in SHORT.items():
            cell.source = cell.source.replace(long, short)
        if cell.cell_type == "code":
            cell.outputs = []
    next(cell for cell in notebook.cells if cell.cell_type == "code").source += f"\n{EAGERLY}"
    resources = {"metadata": {"path": str(tmp_path)}}
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources=resources
    )
    client.execute(env=dict(os.environ))
    printed = "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stdout"
    )
    assert "4 frames with depth" in printed
    assert "adversarial supervised teacher transfer" in printed
    assert "mean IoU on 4 test frames" in printed
    assert "preset.json" in printed
