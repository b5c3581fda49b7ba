"""A user's own domain and classes, from the command line: trained, scored, predicted."""

import json
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from adaat_keras import load, tasks
from adaat_keras.cli import main
from adaat_keras.files import write_json
from adaat_keras.tasks import Semantic

pytestmark = pytest.mark.usefixtures("unchanged_images")
SIZE = 64
BRIEF = "--size tiny --transfer conv --epochs 1 --steps-per-epoch 1 --batch-size 2 --crop 64"
DRIVABLE = {"road": "road", "vehicle": ["car", "truck"], "person": ["person", "rider"]}
# Class numbers of the user's own simulator.
NAMES = ["sky", "road", "car", "truck", "person", "dog"]
CLASS = '''
import numpy as np
import tensorflow as tf

from adaat_keras.domains import Domain


class Simulator(Domain):
    """Noise in numbered frames."""

    name = "simulator"
    tasks = ("semantic", "depth")
    label_names = {names}

    def __init__(self, split, frames=2):
        self.seed, self.frames = len(split), frames

    def __len__(self):
        return self.frames

    def read(self, index, keys):
        def draw(low, high, shape, kind):
            seed = tf.stack([tf.cast(index, tf.int32), self.seed])
            drawn = tf.random.stateless_uniform(shape, seed, low, high)
            return tf.cast(drawn, kind)

        frame = {{
            "image": draw(0.0, 256.0, (64, 64, 3), tf.uint8),
            "semantic": draw(0.0, len(self.label_names), (64, 64), tf.uint8),
            "depth": draw(1.0, 80.0, (64, 64), tf.float32),
        }}
        return {{key: frame[key] for key in keys}}
'''


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A user's folder: a class in a file, photos with depth, groups of classes."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "mine.py").write_text(CLASS.format(names=NAMES))
    (folder / "classes.json").write_text(json.dumps(DRIVABLE))
    random = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for name in ("cam", "lidar", "labels"):
            (folder / "drive" / split / name).mkdir(parents=True)
        for number in range(2):
            files = {
                "cam": random.integers(0, 256, (SIZE, SIZE, 3)).astype("uint8"),
                "lidar": random.integers(0, 2**14, (SIZE, SIZE)).astype("uint16"),
                "labels": random.choice([7, 26, 24, 23], (SIZE, SIZE)).astype("uint8"),
            }
            for name, pixels in files.items():
                Image.fromarray(pixels).save(folder / "drive" / split / name / f"{number}.png")
    # No label of task 2 on the target but to score it.
    for split in ("train", "val"):
        shutil.rmtree(folder / "drive" / split / "labels")
    return folder


@pytest.fixture(scope="module")
def options(place):
    """The command's options for the user's own data."""
    target = {
        "images": f"{place}/drive/{{split}}/cam",
        "depth": f"{place}/drive/{{split}}/lidar",
        "depth_scale": 1 / 256,
    }
    data = ["--source", f"{place}/mine.py:Simulator", "--target", "folder"]
    data += ["--target-options", json.dumps(target), "--validation-frames", "1"]
    return [*BRIEF.split(), *data, "--classes", f"{place}/classes.json"]


@pytest.fixture(scope="module")
def run(options, place, graphs):
    """A finished run on it."""
    folder = place / "run"
    chosen = ["--method", "at_dt", "--recipe", "paper", "--directory", str(folder)]
    with graphs(False):
        assert main(["train", *options, *chosen]) == 0
    return folder


def test_a_run_on_ones_own_data_knows_its_classes(run):
    model = load(run)
    task = tasks.get(model.to_task)
    assert task == Semantic(DRIVABLE)
    assert model.decoder_2.channels == 3
    metrics = json.loads((run / "metrics.json").read_text())
    # The target has labels of task 1 alone.
    assert {"source", "base_1_target", "base_2_source"} <= set(metrics)
    assert "target" not in metrics
    assert {"iou_road", "iou_vehicle", "iou_person"} <= set(metrics["source"])
    assert not (run / "state/failed.json").exists()


def test_the_page_of_the_run_tells_how_to_train_it_again(run):
    page = (run / "README.md").read_text()
    assert "mine.py:Simulator" in page
    assert "--target folder" in page
    assert "vehicle" in page


