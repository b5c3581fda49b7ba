"""`fit_ada_atdt`: the README's call, in memory and in a folder."""

import csv
import dataclasses
import inspect
import json
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.python.framework.config import is_op_determinism_enabled

from adaat_keras import build_ada_atdt, domains, fit_ada_atdt, load, methods, tasks
from adaat_keras.cli import main
from adaat_keras.domains import Domain, Folder
from adaat_keras.domains.splits import Splits
from adaat_keras.files import write_json
from adaat_keras.fit import _callback_name, _method_name
from adaat_keras.methods import Recipe, Training
from adaat_keras.methods.stage import Feed
from adaat_keras.runs.folder import RunFolder
from adaat_keras.tasks import Semantic

pytestmark = pytest.mark.usefixtures("unchanged_images")
SIZE = 64
BRIEF = {"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "crop": 64, "verbose": 0}
STAGES = ["adversarial", "supervised", "teacher", "transfer"]
SPLITS = ("train", "val", "test")
IMAGES = np.random.default_rng(0).uniform(0, 255, (2, 50, 75, 3)).astype("float32")


def untrained(**options):
    return build_ada_atdt(**{"transfer": "conv", "size": "tiny", "seed": 3, **options})


def arrays(seed, frames=2, name="arrays", semantic=True):
    """A domain of frames in memory."""
    random = np.random.default_rng(seed)
    shape = (frames, SIZE, SIZE)
    labels = {"depth": random.uniform(2, 60, shape).astype("float32")}
    if semantic:
        labels["semantic"] = random.integers(0, 11, shape)
    return Domain.from_arrays(
        random.integers(0, 256, (*shape, 3), "uint8").astype("uint8"), name=name, **labels
    )


@pytest.fixture(scope="module")
def splits():
    """Dictionaries of splits of both domains, the target's without the labels of task 2."""
    return {
        "source": {split: arrays(seed, name="mine") for seed, split in enumerate(SPLITS)},
        "target": {
            split: arrays(10 + seed, name="theirs", semantic=split == "test")
            for seed, split in enumerate(SPLITS)
        },
    }


def weights_of(model):
    return model.get_weights()


def equal(one, other):
    return all(map(np.array_equal, one, other))


# === In memory ===


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_without_a_directory_nothing_is_left_on_the_disk(splits, tmp_path, monkeypatch):
    for name in ("here", "home", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "cache"))
    model = untrained()
    before = weights_of(model)
    history = fit_ada_atdt(model, **splits, method="at_dt", recipe="paper", **BRIEF)
    assert list(history) == ["joint", "supervised", "transfer"]
    assert not equal(before, weights_of(model))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert model.origin is None


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_a_domain_object_is_a_training_split_and_nothing_is_validated(splits):
    sources = (splits["source"]["train"], {"train": splits["source"]["train"]})
    found = []
    for source in sources:
        history = fit_ada_atdt(
            untrained(), source, splits["target"]["train"], method="at_dt", recipe="paper", **BRIEF
        )
        assert [name for stage in history.values() for name in stage if "val_" in name] == []
        found.append(history)
    assert found[0] == found[1]


class Seen(keras.callbacks.Callback):
    """Notes what it is called for."""

    def __init__(self):
        super().__init__()
        self.trainers, self.epochs = [], 0

    def on_train_begin(self, logs=None):
        self.trainers.append(type(self.model).__name__)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


RECIPE = Recipe.paper(alpha=0.8)


@pytest.fixture(scope="module")
def places(splits, graphs, tmp_path_factory):
    """The same call in memory and in a folder, by place: model, history, callback."""
    found = {}
    with graphs(False), pytest.MonkeyPatch.context() as patched:
        # As `unreported`, which serves one test.
        patched.setattr("adaat_keras.runs.train.report", lambda *a: write_json(a[5].metrics, {}))
        for place in (None, tmp_path_factory.mktemp("place") / "run"):
            model, seen = untrained(), Seen()
            options = {"recipe": RECIPE, "callbacks": [seen], **BRIEF, "epochs": 2}
            history = fit_ada_atdt(model, **splits, directory=place, **options)
            found["memory" if place is None else "folder"] = (model, history, seen)
    return found


