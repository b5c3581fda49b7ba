"""The folder of a run: whose it is, and what can be read from it."""

import json

import pytest

from adaat_keras import build_ada_atdt, load
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder, load_trained
from adaat_keras.training.devices import strategy_for


@pytest.fixture
def begun(tmp_path):
    """Makes the folder of a run that has finished an epoch."""

    def folder(**options):
        made = RunFolder(tmp_path)
        made.claim(RunConfig.of(**options))
        made.history.touch()
        return made

    return folder


@pytest.mark.quick
def test_a_run_of_another_configuration_is_left_alone_and_told_apart(begun):
    folder = begun(epochs=2)
    folder.check(RunConfig.of(epochs=2))
    with pytest.raises(ValueError, match=r"epochs is 2 there, 3 now; seed is 0 there, 1 now"):
        folder.check(RunConfig.of(epochs=3, seed=1))
    with pytest.raises(ValueError, match="another configuration or version"):
        folder.claim(RunConfig.of(epochs=3))
    assert folder.read_config() == RunConfig.of(epochs=2)


@pytest.mark.quick
def test_a_run_that_never_finished_an_epoch_gives_way(tmp_path):
    folder = RunFolder(tmp_path)
    folder.claim(RunConfig.of(epochs=2))
    (folder.state / "adversarial-0").mkdir(parents=True)
    folder.claim(RunConfig.of(epochs=3))
    assert folder.read_config() == RunConfig.of(epochs=3)
    assert not (folder.state / "adversarial-0").exists()


@pytest.mark.quick
@pytest.mark.parametrize("name", ["README.md", "model.keras", "metrics.json", "history.csv"])
def test_a_run_replaces_no_file_of_others(name, tmp_path):
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match=f"has a {name} that a run would replace; choose"):
        RunFolder(tmp_path).check(RunConfig())
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.quick
def test_a_configuration_of_others_is_told_before_any_training(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(ValueError, match=r"config\.json is no run's configuration"):
        RunFolder(tmp_path).check(RunConfig())


@pytest.mark.quick
def test_a_folder_without_a_name_is_not_the_one_where_one_happens_to_be():
    with pytest.raises(ValueError, match="a path is empty"):
        RunFolder("")


def test_a_preset_does_not_replace_the_run_that_it_is_of(tmp_path):
    folder = RunFolder(tmp_path)
    folder.claim(RunConfig())
    with pytest.raises(FileExistsError, match=r"has a config\.json that a preset"):
        build_ada_atdt(size="tiny", transfer="conv").save_to_preset(tmp_path)
    assert folder.read_config() == RunConfig()


@pytest.mark.quick
@pytest.mark.parametrize("name", ["model.keras", "networks/encoder_1.keras"])
def test_a_file_of_a_run_is_told_to_be_named_by_its_folder(name, tmp_path):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rf"is a file; name the folder .*{tmp_path.name}$"):
        load(tmp_path / name)


@pytest.mark.quick
def test_a_file_is_told_by_whole_paths_and_without_a_folder_where_that_is_none(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for name in ("model.keras", "photo.jpg"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rf"^model.keras is a file; name the .*, {tmp_path}$"):
        load("model.keras")
    (tmp_path / "model.keras").unlink()
    with pytest.raises(ValueError, match=r"^photo.jpg is a file; name a preset, or the folder of"):
        load("photo.jpg")


@pytest.mark.quick
def test_a_run_of_other_trainers_or_of_a_version_that_it_does_not_tell_is_another_one(begun):
    folder = begun()
    folder.check(RunConfig())
    now = json.loads(folder.versions.read_text())
    folder.versions.write_text(json.dumps({**now, "training": 0}))
    with pytest.raises(ValueError, match=f"training is 0 there, {now['training']} now"):
        folder.check(RunConfig())
    folder.versions.unlink()
    with pytest.raises(ValueError, match="training is None there"):
        folder.check(RunConfig())


@pytest.mark.quick
def test_data_that_has_moved_is_that_of_the_same_run_going_on(begun):
    folder = begun(target_options={"root": "/here"}, cache="memory")
    folder.check(RunConfig.of(target_options={"root": "/there"}))
    with pytest.raises(ValueError, match="target_options is"):
        folder.check(RunConfig.of(target_options={"root": "/there", "frames": 3}))


@pytest.mark.quick
def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file is a file; a run needs a folder"):
        RunFolder(tmp_path / "file").check(RunConfig())


@pytest.mark.quick
@pytest.mark.parametrize("text", ["", "[]", "null", '{"epochs": 0}', '{"classifier": "patch"}'])
def test_what_is_no_configuration_is_named(text, tmp_path):
    """Nor is that of a version with options which there are no more."""
    folder = RunFolder(tmp_path)
    folder.config.write_text(text)
    with pytest.raises(ValueError, match=r"config\.json is no run's configuration"):
        folder.read_config()


@pytest.mark.quick
def test_a_home_is_where_it_is_on_every_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert RunFolder("~/run").path == tmp_path / "run"


@pytest.mark.quick
def test_a_folder_without_a_finished_run_says_what_makes_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no finished run; `adaat-keras train"):
        load_trained(tmp_path)


@pytest.fixture
def trained(tmp_path):
    """Saves a finished run's model that some networks of are untrained."""

    def folder(untrained, predictor="transfer"):
        made = RunFolder(tmp_path / "run")
        made.claim(RunConfig.of(size="tiny", transfer="conv"))
        model = build_ada_atdt(size="tiny", transfer="conv", seed=1)
        model.untrained, model.predictor = untrained, predictor
        model.save(made.model)
        return made

    return folder


@pytest.mark.parametrize(
    ("predictor", "untrained"),
    [
        ("transfer", ("transfer",)),
        ("transfer", ("encoder_2", "decoder_2")),
        ("base_model_2", ("decoder_2",)),
    ],
)
def test_what_predicts_by_untrained_networks_is_refused_in_a_line(trained, predictor, untrained):
    folder = trained(untrained, predictor)
    for opened in (load, load_trained):
        with pytest.raises(ValueError, match=f"nobody has trained: .*{untrained[-1]}") as told:
            opened(folder.path)
        assert str(folder.path) in str(told.value)
        assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("predictor", "untrained"),
    [("transfer", ("encoder_2", "decoder_1")), ("base_model_2", ("transfer", "encoder_1"))],
)
def test_what_a_run_does_not_predict_by_need_not_be_trained(trained, predictor, untrained):
    folder = trained(untrained, predictor)
    known, model = load_trained(folder.path)
    assert (model.predictor, model.untrained) == (predictor, untrained)
    assert known == RunConfig.of(size="tiny", transfer="conv").to_dict()
    assert model.origin == load(folder.path).origin == str(folder.path)


def test_a_run_is_loaded_under_the_strategy_that_goes_on_with_it(trained):
    folder = trained(())
    strategy = strategy_for("2")
    with strategy.scope():
        model = load(folder.path)
    assert strategy.extended.variable_created_in_scope(model.weights[0].value)