def test_it_goes_on_from_where_it_is(run, options):
    chosen = ["--method", "at_dt", "--recipe", "paper", "--directory", str(run)]
    before = (run / "model.keras").read_bytes()
    assert main(["train", *options, *chosen]) == 0
    assert (run / "model.keras").read_bytes() == before


def test_it_is_scored_on_labels_that_only_the_test_split_has(run, place, capsys):
    labels = {"semantic": f"{place}/drive/{{split}}/labels", "ids": "cityscapes"}
    capsys.readouterr()
    assert main(["evaluate", str(run), "--domain-options", json.dumps(labels), "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert {"mean_iou", "iou_road", "iou_vehicle", "iou_person"} <= set(metrics)
    assert 0 <= metrics["mean_iou"] <= 1
    assert main(["evaluate", str(run), "--domain", f"{place}/mine.py:Simulator"]) == 0
    assert "iou_vehicle" in capsys.readouterr().out


def test_it_predicts_maps_of_its_own_classes_in_their_colours(run, place, tmp_path):
    photo, out = place / "drive/test/cam/0.png", tmp_path / "out"
    assert main(["predict", str(photo), "--weights", str(run), "--out", str(out)]) == 0
    ids = np.asarray(Image.open(out / "0_semantic.png"))
    colors = np.asarray(Image.open(out / "0_semantic_color.png"))
    assert ids.max() < 3
    np.testing.assert_array_equal(colors, Semantic(DRIVABLE).colorize(ids))
    outputs = load(run).predict(np.asarray(Image.open(photo), "float32")[None], verbose=0)
    np.testing.assert_array_equal(ids, outputs[0].argmax(-1))


def test_it_predicts_where_its_domain_and_its_method_are_out_of_reach(run, place, tmp_path):
    moved = shutil.copytree(run, tmp_path / "moved")
    config = json.loads((moved / "config.json").read_text())
    config |= {"source": "gone.py:Simulator", "target": "their:Domain", "method": "gone.py:Own"}
    (moved / "config.json").write_text(json.dumps(config))
    photo, out = str(place / "drive/test/cam/0.png"), str(tmp_path / "out")
    assert main(["predict", photo, "--weights", str(moved), "--out", out]) == 0
    assert load(moved).to_task == load(run).to_task


def test_what_is_wrong_in_a_users_class_is_told_with_its_place(place, refused, tmp_path):
    (tmp_path / "broken.py").write_text("class Mine(:\n")
    said = refused("train", "--source", f"{tmp_path}/broken.py:Mine")
    assert "broken.py' cannot be imported: SyntaxError" in said
    said = refused("train", "--callbacks", "keras.callbacks:ModelCheckpoint")
    assert "callback 'keras.callbacks:ModelCheckpoint' cannot be made without arguments" in said
    said = refused("train", "--callbacks", f"{place}/mine.py:np")
    assert "callback" in said
    assert "a place is module:Name or file.py:Name" in refused("train", "--callbacks", "Early")


def test_a_module_of_the_folder_that_one_is_in_is_found_and_a_files_neighbours(
    place, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "ownscenes.py").write_text((place / "mine.py").read_text())
    (tmp_path / "beside.py").write_text("from ownscenes import Simulator\n")
    for what in ("ownscenes:Simulator", "beside.py:Simulator"):
        monkeypatch.delitem(sys.modules, "ownscenes", raising=False)
        places = [*sys.path]
        sheet = str(tmp_path / "sheet.png")
        assert main(["data", "show", what, "--split", "train", "--out", sheet]) == 0
        assert sys.path == [*places, *([str(tmp_path)] if str(tmp_path) not in places else [])]


def test_it_is_published_and_exported_like_any_other(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["preset", str(run), "--name", "mine"]) == 0
    published = load(tmp_path / "presets/mine")
    assert tasks.get(published.to_task) == Semantic(DRIVABLE)
    assert main(["export", str(tmp_path / "presets/mine"), "--out", str(tmp_path / "out")]) == 0
    images = np.zeros((1, 40, 48, 3), "float32")
    exported = tf.saved_model.load(str(tmp_path / "out"))
    assert exported(images).shape == published.predict(images, verbose=0).shape == (1, 40, 48, 3)


CALLBACK = """
from pathlib import Path

import keras


class Log(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        with (Path(__file__).parent / "log.txt").open("a") as file:
            print(type(self.model).__name__, epoch, file=file)
"""


@pytest.mark.usefixtures("eagerly")
def test_callbacks_of_ones_own_go_to_every_stage(options, place, tmp_path, monkeypatch):
    monkeypatch.setattr("adaat_keras.runs.train.report", lambda *a: write_json(a[5].metrics, {}))
    (tmp_path / "own.py").write_text(CALLBACK)
    chosen = ["--method", "at_dt", "--recipe", "paper", "--directory", str(tmp_path / "run")]
    assert main(["train", *options, *chosen, "--callbacks", f"{tmp_path}/own.py:Log"]) == 0
    assert (tmp_path / "log.txt").read_text().splitlines() == [
        "SupervisedTrainer 0",
        "SupervisedTrainer 0",
        "TransferTrainer 0",
    ]


def test_a_domain_of_ones_own_is_looked_at(place, tmp_path):
    sheet = tmp_path / "sheet.png"
    command = ["data", "show", f"{place}/mine.py:Simulator", "--split", "train"]
    assert main([*command, "--out", str(sheet)]) == 0
    assert Image.open(sheet).width > 2 * SIZE


OWN = '{"road": "road", "sky": "sky", "rest": "*"}'


@pytest.mark.parametrize(
    ("classes", "channels", "pair"),
    [
        ("cityscapes", 19, ("depth", "semantic")),
        (OWN, 3, ("depth", "semantic")),
        (OWN, 3, ("semantic", "depth")),
    ],
)
@pytest.mark.usefixtures("eagerly")
def test_classes_are_a_name_or_groups_as_json_in_either_direction(
    classes, channels, pair, tiny, tmp_path, monkeypatch
):
    monkeypatch.setattr("adaat_keras.runs.train.report", lambda *a: write_json(a[5].metrics, {}))
    chosen = ["--from", pair[0], "--to", pair[1], "--classes", classes]
    # The first stage of the side that has the classes.
    stage = "adversarial" if pair[0] == "semantic" else "supervised"
    brief = ["--epochs", "1", "--steps-per-epoch", "1", "--stages", stage]
    if stage == "supervised":
        brief += ["--method", "source_only"]
    assert main(["train", *tiny, *brief, *chosen, "--directory", str(tmp_path / "run")]) == 0
    config = json.loads((tmp_path / "run/config.json").read_text())
    task = tasks.get(config["from_task" if pair[0] == "semantic" else "to_task"])
    assert task.channels == channels
    assert task == (Semantic(json.loads(classes)) if "{" in classes else Semantic(classes))


MISTAKES = {
    '{"road": "raod", "car": "cra"}': "road, sidewalk, wall",
    '{"road": "road"}': "there is nothing to tell apart",
    '{"road": ["road"], "street": ["road"]}': "road",
    "{}": "class",
}


@pytest.mark.parametrize("classes", MISTAKES)
def test_classes_that_cannot_be_are_named(classes, tiny, refused, tmp_path):
    folder = tmp_path / "run"
    error = refused("train", *tiny, "--classes", classes, "--directory", folder)
    assert MISTAKES[classes] in error
    assert not folder.exists()


@pytest.mark.parametrize("text", ["", "[1]", '{"road"}'])
def test_a_file_of_classes_that_holds_none_is_named(text, refused, tmp_path):
    (tmp_path / "classes.json").write_text(text)
    error = refused(
        "train", "--classes", tmp_path / "classes.json", "--directory", tmp_path / "run"
    )
    assert f"{tmp_path}/classes.json: '{text}' is no JSON" in error


@pytest.mark.quick
def test_a_file_of_classes_that_is_not_there_is_named_with_its_option(refused, tmp_path):
    for name, why in (("mine.json", "does not exist"), ("folder.json", "is no file")):
        (tmp_path / "folder.json").mkdir(exist_ok=True)
        error = refused("train", "--classes", tmp_path / name, "--directory", tmp_path / "run")
        assert f": --classes {tmp_path / name}: the file {why}" in error


def test_a_class_that_is_not_there_is_named_before_anything_is_made(place, refused, tmp_path):
    for what, message in (
        (f"{place}/mine.py:Smulator", "mine.py has no 'Smulator'; it has: Domain, Simulator"),
        (f"{place}/yours.py:Simulator", "there is no file"),
        ("no.module:Class", "'no.module' cannot be imported"),
    ):
        error = refused("train", "--source", what, "--directory", tmp_path / "run")
        assert message in error
    assert not (tmp_path / "run").exists()