@pytest.mark.parametrize("place", ["memory", "folder"])
def test_with_validation_splits_every_stage_is_validated(place, places):
    _, history, _ = places[place]
    assert list(history) == ["adversarial", "supervised", "transfer"]
    assert "val_target_abs_rel" in history["adversarial"]
    assert "val_source_mean_iou" in history["supervised"]
    assert "val_mean_iou" in history["transfer"]


@pytest.mark.parametrize("place", ["memory", "folder"])
def test_callbacks_go_to_every_stage(place, places):
    _, _, seen = places[place]
    assert seen.trainers == ["AdversarialTrainer", "SupervisedTrainer", "TransferTrainer"]
    assert seen.epochs == 6


def test_a_callback_that_has_seen_the_training_makes_no_other_run_of_it(splits, places):
    model, history, seen = places["folder"]
    options = {"recipe": RECIPE, "callbacks": [seen], **BRIEF, "epochs": 2}
    assert fit_ada_atdt(model, **splits, directory=model.origin, **options) == history
    assert seen.epochs == 6


def test_in_memory_and_in_a_folder_it_comes_to_the_same_weights(places):
    (one, history, _), (other, kept, _) = places["memory"], places["folder"]
    assert equal(weights_of(one), weights_of(other))
    assert list(kept) == list(history)
    for stage, values in history.items():
        assert {name: len(each) for name, each in kept[stage].items()} == dict.fromkeys(values, 2)
        for name, each in values.items():
            assert kept[stage][name] == pytest.approx(each, nan_ok=True)


@pytest.mark.quick
@pytest.mark.parametrize("method", ["dan", "ada_atdt"])
@pytest.mark.usefixtures("eagerly")
def test_what_was_trained_decides_what_predicts(method, splits):
    model = untrained()
    chosen = {"recipe": "paper"} if method == "ada_atdt" else {}
    fit_ada_atdt(model, **splits, method=methods.get(method), **chosen, **BRIEF)
    # Of a size that nothing has to be padded to.
    images = IMAGES[:, :32, :64]
    features = model.encoder_2(images)
    if method == "ada_atdt":
        features = model.transfer(model.encoder_1(images))
    expected = model.decoder_2(features)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, atol=1e-4)


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_after_a_call_the_process_is_as_it_was(splits):
    dtype = keras.config.dtype_policy()
    fit_ada_atdt(untrained(), **splits, method="source_only", **BRIEF)
    assert not is_op_determinism_enabled()
    assert tf.random.uniform([2]).shape == (2,)
    assert len(list(tf.data.Dataset.range(3).shuffle(3))) == 3
    assert keras.config.dtype_policy() == dtype
    with pytest.raises(ValueError, match="keys train, val and test"):
        fit_ada_atdt(untrained(), {"val": splits["source"]["val"]}, splits["target"], **BRIEF)
    assert not is_op_determinism_enabled()


@pytest.mark.quick
@pytest.mark.parametrize("what", [Path("photos"), None, [1, 2]])
def test_what_is_no_domain_is_told_so(what):
    with pytest.raises(ValueError, match="is no domain: pass its name, an object such as"):
        fit_ada_atdt(untrained(), what, "streets_real")


@pytest.mark.quick
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": 5}, "5 is no method"),
        ({"stages": 3}, "stages and freeze are names, or lists of names, not 3"),
        ({"freeze": [3]}, r"stages and freeze are names, or lists of names, not \[3\]"),
        ({"strategy": "mirrored"}, "strategy is a tf.distribute.Strategy, not 'mirrored'"),
        ({"split": "foo"}, "unknown split 'foo'; choose one of: val, test"),
        ({"cache": "ram"}, "unknown cache 'ram'; choose one of: memory, disk"),
        ({"recipe": Recipe(adversarial_loss=5)}, "5 is no adversarial loss"),
    ],
)
@pytest.mark.parametrize("folder", [None, "run"])
def test_what_is_of_another_kind_is_told(folder, options, message, splits, tmp_path):
    place = {"directory": folder and tmp_path / folder}
    with pytest.raises(ValueError, match=message):
        fit_ada_atdt(untrained(), **splits, **place, **{**BRIEF, **options})
    assert not [*tmp_path.iterdir()]


