"""A trained model goes on: with some steps, without some networks."""

import json
import shutil

import numpy as np
import pytest

from adaat_keras import build_ada_atdt, fit_ada_atdt, load
from adaat_keras.cli import main
from adaat_keras.methods.harness.chosen_steps import frozen
from adaat_keras.training.devices import strategy_for

pytestmark = pytest.mark.usefixtures("eagerly")


def untrained():
    return build_ada_atdt(transfer="conv", size="tiny")


@pytest.fixture
def fine_tune(frames, tmp_path):
    """Fits a tiny model; gives the history and the names of the networks that changed."""

    def run(model=None, **options):
        model = model or untrained()
        # As after training elsewhere.
        model.untrained = () if model.origin is None else model.untrained
        before = {name: network.get_weights() for name, network in model.networks.items()}
        history = fit_ada_atdt(
            model,
            directory=tmp_path / "run",
            epochs=1,
            steps_per_epoch=2,
            batch_size=2,
            crop=64,
            validation_frames=1,
            source_options=frames,
            target_options=frames,
            verbose=0,
            **options,
        )
        changed = {
            name
            for name, network in model.networks.items()
            if not all(map(np.array_equal, before[name], network.get_weights()))
        }
        return history, changed

    return run


@pytest.fixture
def other_task(run_of):
    """A trained model, but for the decoder of a task 2 that it does not know."""
    with pytest.warns(UserWarning, match="no weights for decoder_2"):
        return build_ada_atdt(to_task="normals", weights=run_of("ada_atdt").path)


def test_only_the_chosen_steps_are_trained_and_a_teacher_comes_along(fine_tune):
    history, changed = fine_tune(steps=("transfer",))
    assert list(history) == ["teacher", "transfer"]
    assert changed == {"transfer", "encoder_1", "decoder_1"}


def test_frozen_networks_stay_as_they_are(fine_tune):
    history, changed = fine_tune(steps=("adversarial",), freeze=("encoder_1", "decoder_2"))
    assert list(history) == ["adversarial"]
    assert changed == {"decoder_1", "domain_classifier"}


def test_what_was_frozen_before_stays_so(fine_tune):
    model = untrained()
    model.decoder_2.trainable = False
    fine_tune(model, steps="adversarial", freeze=("encoder_1", "decoder_2"))
    frozen = {name for name, network in model.networks.items() if not network.trainable}
    assert frozen == {"decoder_2"}


def test_a_teacher_that_nobody_trained_is_not_scored(fine_tune, tmp_path):
    fine_tune(steps="adversarial")
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert "base_1_target" in metrics
    assert not {"teacher_target", "teacher_source"} & set(metrics)


def test_a_run_tells_what_its_weights_are_from(fine_tune, run_of, tmp_path):
    origin = str(run_of("ada_atdt").path)
    model = load(origin)
    fine_tune(model, steps="adversarial")
    assert json.loads((tmp_path / "run/config.json").read_text())["weights"] == origin
    assert model.origin == str(tmp_path / "run")

    before = model.get_weights()
    fine_tune(model, steps="adversarial")
    assert all(map(np.array_equal, before, model.get_weights()))

    with pytest.raises(ValueError, match=rf"weights is '{origin}' there, None now"):
        fine_tune(steps="adversarial")
    with pytest.raises(ValueError, match="weights is 'elsewhere', but this model's are new"):
        fine_tune(weights="elsewhere")


def test_a_decoder_that_began_anew_is_not_left_untrained(other_task, fine_tune):
    message = "decoder_2 is untrained, and would stay so: add 'supervised' to steps"
    with pytest.raises(ValueError, match=message):
        fine_tune(other_task, steps=("adversarial", "transfer"))
    with pytest.raises(ValueError, match=message):
        fine_tune(other_task, freeze=("decoder_2",))
    history, _ = fine_tune(other_task, steps=("supervised", "transfer"))
    assert {"supervised", "transfer"} <= set(history)
    assert other_task.untrained == ()


