"""A trained model goes on: with some stages, without some networks."""

import json
import shutil

import numpy as np
import pytest

from adaat_keras import build_ada_atdt, domains, fit_ada_atdt, load
from adaat_keras.cli import main
from adaat_keras.files import write_json
from adaat_keras.presets import read_networks
from adaat_keras.training.devices import strategy_for

pytestmark = pytest.mark.usefixtures("eagerly", "undrawn", "unchanged_images")
SPLITS = ("train", "val", "test")
BRIEF = {
    "epochs": 1,
    "steps_per_epoch": 1,
    "batch_size": 2,
    "crop": 64,
    "validation_frames": 1,
    "verbose": 0,
}


def untrained():
    return build_ada_atdt(transfer="conv", size="tiny", seed=0)


@pytest.fixture(scope="session")
def opened(frames):
    """Both domains, as dictionaries of splits."""
    return {
        role: {
            split: domains.get(name, split=split, **frames) for split in ("train", "val", "test")
        }
        for role, name in (("source", "streets_sim"), ("target", "streets_real"))
    }


@pytest.fixture
def fine_tune(opened, tmp_path):
    """Fits a tiny model; gives the history and the names of the networks that changed."""

    def run(model=None, **options):
        if model is None:
            model = untrained()
            # As after training elsewhere.
            model.untrained = ()
        before = {name: network.get_weights() for name, network in model.networks.items()}
        place = {"directory": tmp_path / "run"}
        history = fit_ada_atdt(model, **{**opened, **place, **BRIEF, **options})
        changed = {
            name
            for name, network in model.networks.items()
            if not all(map(np.array_equal, before[name], network.get_weights()))
        }
        return history, changed

    return run


@pytest.fixture
def other_task(run):
    """A trained model, but for the decoder of a task 2 that it does not know."""
    with pytest.warns(UserWarning, match="no weights for decoder_2"):
        return build_ada_atdt(to_task="normals", weights=run)


@pytest.mark.usefixtures("unreported")
def test_only_the_chosen_stages_are_trained_and_a_teacher_comes_along(fine_tune):
    history, changed = fine_tune(stages=("transfer",))
    assert list(history) == ["teacher", "transfer"]
    assert changed == {"transfer", "decoder_2", "encoder_1", "decoder_1"}


@pytest.mark.usefixtures("unreported")
def test_frozen_networks_stay_as_they_are_and_what_was_frozen_before_stays_so(fine_tune):
    model = untrained()
    model.untrained = ()
    model.decoder_2.trainable = False
    history, changed = fine_tune(model, stages="adversarial", freeze=("encoder_1", "decoder_2"))
    assert list(history) == ["adversarial"]
    assert changed == {"decoder_1", "domain_classifier"}
    frozen = {name for name, network in model.networks.items() if not network.trainable}
    assert frozen == {"decoder_2"}


@pytest.mark.usefixtures("unreported")
def test_a_layer_that_a_user_froze_does_not_learn_and_makes_another_stage(fine_tune, tmp_path):
    """Or a store would give its networks to one who froze the layer, and the reverse."""
    store = tmp_path / "stages"
    fine_tune(stages="supervised", store=store, directory=tmp_path / "one")
    model = untrained()
    stem = model.encoder_2.get_layer("stem")
    before = stem.get_weights()
    stem.trainable = False
    model.untrained = ()
    fine_tune(model, stages="supervised", store=store, directory=tmp_path / "other")
    assert len(list(store.glob("supervised-*"))) == 2
    assert all(map(np.array_equal, before, stem.get_weights()))


def test_a_score_that_failed_is_made_good_with_the_teacher_that_came_along(
    fine_tune, monkeypatch, tmp_path
):
    model, scored = untrained(), []
    model.untrained = ()

    def report(config, feed, model, networks, trained, folder, verbose):
        write_json(folder.metrics, {})
        write_json(folder.failed, {"the score teacher_target": "OSError: no disk"})
        scored.append((trained, networks["teacher"].get_weights()))

    monkeypatch.setattr("adaat_keras.runs.train.report", report)
    for _ in range(2):
        fine_tune(model, stages="transfer")
    (first, teacher), (again, same_teacher) = scored
    assert "teacher" in first
    assert again == first
    assert all(map(np.array_equal, teacher, same_teacher))


def test_a_teacher_that_nobody_trained_is_not_scored(fine_tune, tmp_path):
    fine_tune(stages="adversarial")
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert "base_1_target" in metrics
    assert not {"teacher_target", "teacher_source"} & set(metrics)


@pytest.mark.usefixtures("unreported")
def test_a_run_tells_what_its_weights_are_from(fine_tune, run, tmp_path):
    model = load(run)
    fine_tune(model, stages="adversarial")
    assert json.loads((tmp_path / "run/config.json").read_text())["weights"] == str(run)
    assert model.origin == str(tmp_path / "run")

    before = model.get_weights()
    fine_tune(model, stages="adversarial")
    assert all(map(np.array_equal, before, model.get_weights()))

    with pytest.raises(ValueError, match=rf"weights is '{run}' there, None now"):
        fine_tune(stages="adversarial")