@pytest.mark.quick
@pytest.mark.parametrize("model", [None, "streets_depth_to_semantic_small", keras.Sequential()])
def test_what_is_no_model_of_ours_is_told_so(model):
    with pytest.raises(ValueError, match="must be what build_ada_atdt"):
        fit_ada_atdt(model, "streets_sim", "streets_real")


@pytest.mark.quick
def test_what_is_no_callback_is_told_and_one_alone_is_a_list_of_it(splits):
    for wrong in ("EarlyStopping", keras.callbacks.EarlyStopping, [print]):
        with pytest.raises(ValueError, match="callbacks are objects such as"):
            fit_ada_atdt(untrained(), **splits, callbacks=wrong, **BRIEF)
    one = keras.callbacks.EarlyStopping("loss")
    assert methods.method.callbacks_of(one) == methods.method.callbacks_of((one,)) == [one]


@pytest.mark.quick
@pytest.mark.parametrize("folder", [None, "run"])
def test_another_floatx_of_keras_is_told_before_any_training(folder, splits, tmp_path):
    model = untrained()
    keras.config.set_floatx("float64")
    try:
        with pytest.raises(ValueError, match=r"Keras' floatx is float64.*float32"):
            fit_ada_atdt(model, **splits, directory=folder and tmp_path / folder, **BRIEF)
    finally:
        keras.config.set_floatx("float32")
    assert not [*tmp_path.iterdir()]


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("key", ["depth", "semantic"])
def test_labels_of_which_none_counts_are_told_before_any_training(key, splits):
    maps = {"depth": np.zeros((2, SIZE, SIZE)), "semantic": np.full((2, SIZE, SIZE), 255)}
    labels = {"semantic": np.zeros((2, SIZE, SIZE), int), "depth": np.ones((2, SIZE, SIZE))}
    images = np.zeros((2, SIZE, SIZE, 3), np.uint8)
    mine = Domain.from_arrays(images, **{**labels, key: maps[key]}, name="mine")
    model = untrained()
    before = weights_of(model)
    with pytest.raises(ValueError, match=f"mine: no pixel of 2 of its 2 .* has a {key} label"):
        fit_ada_atdt(model, mine, splits["target"], **BRIEF)
    assert equal(before, weights_of(model))
    # One frame with labels is enough.
    maps[key][1, 0, 0] = 1
    mine = Domain.from_arrays(images, **{**labels, key: maps[key]}, name="mine")
    Feed(Splits(mine), Splits(mine), Training())._check_labelled("source", tasks.get(key))


@pytest.mark.quick
def test_a_wrong_source_is_told_before_the_targets_frames_are_made(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ValueError, match="kitti needs root="):
        fit_ada_atdt(untrained(), "kitti", "streets_real", **BRIEF)
    assert not (tmp_path / "cache").exists()


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_a_users_own_classes_and_folder_are_trained_on(tmp_path):
    random = np.random.default_rng(0)
    for number in range(2):
        for name, shape, top in (("images", (SIZE, SIZE, 3), 256), ("depth", (SIZE, SIZE), 2**16)):
            (tmp_path / name).mkdir(exist_ok=True)
            pixels = random.integers(0, top, shape).astype("uint8" if top == 256 else "uint16")
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    target = Folder(
        images=str(tmp_path / "images"), depth=str(tmp_path / "depth"), depth_scale=1 / 256
    )
    classes = Semantic({"road": "road", "vehicle": "vehicle", "rest": "*"})
    model = untrained(to_task=classes)
    history = fit_ada_atdt(model, arrays(0), target, recipe="paper", **BRIEF)
    assert np.isfinite(history["transfer"]["loss"]).all()
    assert model.predict(np.zeros((1, 33, 47, 3)), verbose=0).shape == (1, 33, 47, 3)


# === In a folder ===


@pytest.fixture(scope="module")
def fitted(frames, withheld, graphs, no_pictures, tmp_path_factory):
    """A model, its history and its folder; the domains by name."""
    model = untrained(from_task="semantic", to_task="depth")
    directory = tmp_path_factory.mktemp("fitted") / "demo"
    opened = {
        "source": {s: domains.get("streets_sim", split=s, **frames) for s in SPLITS},
        "target": {s: domains.get("streets_real", split=s, **withheld("depth")) for s in SPLITS},
    }
    options = {"directory": directory, **BRIEF, "epochs": 2, "validation_frames": 1}
    with graphs(False), no_pictures():
        history = fit_ada_atdt(model, **opened, **options)
    return model, history, directory