def test_steps_of_a_new_model_are_trained_in_their_order(frames, tmp_path):
    model = untrained()
    options = {
        **{"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "crop": 64, "verbose": 0},
        **{"validation_frames": 1, "source_options": frames, "target_options": frames},
    }
    with pytest.raises(ValueError, match=r"classifier is untrained.*add 'adversarial' to steps"):
        fit_ada_atdt(model, directory=tmp_path / "last", steps="transfer", **options)
    known = {"adversarial": {"base_1_target"}, "supervised": {"base_1_target", "base_2_target"}}
    for step, scored in known.items():
        fit_ada_atdt(model, directory=tmp_path / step, steps=step, **options)
        metrics = json.loads((tmp_path / step / "metrics.json").read_text())
        assert {name for name in metrics if name.endswith("_target")} == scored
        assert "target" not in metrics
    assert model.untrained == ("transfer",)
    fit_ada_atdt(model, directory=tmp_path / "last", steps="transfer", **options)
    assert "target" in json.loads((tmp_path / "last/metrics.json").read_text())


def test_the_command_line_takes_the_networks_options_from_the_weights(run_of, frames, tmp_path):
    origin, opened = str(run_of("ada_atdt").path), json.dumps(frames)
    options = "--steps adversarial --epochs 1 --steps-per-epoch 1 --batch-size 2 --crop 64"
    data = ["--source-options", opened, "--target-options", opened, "--validation-frames", "1"]
    run = tmp_path / "tuned"
    command = ["train", "--weights", origin, *options.split(), *data, "--directory", str(run)]
    assert main(command) == 0
    config = json.loads((run / "config.json").read_text())
    assert (config["size"], config["transfer"]) == ("tiny", "conv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": ("transfre",)}, "adversarial, supervised, teacher, transfer"),
        ({"steps": ()}, "steps is empty: name one"),
        ({"freeze": ("encoder_3",)}, "encoder_1"),
        (
            {"freeze": ("transfer",), "recipe": "paper"},
            "step 'transfer' trains transfer alone.*out of freeze",
        ),
    ],
)
def test_what_cannot_be_chosen_is_a_clear_error(fine_tune, options, message):
    with pytest.raises(ValueError, match=message):
        fine_tune(**options)


def test_what_nobody_has_trained_is_known_after_loading_and_predicts_nothing(
    fine_tune, tmp_path, capsys
):
    model = untrained()
    model.origin = "elsewhere"  # `fine_tune` lets it be new
    fine_tune(model, steps="adversarial", weights="elsewhere")
    run = str(tmp_path / "run")
    assert load(run).untrained == ("encoder_2", "decoder_2", "transfer")
    for command in (["evaluate", run], ["export", run, "--out", str(tmp_path / "out")]):
        assert main(command) == 2
        assert "nobody has trained: decoder_2, transfer" in capsys.readouterr().err
    model.save_to_preset(tmp_path / "preset")
    assert load(tmp_path / "preset").untrained == ("encoder_2", "decoder_2", "transfer")


def test_a_finished_run_gives_its_weights_though_its_steps_are_gone(fine_tune, tmp_path):
    model = untrained()
    fine_tune(model, steps="adversarial")
    trained = model.get_weights()
    shutil.rmtree(tmp_path / "run/state")
    again = untrained()
    history, _ = fine_tune(again, steps="adversarial")
    assert list(history) == ["adversarial"]
    assert all(map(np.array_equal, trained, again.get_weights()))


def test_layers_that_were_frozen_before_stay_so():
    model = untrained()
    model.encoder_1.get_layer("stem").trainable = False
    before = len(model.encoder_1.trainable_variables)
    with frozen(model, ["encoder_1"]):
        assert not model.encoder_1.trainable_variables
    assert len(model.encoder_1.trainable_variables) == before


def test_a_model_from_outside_the_strategy_is_refused(tmp_path):
    strategy = strategy_for("2")
    with strategy.scope():
        inside = untrained()
    for model, passed in ((untrained(), strategy), (inside, None)):
        with pytest.raises(ValueError, match="built outside the strategy, or inside one that is"):
            fit_ada_atdt(model, directory=tmp_path / "run", strategy=passed, batch_size=4)
