"""Presets on the command line: published from a run, and used."""

import functools
import http.server
import json
import re
import shlex
import shutil
import threading

import numpy as np
import processes
import pytest
import tensorflow as tf
from PIL import Image

from adaat_keras import build_ada_atdt, load
from adaat_keras.cli import export, main
from adaat_keras.models.preset_format import read_details


@pytest.fixture
def image(tmp_path):
    """An image's file."""
    pixels = np.random.default_rng(0).integers(0, 255, (70, 90, 3), "uint8")
    Image.fromarray(pixels).save(tmp_path / "image.png")
    return tmp_path / "image.png"


@pytest.fixture
def foreign(tmp_path):
    """Saves a preset that says of its run what a test wants, and gives its folder."""

    def folder(**run):
        model = build_ada_atdt(transfer="conv", size="tiny")
        model.untrained = ()
        model.save_to_preset(tmp_path / "foreign", run=run)
        return tmp_path / "foreign"

    return folder


def test_a_preset_whose_domain_and_options_this_machine_lacks_predicts(
    foreign, image, frames, refused, tmp_path
):
    theirs = {"target": "my_streets", "target_options": {"root": "/theirs"}, "option_of_2030": 1}
    preset = foreign(method="ada_atdt", **theirs)
    out = tmp_path / "out"
    assert main(["predict", str(image), "--weights", str(preset), "--out", str(out)]) == 0
    assert (out / "image_semantic.png").exists()
    assert main(["export", str(preset), "--out", str(tmp_path / "exported")]) == 0
    assert "unknown domain 'my_streets'; choose one of" in refused("evaluate", preset)
    ours = ["--domain", "streets_real", "--domain-options", json.dumps(frames)]
    assert main(["evaluate", str(preset), *ours]) == 0


def test_a_preset_that_does_not_say_what_it_was_trained_for_asks_for_a_domain(foreign, refused):
    message = r"foreign does not say what it was trained for.*; name a domain: --domain"
    assert re.search(message, refused("evaluate", foreign()))


def test_a_preset_of_a_method_that_this_version_lacks_knows_what_it_predicts_by(
    foreign, frames, capsys
):
    preset = foreign(method="method_of_2030", target="streets_real", target_options=frames)
    assert main(["evaluate", str(preset)]) == 0
    assert "method_of_2030, semantic on streets_real test" in capsys.readouterr().out


@pytest.fixture
def changed(run, tmp_path):
    """Makes a finished run of another configuration, as it would look."""

    def folder(name, metrics=None, **config):
        for file in ("model.keras", "metrics.json"):
            (tmp_path / name).mkdir(exist_ok=True)
            shutil.copy(run / file, tmp_path / name)
        theirs = json.loads((run / "config.json").read_text()) | config
        (tmp_path / name / "config.json").write_text(json.dumps(theirs))
        if metrics is not None:
            (tmp_path / name / "metrics.json").write_text(json.dumps(metrics))
        return tmp_path / name

    return folder


@pytest.fixture
def publish(tmp_path):
    """The command that publishes a run as `mine`."""
    return lambda run, *options: (
        ["preset", str(run), "--name", "mine", "--weights", str(tmp_path / "presets"), *options]
    )


def test_a_baselines_run_is_published_and_predicts_by_base_model_2(
    changed, publish, image, tmp_path
):
    folder = changed("dan", method="dan")
    model = load(folder)
    model.predictor, model.untrained = "base_model_2", ("domain_classifier", "transfer")
    model.save(folder / "model.keras")
    assert main(publish(folder)) == 0
    preset = load(tmp_path / "presets/mine")
    assert (preset.predictor, preset.untrained) == ("base_model_2", model.untrained)
    pixels = np.asarray(Image.open(image), "float32")[None]
    alone = preset.base_model_2.predict(pixels, verbose=0)
    np.testing.assert_allclose(preset.predict(pixels, verbose=0), alone, atol=1e-4)
    details = read_details(tmp_path / "presets/mine")
    assert details["metrics"] == details["base_2_target"]


def test_a_run_that_trained_nothing_to_predict_by_is_not_published(changed, publish, refused):
    folder = changed("adversarial", stages=["adversarial"])
    model = load(folder)
    model.untrained = ("encoder_2", "decoder_2", "transfer")
    model.save(folder / "model.keras")
    assert "nobody has trained: decoder_2, transfer" in refused(*publish(folder))


def test_a_preset_is_never_replaced(publish, refused, tmp_path):
    """Told before anything is read or measured."""
    (tmp_path / "presets/mine").mkdir(parents=True)
    assert "presets/mine exists; delete it, or choose another --name" in refused(*publish("no_run"))
    assert "a plain one, not '../mine'" in refused("preset", "no_run", "--name", "../mine")


def test_the_spread_is_over_seeds_of_the_same_run_alone(run, changed, publish, refused, tmp_path):
    other = changed("other", seed=1, epochs=7)
    error = refused(*publish(run, "--seeds", str(other)))
    assert f"{other} is no other seed's run: epochs is 7 there, 2 now" in error
    again = changed("again", seed=1)
    error = refused(*publish(run, "--seeds", str(again), str(again)))
    assert "seed 1 is there already" in error
    assert "seed 0 is there already" in refused(*publish(run, "--seeds", str(run)))
    assert not (tmp_path / "presets").exists()