def test_the_history_has_every_epoch_of_every_stage(fitted):
    _, history, _ = fitted
    assert list(history) == STAGES
    assert len(history["adversarial"]["val_target_mean_iou"]) == 2
    assert len(history["supervised"]["val_source_abs_rel"]) == 2
    assert all(np.isfinite(history["transfer"]["loss"]))


def test_the_labels_of_task_2_on_the_target_were_not_there(fitted, withheld):
    folders = Path(withheld("depth")["cache"]).glob("streets_real-*")
    assert [f for f in folders if (f / "depth.npy").exists() and "-test-" not in f.name] == []


def test_the_model_predicts_task_2_at_any_size(fitted):
    model, _, _ = fitted
    assert model.predict(IMAGES, verbose=0).shape == (2, 50, 75, 1)


def test_the_saved_model_is_the_model(fitted, same):
    model, _, directory = fitted
    saved = keras.saving.load_model(directory / "model.keras")
    assert (saved.from_task, saved.to_task) == ("semantic", "depth")
    for name, network in model.networks.items():
        assert same(network, getattr(saved, name))
    for other in (saved, load(directory)):
        np.testing.assert_array_equal(
            other.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0)
        )


def test_a_model_of_another_kind_is_not_taken_into_the_folder(fitted):
    _, _, directory = fitted
    with pytest.raises(ValueError, match=r"demo holds .*to_task is 'depth' there, 'semantic' now"):
        fit_ada_atdt(untrained(), directory=directory)


@pytest.mark.usefixtures("eagerly")
def test_objects_are_scored_drawn_and_told_by_what_they_are(splits, frames, tmp_path, capsys):
    fit_ada_atdt(untrained(), **splits, method="at_dt", recipe="paper", directory=tmp_path, **BRIEF)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert {"target", "source", "base_1_target", "base_1_source"} <= set(metrics)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["target"] == {
        "name": "theirs",
        "identity": splits["target"]["train"].identity(),
    }
    assert not RunFolder(tmp_path).failed.exists()
    page = (tmp_path / "README.md").read_text()
    assert (
        "from Python by fit_ada_atdt, with objects that no command can name: mine, theirs." in page
    )
    # The command line cannot open them, and says what to give.
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "cannot be opened by name; name a domain: --domain" in capsys.readouterr().err
    named = ["--domain", "streets_real", "--domain-options", json.dumps(frames)]
    assert main(["evaluate", str(tmp_path), *named, "--frames", "1"]) == 0
    presets = ["--name", "own", "--weights", str(tmp_path / "presets")]
    assert main(["preset", str(tmp_path), *presets]) == 2
    told = f"publish it from Python, adaat_keras.load('{tmp_path}').save_to_preset('own')"
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("eagerly")
def test_without_validation_and_test_splits_a_run_in_a_folder_is_no_error(splits, tmp_path, capsys):
    only = {role: domain["train"] for role, domain in splits.items()}
    verbose = {**BRIEF, "verbose": 2}
    fit_ada_atdt(untrained(), **only, recipe="paper", directory=tmp_path, **verbose)
    told = "nothing will be scored on the target: theirs has no split 'test': pass a dictionary"
    assert told in capsys.readouterr().out
    folder = RunFolder(tmp_path)
    assert folder.finished
    assert json.loads(folder.metrics.read_text()) == {}
    assert not folder.failed.exists()
    with folder.history.open() as file:
        assert not [name for name in csv.DictReader(file).fieldnames if name.startswith("val_")]
    assert (tmp_path / "README.md").exists()


@pytest.mark.usefixtures("eagerly", "unreported")
def test_other_frames_are_another_run(splits, tmp_path):
    options = {"method": "source_only", "directory": tmp_path, **BRIEF}
    fit_ada_atdt(untrained(), splits["source"], splits["target"], **options)
    others = {**splits["source"], "train": arrays(99, name="mine")}
    with pytest.raises(ValueError, match=r"source is .*'identity'"):
        fit_ada_atdt(untrained(), others, splits["target"], **options)