@pytest.mark.usefixtures("unreported")
def test_a_decoder_that_began_anew_is_not_left_untrained(other_task, fine_tune):
    message = "decoder_2 is untrained, and would stay so: add 'supervised' to stages"
    for options in ({"stages": ("adversarial", "transfer")}, {"freeze": ("decoder_2",)}):
        with pytest.raises(ValueError, match=message):
            fine_tune(other_task, recipe="paper", **options)
    history, _ = fine_tune(other_task, stages=("supervised", "transfer"), recipe="paper")
    assert list(history) == ["supervised", "transfer"]
    assert other_task.untrained == ()


def test_stages_of_a_new_model_are_trained_in_their_order(fine_tune, tmp_path):
    model, paper = untrained(), {"recipe": "paper"}
    with pytest.raises(ValueError, match=r"classifier is untrained.*add 'adversarial' to stages"):
        fine_tune(model, directory=tmp_path / "last", stages="transfer")
    known = {"adversarial": {"base_1_target"}, "supervised": {"base_1_target", "base_2_target"}}
    for stage, scored in known.items():
        fine_tune(model, directory=tmp_path / stage, stages=stage, **paper)
        metrics = json.loads((tmp_path / stage / "metrics.json").read_text())
        assert {name for name in metrics if name.endswith("_target")} == scored
        assert "target" not in metrics
    assert model.untrained == ("transfer",)
    fine_tune(model, directory=tmp_path / "last", stages="transfer", **paper)
    assert "target" in json.loads((tmp_path / "last/metrics.json").read_text())


def test_the_command_line_takes_the_networks_options_from_the_weights(run, frames, tmp_path):
    opened = json.dumps(frames)
    options = "--stages adversarial --epochs 1 --steps-per-epoch 1 --batch-size 2 --crop 64"
    data = ["--source-options", opened, "--target-options", opened, "--validation-frames", "1"]
    tuned = tmp_path / "tuned"
    command = ["train", "--weights", str(run), *options.split(), *data, "--directory", str(tuned)]
    assert main(command) == 0
    config = json.loads((tuned / "config.json").read_text())
    assert (config["size"], config["transfer"]) == ("tiny", "conv")
    # Task 2 still is what the weights predict.
    assert "target" in json.loads((tuned / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": ("transfre",)}, "adversarial, supervised, teacher, transfer"),
        ({"stages": ()}, "stages is empty: name one"),
        ({"freeze": ("encoder_3",)}, "encoder_1"),
        (
            {"freeze": ("transfer",), "recipe": "paper"},
            "stage 'transfer' trains transfer alone.*out of freeze",
        ),
    ],
)
def test_what_cannot_be_chosen_is_a_clear_error(options, message, fine_tune, tmp_path):
    with pytest.raises(ValueError, match=message):
        fine_tune(**options)
    assert not (tmp_path / "run/history.csv").exists()


@pytest.mark.usefixtures("unreported")
def test_what_nobody_has_trained_is_known_after_loading_and_predicts_nothing(
    fine_tune, frames, tmp_path, capsys
):
    model = untrained()
    fine_tune(model, stages="adversarial")
    run, left = str(tmp_path / "run"), ("encoder_2", "decoder_2", "transfer")
    assert model.untrained == read_networks(run).untrained == left
    image = tmp_path / "image.png"
    image.touch()
    for command in (
        ["evaluate", run],
        ["export", run, "--out", str(tmp_path / "out")],
        ["predict", str(image), "--weights", run],
        ["preset", run, "--name", "mine", "--weights", str(tmp_path / "presets")],
    ):
        assert main(command) == 2
        assert "nobody has trained: decoder_2, transfer" in capsys.readouterr().err
    model.save_to_preset(tmp_path / "preset")
    assert load(tmp_path / "preset").untrained == left


@pytest.mark.usefixtures("unreported")
def test_what_a_run_has_left_untrained_is_trained_by_the_next(fine_tune, tiny, tmp_path):
    """As the error says that names it: with the weights that there are."""
    fine_tune(untrained(), stages="adversarial")
    chosen = ["--stages", "supervised,transfer", "--recipe", "paper", "--epochs", "1"]
    place = ["--weights", str(tmp_path / "run"), "--directory", str(tmp_path / "next")]
    assert main(["train", *tiny, *chosen, *place]) == 0
    first, then = read_networks(tmp_path / "run"), load(tmp_path / "next")
    assert then.untrained == ()
    assert all(map(np.array_equal, first.encoder_1.get_weights(), then.encoder_1.get_weights()))


@pytest.mark.usefixtures("unreported")
def test_a_finished_run_gives_its_weights_though_its_stages_are_gone(fine_tune, tmp_path):
    model = untrained()
    fine_tune(model, stages="adversarial")
    trained = model.get_weights()
    shutil.rmtree(tmp_path / "run/state")
    again = untrained()
    with pytest.warns(UserWarning, match="its weights replace the model's"):
        history, _ = fine_tune(again, stages="adversarial")
    assert list(history) == ["adversarial"]
    assert all(map(np.array_equal, trained, again.get_weights()))


def test_a_model_from_outside_the_strategy_is_refused(tmp_path):
    strategy = strategy_for("2")
    with strategy.scope():
        inside = untrained()
    for model, passed in ((untrained(), strategy), (inside, None)):
        for directory in (tmp_path / "run", None):
            with pytest.raises(ValueError, match="built outside the strategy, or inside one that"):
                fit_ada_atdt(model, directory=directory, strategy=passed, batch_size=4)