def test_a_target_without_labels_of_task_2_is_published_without_scores(
    changed, publish, frames, capsys, tmp_path
):
    packed = tmp_path / "packed"
    opened = ["--split", "test", "--domain-options", json.dumps(frames)]
    assert main(["data", "pack", "streets_real", "--out", str(packed), *opened]) == 0
    shutil.rmtree(packed / "test/semantic")
    bare = {"target": "packed", "target_options": {"root": str(packed)}}
    assert main(publish(changed("bare", metrics={}, **bare))) == 0
    assert "no labels to measure it by" in capsys.readouterr().out
    card = " ".join((tmp_path / "presets/mine/README.md").read_text().split())
    assert "`packed` has no labels of task 2: nothing to score against" in card
    assert "State it here" in card


@pytest.fixture
def preset(run, publish, tmp_path):
    """The folder of the published run."""
    assert main(publish(run)) == 0
    return tmp_path / "presets/mine"


@pytest.fixture
def address(preset, monkeypatch, tmp_path):
    """Where the preset is on the net."""
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "fetched"))
    monkeypatch.setenv("no_proxy", "*")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=preset)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_published_run_is_measured_used_and_exported(run, publish, image, capsys, tmp_path):
    assert main(publish(run)) == 0
    preset = tmp_path / "presets/mine"
    hint = re.search(r"`adaat-keras (evaluate .*)` measures it", capsys.readouterr().out)[1]
    assert main([*shlex.split(hint), "--json"]) == 0
    details = read_details(preset)
    assert json.loads(capsys.readouterr().out) == details["metrics"]
    before = json.loads((run / "metrics.json").read_text())
    for ours, theirs in (("metrics", "target"), ("base_2_target", "base_2_target")):
        assert details[ours]["accuracy"] == pytest.approx(before[theirs]["accuracy"], abs=0.02)

    out = tmp_path / "out"
    assert main(["predict", str(image), "--weights", str(preset), "--out", str(out)]) == 0
    pixels = np.asarray(Image.open(image), "float32")[None]
    outputs = load(preset).predict(pixels, verbose=0)
    np.testing.assert_array_equal(Image.open(out / "image_semantic.png"), outputs[0].argmax(-1))

    # Exported files take images as they are.
    model = load(preset)
    model.camera = None
    outputs = model.predict(pixels, verbose=0)
    exported = str(tmp_path / "exported")
    assert main(["export", str(preset), "--out", exported]) == 0
    np.testing.assert_allclose(tf.saved_model.load(exported)(pixels), outputs, atol=1e-4)


def test_a_published_run_is_used_by_its_address(address, preset, image, tmp_path):
    for name, weights in (("near", str(preset)), ("far", address)):
        main(["predict", str(image), "--weights", weights, "--out", str(tmp_path / name)])
    near, far = (tmp_path / name / "image_semantic.png" for name in ("near", "far"))
    assert near.read_bytes() == far.read_bytes()


@pytest.mark.parametrize("spoilt", ["weights.h5", "preset.json"])
def test_half_a_file_or_a_wrong_hash_at_an_address_is_told(spoilt, address, preset, image, refused):
    if spoilt == "weights.h5":
        (preset / spoilt).write_bytes((preset / spoilt).read_bytes()[:5000])
    else:
        details = json.loads((preset / spoilt).read_text()) | {"sha256": "0" * 64}
        (preset / spoilt).write_text(json.dumps(details))
    error = refused("predict", image, "--weights", address)
    assert re.search(rf"{address}/weights.h5, fetched twice, has the sha256 .* upload it", error)


def test_what_is_published_counts_as_trained(preset):
    assert load(preset).untrained == ()


OWN_TRANSFER = """
import keras

from adaat_keras.models import Network


@keras.saving.register_keras_serializable("own_gate")
class Gate(Network):
    arguments = ("channels",)
    stride = 1

    def __init__(self, channels, dtype=None, **kwargs):
        features = keras.Input((None, None, channels))
        gated = keras.layers.Conv2D(channels, 1, dtype=dtype)(features)
        super().__init__(inputs=features, outputs=gated, dtype=dtype, **kwargs)
        self.channels = channels
"""


def test_a_preset_with_ones_own_class_predicts_with_the_file_imported_wherever_it_lies(
    image, tmp_path
):
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    (there / "own_gate.py").write_text(OWN_TRANSFER)
    model = build_ada_atdt(transfer=f"{there / 'own_gate.py'}:Gate", size="tiny")
    model.untrained = ()
    model.save_to_preset(tmp_path / "preset")
    there.rename(here)
    predict = ["predict", image, "--weights", tmp_path / "preset", "--out", tmp_path / "out"]
    # In processes, since this one has imported it.
    status, said = processes.finished(*predict, told=tmp_path / "told")
    assert status == 2
    assert "If it is, import its file first (in Python, or with `adaat-keras --import FILE" in said
    imported = ["--import", here / "own_gate.py"]
    status, said = processes.finished(*imported, *predict, told=tmp_path / "told")
    assert status == 0, said
    assert (tmp_path / "out" / "image_semantic.png").exists()


@pytest.mark.quick
def test_a_file_to_import_that_is_not_there_or_is_wrong_is_told(refused, tmp_path):
    (tmp_path / "wrong.py").write_text("import nosuchmodule")
    assert "--import: there is no file gone.py" in refused("--import", "gone.py", "evaluate", "a")
    message = "wrong.py' cannot be imported: ModuleNotFoundError: No module named 'nosuchmodule'"
    assert message in refused("--import", tmp_path / "wrong.py", "evaluate", "a")


@pytest.mark.quick
def test_a_bug_is_told_with_the_command_whatever_goes_before_it(refused, monkeypatch):
    monkeypatch.setattr(export, "run", lambda options: {}["none"])
    said = refused("--import", "json", "export", "a", "--out", "b")
    assert "export ended with KeyError: 'none'. This is a bug; `adaat-keras --traceback exp" in said