@pytest.mark.usefixtures("eagerly")
def test_a_folder_that_holds_this_run_warns_before_it_replaces_a_models_weights(splits, tmp_path):
    """Even where nothing else is printed; and it is silent where they are equal."""
    options = {**splits, "method": "source_only", "directory": tmp_path, **BRIEF}
    model = untrained()
    history = fit_ada_atdt(model, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit_ada_atdt(model, **options) == history
    mine = untrained(seed=4)
    with pytest.warns(UserWarning, match=f"{tmp_path} holds this very run, finished: its weights"):
        assert fit_ada_atdt(mine, **options) == history
    assert equal(weights_of(mine), weights_of(model))
    assert mine.untrained == model.untrained
    assert mine.predictor == "base_model_2"


class Killed(BaseException):
    pass


class KilledAfter(keras.callbacks.Callback):
    """Ends everything at the end of an epoch of a stage, the first time."""

    # Of the class: what an instance holds would make the next call another run.
    armed = True

    def __init__(self, trainer, epoch):
        super().__init__()
        self.trainer, self.epoch = trainer, epoch

    def on_epoch_begin(self, epoch, logs=None):
        if self.armed and epoch == self.epoch and type(self.model).__name__ == self.trainer:
            raise Killed


@pytest.mark.usefixtures("eagerly", "unreported")
def test_a_call_that_was_killed_goes_on_when_it_is_made_again(
    splits, places, tmp_path, monkeypatch
):
    options = {**splits, "recipe": RECIPE, **BRIEF, "epochs": 2}
    (whole, _, _), model = places["memory"], untrained()
    options["callbacks"] = [KilledAfter("SupervisedTrainer", 1)]
    with pytest.raises(Killed):
        fit_ada_atdt(model, **options, directory=tmp_path / "run")
    monkeypatch.setattr(KilledAfter, "armed", False)
    options["callbacks"] = [KilledAfter("SupervisedTrainer", 1)]
    again = untrained()
    history = fit_ada_atdt(again, **options, directory=tmp_path / "run")
    assert equal(weights_of(again), weights_of(whole))
    epochs = {stage: len(next(iter(values.values()))) for stage, values in history.items()}
    assert epochs == {"adversarial": 2, "supervised": 2, "transfer": 2}
    [done] = tmp_path.glob("run/state/supervised-*/done.json")
    assert json.loads(done.read_text())["from_epoch"] == 1


@pytest.mark.usefixtures("eagerly", "unreported")
def test_a_run_that_goes_on_takes_the_weights_that_it_began_with_and_says_so(
    splits, tmp_path, monkeypatch
):
    options = {**splits, "method": "source_only", **BRIEF, "epochs": 2}
    whole = untrained()
    fit_ada_atdt(whole, **options, directory=tmp_path / "whole")
    options["callbacks"] = [KilledAfter("SupervisedTrainer", 1)]
    with pytest.raises(Killed):
        fit_ada_atdt(untrained(), **options, directory=tmp_path / "run")
    monkeypatch.setattr(KilledAfter, "armed", False)
    options["callbacks"] = [KilledAfter("SupervisedTrainer", 1)]
    other = untrained(seed=5)
    with pytest.warns(UserWarning, match="began with other weights: it goes on with its own"):
        fit_ada_atdt(other, **options, directory=tmp_path / "run")
    assert equal(weights_of(other), weights_of(whole))


# === The same as the command line ===


@pytest.mark.usefixtures("eagerly")
def test_a_seed_decides_the_same_weights_in_python_and_on_the_command_line(frames, tmp_path, same):
    options = {"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "crop": 64}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    opened = json.dumps(frames)
    data = ["--source-options", opened, "--target-options", opened, "--validation-frames", "1"]
    networks = ["--size", "tiny", "--transfer", "conv", "--method", "source_only", "--seed", "7"]
    networks += ["--precision", "float32"]
    command = ["train", *flags, *data, *networks, "--directory", str(tmp_path / "run")]
    assert main(command) == 0
    model = build_ada_atdt("depth", "semantic", "conv", "tiny", seed=7)
    untouched = build_ada_atdt("depth", "semantic", "conv", "tiny", seed=7)
    source, target = (
        {split: domains.get(name, split=split, **frames) for split in SPLITS}
        for name in ("streets_sim", "streets_real")
    )
    fit_ada_atdt(model, source, target, method="source_only", seed=7, verbose=0, **options)
    theirs = load(tmp_path / "run")
    for name, network in model.networks.items():
        assert same(network, theirs.networks[name]), name
    assert same(model.transfer, untouched.transfer)
    assert not same(model.decoder_2, untouched.decoder_2)


@pytest.mark.quick
def test_what_goes_with_a_folder_alone_is_refused_without_one(splits):
    with pytest.raises(ValueError, match="store keeps the stages of runs: it goes with directory"):
        fit_ada_atdt(untrained(), **splits, store="stages", **BRIEF)


@pytest.mark.quick
def test_every_argument_of_a_run_is_spelt_out_with_its_type():
    parameters = inspect.signature(fit_ada_atdt).parameters
    for parameter in parameters.values():
        assert parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        assert parameter.annotation is not parameter.empty
    for each in dataclasses.fields(Training):
        by_recipe = each.name in Recipe.paper().training
        assert parameters[each.name].default == (None if by_recipe else each.default), each.name


# === What a run in a folder is called by ===


@pytest.mark.quick
def test_a_source_without_a_target_is_no_run_on_the_streets():
    with pytest.raises(ValueError, match="a source needs a target beside it"):
        fit_ada_atdt(untrained(), arrays(0), **BRIEF)


@pytest.mark.quick
def test_callbacks_and_methods_of_ones_own_are_told_apart():
    class MyAdaAtdt(methods.AdaAtdt):
        """Another method, which has the name of the one that it is made from."""

    patient, hasty = (keras.callbacks.EarlyStopping(patience=n) for n in (30, 3))
    assert _callback_name(patient) != _callback_name(hasty)
    assert "monitor='val_loss', patience=30" in _callback_name(patient)
    # Of two that write, whatever they have written, and to wherever.
    logs = [keras.callbacks.TensorBoard(name) for name in "ab"]
    assert len({_callback_name(each) for each in logs}) == 1
    saves = [keras.callbacks.ModelCheckpoint(f"{name}.keras") for name in "ab"]
    saves[1].epochs_since_last_save = 3
    assert len({_callback_name(each) for each in saves}) == 1
    assert _callback_name(keras.callbacks.History()) == "keras.src.callbacks.history:History()"
    assert _method_name(methods.AdaAtdt()) == "ada_atdt"
    assert _method_name(MyAdaAtdt()).endswith("MyAdaAtdt")


@pytest.mark.usefixtures("eagerly", "undrawn")
def test_a_finished_run_is_scored_anew_on_other_frames_of_its_test_split(splits, tmp_path):
    source, target = splits["source"], splits["target"]
    options = {**BRIEF, "method": "source_only", "directory": tmp_path / "run"}

    def scored(test):
        fit_ada_atdt(untrained(), source, {**target, "test": test}, **options)
        return RunFolder(tmp_path / "run").metrics

    first = scored(target["test"]).read_bytes()
    before = scored(target["test"]).stat().st_mtime_ns
    assert scored(target["test"]).stat().st_mtime_ns == before
    trained = RunFolder(tmp_path / "run").model.stat().st_mtime_ns
    with pytest.warns(UserWarning, match="holds this very run"):
        assert scored(arrays(77, name="theirs")).read_bytes() != first
    assert RunFolder(tmp_path / "run").model.stat().st_mtime_ns == trained


def test_a_finished_call_with_its_folder_written_otherwise_changes_nothing_and_says_so(
    splits, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    model = untrained()
    options = {**splits, **BRIEF, "method": "source_only"}
    fit_ada_atdt(model, directory="run", **options)
    before = weights_of(model)
    fit_ada_atdt(model, directory=tmp_path / "run", **{**options, "verbose": 1})
    assert equal(before, weights_of(model))
    assert "run holds this run, finished on 20" in capsys.readouterr().out


@pytest.mark.quick
def test_a_folder_that_cannot_be_written_is_told_before_data_is_read(splits, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("adaat_keras.methods.stage.Feed.domain", None)
    with pytest.raises(PermissionError, match=rf"{tmp_path} cannot be written to; choose another"):
        fit_ada_atdt(untrained(), directory=tmp_path / "run", **splits, **BRIEF)
