import keras
import numpy as np
import pytest
from trainer_kit import make_batches, make_model, make_trainer

from adaat_keras.training import callbacks
from adaat_keras.training.callbacks import ShortProgress, StopOnNan, TimeLeft


@pytest.mark.quick
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_no_number_stops_with_stage_epoch_batch_and_state(value, tmp_path):
    callback = StopOnNan("transfer", tmp_path)
    callback.on_epoch_begin(4)
    callback.on_train_batch_end(5, {"loss": 1.0})
    message = f"task_loss became {value} in stage 'transfer', epoch 5, batch 7.*{tmp_path}"
    with pytest.raises(FloatingPointError, match=message):
        callback.on_train_batch_end(6, {"loss": 1.0, "task_loss": value})


@pytest.mark.usefixtures("eagerly")
def test_a_nan_stops_fit_at_its_batch(tmp_path):
    model = make_model()
    trainer = make_trainer("transfer", model)
    images = np.random.default_rng(0).uniform(0, 255, (12, 32, 32, 3)).astype(np.float32)
    images[9] = np.nan
    with pytest.raises(FloatingPointError, match=r"loss became nan .* epoch 1, batch 3"):
        trainer.fit(
            images, batch_size=4, shuffle=False, verbose=0, callbacks=[StopOnNan("x", tmp_path)]
        )


@pytest.mark.quick
def test_the_time_left_counts_this_stages_epochs_and_those_after_it(monkeypatch, capsys):
    clock = iter([0.0, 30.0, 100.0])
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: next(clock))
    callback = TimeLeft("stage 1 of 3, adversarial", epochs=5, epochs_after=10)
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0)
    callback.on_epoch_begin(1)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "stage 1 of 3, adversarial"
    # 30 seconds an epoch, 4 + 10 epochs to come.
    assert second == "stage 1 of 3, adversarial, about 7.0 minutes of training left in all"


def test_the_progress_bar_hides_values_per_class_that_the_history_keeps(capsys):
    keras.config.enable_interactive_logging()
    model = make_model("semantic")
    trainer = make_trainer("supervised", model, metrics=True)
    data = make_batches("supervised", model)
    history = trainer.fit(
        data, validation_data=data, verbose=1, callbacks=[ShortProgress()]
    ).history
    shown = capsys.readouterr().out
    assert "val_source_mean_iou" in shown
    assert "val_source_accuracy" in shown
    assert "iou_road" not in shown
    assert "val_source_iou_road" in history


@pytest.mark.parametrize("task", ["depth", "semantic"])
def test_the_trainers_own_callbacks_get_the_validation_scores(task):
    model = make_model(task)
    trainer = make_trainer("supervised", model, metrics=True)
    data = make_batches("supervised", model)
    seen = {}
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.update(logs))
    history = trainer.fit(data, validation_data=data, verbose=0, callbacks=[record]).history
    evaluated = trainer.evaluate(data, return_dict=True, verbose=0)
    validated = {name: value for name, value in seen.items() if name.startswith("val_")}
    assert validated == pytest.approx({f"val_{k}": v for k, v in evaluated.items()}, rel=1e-5)
    assert set(history) == set(seen)
