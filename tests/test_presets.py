"""Presets: saved, found, checked, loaded, published, exported."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

import adaat_keras
from adaat_keras import build_ada_atdt, list_presets, load
from adaat_keras import presets as manifest
from adaat_keras.export import export_model
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.models.preset_format import read_details, round_weights
from adaat_keras.presets import find_preset, load_matching
from adaat_keras.runs.publish import publish

METRICS = {"mean_iou": 0.4, "iou_pole": 0.01}
IMAGES = np.random.default_rng(0).uniform(0, 255, (1, 50, 75, 3)).astype("float32")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    return build_ada_atdt(transfer="conv", size="tiny")


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "mine"
    model.save_to_preset(folder, note="a trial")
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    """A preset that a test may spoil."""
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_a_saved_preset_is_the_model_as_it_is_kept(model, saved):
    again = load(saved)
    assert (again.from_task, again.to_task) == ("depth", "semantic")
    for name, network in model.networks.items():
        for ours, theirs in zip(
            network.get_weights(), again.networks[name].get_weights(), strict=True
        ):
            np.testing.assert_allclose(theirs, ours, rtol=2**-9 + 2**-11, atol=2**-22)
    assert read_details(saved)["note"] == "a trial"


def test_a_rounded_model_predicts_what_its_preset_does(tmp_path):
    model = build_ada_atdt(transfer="conv", size="tiny")
    round_weights(model)
    model.save_to_preset(tmp_path)
    np.testing.assert_array_equal(
        load(tmp_path).predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0)
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_weights_that_float16_cannot_hold_are_refused_by_name(value, tmp_path):
    model = build_ada_atdt(transfer="conv", size="tiny")
    model.decoder_2.weights[-1].assign(np.full(11, value))
    with pytest.raises(ValueError, match=r"decoder_2: .*bias holds a value that is not finite"):
        model.save_to_preset(tmp_path)
    assert not (tmp_path / "preset.json").exists()


def test_a_damaged_file_is_found(copy):
    data = bytearray((copy / "weights.h5").read_bytes())
    (copy / "weights.h5").write_bytes(data[:-100])
    with pytest.raises(ValueError, match=r"weights.h5 is damaged: its sha256 is .*fetch"):
        load(copy)


@pytest.mark.parametrize("name", ["weights.h5", "config.json"])
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} does not exist"):
        load(copy)


def test_a_preset_of_a_later_format_is_refused(copy):
    details = json.loads((copy / "preset.json").read_text())
    (copy / "preset.json").write_text(json.dumps({**details, "format": 2}))
    with pytest.raises(ValueError, match=r"format 2, this package reads 1; upgrade"):
        load(copy)


def configure(folder, change):
    """Change a preset's configuration, and let it say that it is right."""
    config = json.loads((folder / "config.json").read_text())
    change(config["config"])
    (folder / "config.json").write_text(json.dumps(config))
    details = json.loads((folder / "preset.json").read_text())
    details["config_sha256"] = hashlib.sha256((folder / "config.json").read_bytes()).hexdigest()
    (folder / "preset.json").write_text(json.dumps(details))


@pytest.mark.parametrize(
    "class_",
    [
        {"module": "os", "class_name": "system", "config": {}},
        {"module": "keras.layers", "class_name": "Lambda", "config": {}},
        {"module": "builtins", "class_name": "__lambda__", "config": {"value": "YQ=="}},
        {"module": "tests.evil", "class_name": "Encoder", "registered_name": "adaat_keras>Encoder"},
        {"module": "keras.layers", "class_name": "Dense", "registered_name": "evil>Thing"},
        {"module": "keras.utils", "class_name": "get_file", "config": {}},
    ],
)
def test_a_preset_that_asks_for_other_code_is_refused(copy, class_):
    configure(copy, lambda config: config.update(transfer=class_))
    with pytest.raises(ValueError, match=r"asks for .*do not trust it"):
        load(copy)


def test_a_model_that_this_version_does_not_have_is_an_error_in_a_line(copy):
    configure(copy, lambda config: config.pop("decoder_1"))
    with pytest.raises(ValueError, match=r"config.json describes no model of this package"):
        load(copy)


def test_a_configuration_that_is_not_the_published_one_is_refused(copy):
    details = (copy / "preset.json").read_text()
    configure(copy, lambda config: config.update(from_task="semantic", to_task="depth"))
    (copy / "preset.json").write_text(details)
    with pytest.raises(ValueError, match=r"config.json is not the one that was published"):
        load(copy)


def spoil(folder, change):
    """Change a preset's weights, and let it say that they are right."""
    with h5py.File(folder / "weights.h5", "a") as file:
        change(file)
    details = json.loads((folder / "preset.json").read_text())
    details["sha256"] = hashlib.sha256((folder / "weights.h5").read_bytes()).hexdigest()
    (folder / "preset.json").write_text(json.dumps(details))


