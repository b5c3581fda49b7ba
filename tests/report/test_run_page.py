import re
import shlex

import numpy as np
from PIL import Image

from adaat_keras import build_ada_atdt
from adaat_keras.cli import build_parser
from adaat_keras.cli.options import run_options
from adaat_keras.report.run_page import _table, write_run_readme
from adaat_keras.runs.config import RunConfig

METRICS = {
    "target": {"mean_iou": 0.41, "iou_sky": None},
    "source": {"mean_iou": 0.5, "iou_sky": float("nan")},
    "domain_probe": {"accuracy": 0.7},
}


def readme(folder, config=None, metrics=METRICS):
    write_run_readme(folder, (config or RunConfig()).chosen(), metrics)
    return (folder / "README.md").read_text(encoding="utf-8")


def test_the_command_gives_the_same_configuration_again(tmp_path):
    config = RunConfig.of(
        source="carla",
        target="kitti",
        from_task="semantic",
        to_task="depth",
        recipe="paper",
        alpha=0.7,
        seed=3,
        target_options={"root": "/my data"},
    )
    command = re.search(r"```bash\n(adaat-keras train.*?)```", readme(tmp_path, config), re.DOTALL)
    words = shlex.split(command[1].replace("\\\n", " "))
    options = build_parser().parse_args(words[1:])
    assert RunConfig.of(**run_options(options)) == config
    assert options.directory == str(tmp_path)


def test_what_has_the_same_metrics_shares_a_table_and_nan_is_a_dash(tmp_path):
    text = readme(tmp_path)
    assert (
        "| metric | target | source |\n| --- | ---: | ---: |\n| mean_iou | 0.4100 | 0.5000 |"
        in text
    )
    assert "| iou_sky | – | – |" in text
    assert "| metric | domain_probe |" in text
    # A class of a user's own, which would be two columns.
    assert _table(("iou_a|b",), {"target": {"iou_a|b": 0.5}}).endswith(r"| iou_a\|b | 0.5000 |")


def test_scores_and_pictures_are_those_of_the_split_that_was_scored(tmp_path):
    (tmp_path / "panels.png").touch()
    assert "On the split `test`:" in readme(tmp_path)
    text = readme(tmp_path, RunConfig.of(split="val"))
    assert "On the split `val`:" in text
    assert "Images of the target domain's split `val`, as" in text


def test_scores_on_training_images_say_so(tmp_path):
    config = RunConfig.of(source="synthia_sf", target="kitti")
    text = readme(tmp_path, config)
    assert "kitti has no labelled split 'test': these are its training images" in text
    assert "synthia_sf has no labelled split 'test': these are its validation images" in text
    assert "these are" not in readme(tmp_path)


def test_what_was_trained_on_objects_has_no_command(tmp_path):
    """As where a callback had arguments, which `--callbacks` cannot give."""
    source, stop = {"name": "mine", "identity": "d6ac"}, "keras.callbacks:EarlyStopping"
    for config, named in (
        (RunConfig.of(source=source), "mine"),
        (RunConfig.of(callbacks=[f"{stop}(patience=3)"]), f"{stop}(patience=3)"),
    ):
        text = readme(tmp_path, config)
        assert "adaat-keras train" not in text
        assert f"by fit_ada_atdt, with objects that no command can name: {named}." in text
    assert f"--callbacks {stop}" in readme(tmp_path, RunConfig.of(callbacks=[stop]))


def test_only_pictures_that_exist_are_shown(tmp_path):
    assert "## Pictures" not in readme(tmp_path)
    (tmp_path / "tsne.png").touch()
    text = readme(tmp_path)
    assert "![tsne.png](tsne.png)" in text
    assert "panels.png" not in text


def test_the_code_that_it_shows_predicts(tmp_path, monkeypatch):
    build_ada_atdt("depth", "semantic", size="tiny").save(tmp_path / "model.keras")
    Image.fromarray(np.zeros((33, 47, 3), np.uint8)).save(tmp_path / "street.png")
    code = re.search(r"```python\n(.*?)```", readme(tmp_path), re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert Image.open("prediction.png").size == (47, 33)
