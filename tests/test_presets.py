"""Presets: saved, found, checked, loaded, their weights reused."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from preset_kit import configure, spoil

import adaat_keras
from adaat_keras import build_ada_atdt, list_presets, load
from adaat_keras import presets as manifest
from adaat_keras.models import AdaAtdt, Conv
from adaat_keras.models.ada_atdt import NETWORKS
from adaat_keras.models.preset_format import read_details, round_weights
from adaat_keras.models.trust import check_place
from adaat_keras.presets import built_from, find_preset, load_matching, read_networks
from adaat_keras.registry import load_object

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
    monkeypatch.setattr("adaat_keras.models.preset_places.WEIGHTS", saved.parent)
    entries = {"mine": {"folder": "mine", "sha256": "0" * 64}}
    monkeypatch.setattr("adaat_keras.models.preset_places.read_manifest", lambda: entries)
    with pytest.raises(ValueError, match="is not what the manifest names"):
        load("mine")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="unknown preset 'fox': neither a folder nor one of"):
        load("fox")


@pytest.mark.quick
@pytest.mark.parametrize("path", ["runs/nosuch", "./nosuch", Path("/no/such")])
def test_a_path_that_is_not_there_is_told_as_a_path(path):
    with pytest.raises(ValueError, match=rf"^there is no run or preset {path}; the presets by na"):
        load(path)


@pytest.mark.quick
@pytest.mark.parametrize("what", [5, None, b"a", ["a"]])
def test_what_is_no_name_is_told_what_names_a_preset(what):
    with pytest.raises(TypeError, match=rf"^{re.escape(repr(what))} is neither text nor a path; n"):
        load(what)


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


def test_a_name_may_be_a_path_object():
    assert find_preset(Path(SMALL)) == find_preset(SMALL)


def test_weights_of_another_transfer_function_are_not_taken_though_as_many():
    one, other = (
        build_ada_atdt(size="tiny", transfer=name) for name in ("conv", "six_convolutions")
    )
    assert len(one.transfer.weights) == len(other.transfer.weights)
    assert load_matching(other, one) == ["transfer"]
    assert "transfer" in other.untrained


def test_a_cache_that_cannot_be_written_to_is_named(copy, cache, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=rf"{cache}.*set .*ADAAT_KERAS_CACHE"):
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
        "adaat_keras.models.preset_places.fetch_preset", lambda address: seen.append(address)
    )
    with pytest.raises(TypeError):
        load("hf://someone/streets")
    assert seen == ["https://huggingface.co/someone/streets/resolve/main"]


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


def test_from_preset_is_load(saved):
    ours, theirs = AdaAtdt.from_preset(saved), load(saved)
    assert ours.get_config() == theirs.get_config()
    assert ours.origin == theirs.origin == str(saved)


@pytest.fixture
def run(model, tmp_path):
    """Writes the folder of a run that predicts by something and left networks untrained."""

    def write(predictor="transfer", untrained=()):
        again = AdaAtdt.from_config(model.get_config())
        again.predictor, again.untrained = predictor, untrained
        folder = tmp_path / "run"
        folder.mkdir()
        again.save(folder / "model.keras")
        (folder / "config.json").write_text(json.dumps({**again.options, "classifier": "patch"}))
        return folder

    return write


def test_a_run_predicts_by_what_was_trained(run):
    model = load(run("base_model_2", ("transfer", "domain_classifier")))
    expected = model.base_model_2.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("predictor", "untrained"), [("transfer", "transfer"), ("base_model_2", "decoder_2")]
)
def test_a_run_that_has_not_trained_what_predicts_is_refused(predictor, untrained, run):
    folder = run(predictor, (untrained, "domain_classifier"))
    with pytest.raises(ValueError, match=f"nobody has trained: {untrained}; train them first"):
        load(folder)
    assert read_networks(folder).untrained == (untrained, "domain_classifier")


def test_the_pixel_classifier_of_older_files_is_no_option_any_more(run, copy):
    details = json.loads((copy / "preset.json").read_text())
    details["options"]["classifier"] = "patch"
    (copy / "preset.json").write_text(json.dumps(details))
    for place in (run(), copy):
        assert built_from(place) == load(place).options


def test_other_classes_start_a_new_last_layer_and_keep_the_rest(model, monkeypatch):
    """Even where there are as many: their order says nothing."""
    other = build_ada_atdt(transfer="conv", size="tiny")
    classes = {"place": "adaat_keras.tasks.semantic:Semantic", "config": {"classes": "others"}}
    other._tasks = json.dumps(["depth", classes])
    monkeypatch.setattr("adaat_keras.tasks.get", lambda task: "a Semantic")
    assert load_matching(other, model) == ["decoder_2/head/kernel", "decoder_2/head/bias"]
    assert other.untrained == tuple(n for n in NETWORKS if n in {*model.untrained, "decoder_2"})
    ours, theirs = other.decoder_2.get_weights(), model.decoder_2.get_weights()
    for one, two in zip(ours[:-2], theirs[:-2], strict=True):
        np.testing.assert_array_equal(one, two)
    assert (ours[-2] != theirs[-2]).any()


def test_a_models_weights_bring_what_predicts(model):
    source, other = (AdaAtdt.from_config(model.get_config()) for _ in range(2))
    source.predictor = "base_model_2"
    assert load_matching(other, source) == []
    assert other.predictor == "base_model_2"


SMALL = "streets_depth_to_semantic_small"
SEMANTIC = {"place": "adaat_keras.tasks.semantic:Semantic", "config": {}}


@pytest.mark.parametrize(
    "task", ["os:system", "no/such/file.py:Task", {"place": "subprocess:Popen", "config": {}}]
)
def test_a_preset_that_asks_for_another_task_is_refused(task, copy):
    configure(copy, lambda config: config.update(to_task=task))
    with pytest.raises(ValueError, match=r"config.json asks for .*do not trust it"):
        load(copy)
    with pytest.raises(ValueError, match=r"preset.json asks for .*do not trust it"):
        check_place(task, "preset.json")


def test_a_preset_may_have_classes_of_its_own_and_tasks_that_are_imported(copy, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from adaat_keras.tasks.depth import Depth\n\nclass Mine(Depth):\n    pass\n"
    )
    mine = f"{tmp_path}/mine.py:Mine"
    with pytest.raises(ValueError, match="do not trust it"):
        check_place(mine, "preset.json")
    load_object(mine)
    for task in (SEMANTIC, mine):
        configure(copy, lambda config, task=task: config.update(to_task=task))
        assert load(copy).to_task == task


@keras.saving.register_keras_serializable("mine")
class Mine(Conv):
    """A user's transfer function."""


def test_a_preset_may_have_networks_that_the_user_has_registered(copy):
    theirs = {"class_name": "Mine", "registered_name": "mine>Mine"}
    configure(copy, lambda config: config["transfer"].update(theirs, module=__name__))
    assert type(load(copy).transfer) is Mine
    configure(copy, lambda config: config["transfer"].update(module="another"))
    with pytest.raises(ValueError, match=r"asks for another.Mine .registered as mine>Mine"):
        load(copy)