def test_weights_that_point_at_other_files_are_not_read(copy):
    secret = copy / "secret"
    secret.write_bytes(b"x" * 4096)

    def point(file):
        shape = file["encoder_1/000"].shape
        del file["encoder_1/000"]
        size = 2 * int(np.prod(shape))
        file.create_dataset("encoder_1/000", shape, "f2", external=[(str(secret), 0, size)])

    spoil(copy, point)
    with pytest.raises(ValueError, match="encoder_1/000 is no array of this file"):
        load(copy)


@pytest.mark.parametrize("value", [np.zeros(3, "float16"), np.zeros((7, 7, 3, 4), "int32")])
def test_weights_of_another_shape_or_kind_are_named(copy, value):
    def replace(file):
        del file["encoder_1/000"]
        file["encoder_1/000"] = value

    spoil(copy, replace)
    with pytest.raises(ValueError, match=r"encoder_1/000 is .* but stem/kernel is float32"):
        load(copy)


def test_a_preset_that_is_not_the_manifests_is_refused(saved, tmp_path, monkeypatch):
    monkeypatch.setattr("adaat_keras.presets.find_preset.WEIGHTS", saved.parent)
    entries = {"mine": {"folder": "mine", "sha256": "0" * 64}}
    monkeypatch.setattr("adaat_keras.presets.find_preset.read_manifest", lambda: entries)
    with pytest.raises(ValueError, match="is not what the manifest names"):
        load("mine")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="unknown preset 'fox': neither a folder nor one of"):
        load("fox")


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    """A cache that does not exist yet, as on a fresh machine."""
    folder = tmp_path_factory.mktemp("fresh") / "cache"
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(folder))
    return folder


def fetched(cache):
    """What the cache holds, by name."""
    return {file.name: file.read_bytes() for file in cache.rglob("*") if file.is_file()}


def test_a_preset_elsewhere_is_fetched_once_into_the_cache(saved, copy, cache):
    first = load(copy.as_uri())
    assert fetched(cache) == {file.name: file.read_bytes() for file in saved.iterdir()}
    for file in copy.glob("*.*"):
        file.unlink()
    second = load(copy.as_uri())
    np.testing.assert_array_equal(
        first.predict(IMAGES, verbose=0), second.predict(IMAGES, verbose=0)
    )


def test_a_cache_that_cannot_be_written_to_is_named(copy, cache, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=rf"{cache}.*set ADAAT_KERAS_CACHE"):
        load(copy.as_uri())


def test_an_address_that_does_not_answer_is_named(tmp_path, cache):
    with pytest.raises(ValueError, match=r"nothing/preset.json cannot be fetched"):
        load((tmp_path / "nothing").as_uri())


@pytest.mark.parametrize("missing", [(), ("weights.h5",), ("weights.h5", "config.json")])
def test_a_preset_that_was_published_anew_is_fetched_anew(missing, copy, cache):
    """However far an earlier version had been fetched."""
    find_preset(copy.as_uri())
    for file in cache.rglob("*"):
        if file.name in missing:
            file.unlink()
        elif file.name == "weights.h5":
            file.write_bytes(b"half of i")
    other = load(copy)
    other.decoder_2.weights[-1].assign(np.arange(11))
    other.save_to_preset(copy)
    np.testing.assert_array_equal(load(copy.as_uri()).decoder_2.weights[-1], np.arange(11))


def test_what_is_damaged_at_its_address_is_an_error_with_the_way_out(copy, cache):
    weights = (copy / "weights.h5").read_bytes()
    (copy / "weights.h5").write_bytes(weights[:-100])
    address = copy.as_uri()
    with pytest.raises(
        ValueError, match=rf"{address}/weights.h5, .* as {address}/preset.json says; try .*upload"
    ):
        load(address)
    (copy / "weights.h5").write_bytes(weights)
    assert load(address).to_task == "semantic"


def test_the_hub_is_read_by_plain_addresses(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "adaat_keras.presets.find_preset.fetch_preset", lambda address: seen.append(address)
    )
    with pytest.raises(TypeError):
        load("hf://someone/streets")
    assert seen == ["https://huggingface.co/someone/streets/resolve/main"]


@pytest.fixture
def published(model, tmp_path):
    """Publishes the model and gives its entry in the manifest and its card."""

    def entry_and_card(
        name="one", run=None, metrics=METRICS, scores=({"mean_iou": 0.41},), **facts
    ):
        run = {**RunConfig(seed=4).to_dict(), **(run or {})}
        told = {"command": "adaat-keras train --epochs 1", "about": "As by magic.", "drawn": True}
        told |= {"frame": [64, 96], "base_2_target": {key: 0.3 for key in metrics}}
        publish(tmp_path / name, model, run, metrics, list(scores), told | facts)
        card = (tmp_path / name / "README.md").read_text()
        return manifest.read_manifest(tmp_path)[name], " ".join(card.split())

    return entry_and_card


def test_publishing_adds_to_the_manifest_and_writes_a_card(published, tmp_path):
    """The spread is of what was trained; the numbers are of what was rounded."""
    metrics, scores = (
        {"mean_iou": 0.3999, "accuracy": None},
        [{"mean_iou": 0.4}, {"mean_iou": 0.44}],
    )
    published("one")
    entry, card = published("two", metrics=metrics, scores=scores)
    assert list(manifest.read_manifest(tmp_path)) == ["one", "two"]
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
        "crops of 128 x 128 pixels; frames of `streets_real` have 64 x 96.",
        f"adaat-keras evaluate {tmp_path}/two",
        f'load("{tmp_path}/two")',
    ):
        assert text in card


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
        ({"steps": ["transfer"]}, True, "apply: `streets_sim`, `streets_real`."),
    ],
)
def test_a_card_claims_no_licence_of_what_others_made(run, drawn, named, published):
    _, card = published(run=run, drawn=drawn)
    assert f"State it here. The licences of what it was made from {named}" in card
    assert "Apache" not in card
    assert ("draws itself" in card) == ("photographs" in card) == drawn


@pytest.mark.parametrize(("alone", "told"), [(0.41, True), (0.39, False)])
def test_a_card_says_where_the_transfer_does_harm(alone, told, published):
    entry, card = published(base_2_target={"mean_iou": alone, "iou_pole": 0})
    assert entry["base_2_target"]["mean_iou"] == alone
    assert ("is better here: mean_iou 0.4100, against 0.4000" in card) == told


def test_a_target_without_labels_has_nothing_to_score_against(published):
    entry, card = published(metrics={}, scores=[{}])
    assert entry["metrics"] == {}
    assert entry["seeds"] == {"count": 0, "mean": None, "deviation": None}
    assert "`streets_real` has no labels of semantic: nothing to score against" in card
    assert "adaat-keras evaluate" not in card


def test_another_task_starts_a_new_decoder_and_says_so(model):
    other = build_ada_atdt("semantic", "depth", transfer="conv", size="tiny")
    assert load_matching(other, model) == ["decoder_1", "decoder_2"]
    for name in ("encoder_1", "domain_classifier", "encoder_2", "transfer"):
        for ours, theirs in zip(
            other.networks[name].get_weights(), model.networks[name].get_weights(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


def test_a_model_is_built_from_a_preset_with_other_tasks_and_warns_what_is_new(saved):
    same = build_ada_atdt(weights=saved)
    assert same.options == load(saved).options
    with pytest.warns(UserWarning, match="has no weights for decoder_2: new ones"):
        other = build_ada_atdt(to_task="normals", weights=saved)
    assert other.options == {**same.options, "to_task": "normals"}
    for ours, theirs in zip(
        other.encoder_1.get_weights(), same.encoder_1.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_another_size_is_refused(model):
    with pytest.raises(ValueError, match=r"size 'tiny', not of .* 'small'"):
        load_matching(build_ada_atdt("semantic", "depth", transfer="unet", size="small"), model)


def test_an_exported_model_predicts_the_same_without_this_package(model, tmp_path):
    export_model(model, tmp_path / "exported")
    images = np.round(IMAGES)
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "images = np.load(sys.argv[1] + '/images.npy')\n"
        "predict = tf.saved_model.load(sys.argv[1] + '/exported')\n"
        "outputs = [predict(images), predict(images.astype('uint8')),\n"
        "    predict.signatures['serving_default'](image=tf.constant(images))['prediction']]\n"
        "assert not any(name.startswith('adaat_keras') for name in sys.modules)\n"
        "np.save(sys.argv[1] + '/outputs.npy', outputs)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=tmp_path)
    expected = model.predict(images, verbose=0)
    for outputs in np.load(tmp_path / "outputs.npy"):
        assert np.abs(outputs - expected).max() <= 1e-4 * np.abs(expected).max()


def test_an_export_holds_the_inference_path_alone(model, tmp_path):
    export_model(model, tmp_path / "exported")
    parts = (model.encoder_1, model.transfer, model.decoder_2)
    weights = tf.train.load_checkpoint(str(tmp_path / "exported/variables/variables"))
    shapes = weights.get_variable_to_shape_map()
    count = sum(int(np.prod(shapes[key])) for key in shapes if key.startswith("weights/"))
    assert count == sum(part.count_params() for part in parts)


def test_an_export_replaces_nothing(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="choose another --out"):
        export_model(model, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", list_presets())
def test_a_published_preset_is_whole(name):
    entry = manifest.read_manifest()[name]
    folder = Path(adaat_keras.__file__).parent / "weights" / entry["folder"]
    assert read_details(folder)["sha256"] == entry["sha256"]
    model = load(name)
    assert (model.from_task, model.to_task) == (entry["from_task"], entry["to_task"])
    assert sum(n.count_params() for n in model.networks.values()) == entry["parameters"]


def test_all_presets_together_take_no_more_than_20_megabytes():
    files = (Path(adaat_keras.__file__).parent / "weights").rglob("*")
    assert sum(file.stat().st_size for file in files if file.is_file()) <= 20e6
