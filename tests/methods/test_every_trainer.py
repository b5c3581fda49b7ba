"""What holds for every trainer."""

import functools
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from trainer_kit import (
    TRAINERS,
    assert_equal_weights,
    changed,
    make_batches,
    make_model,
    make_trainer,
    make_validation,
    weights_of,
)

from adaat_keras import tasks
from adaat_keras.models import BaseModel

pytestmark = pytest.mark.parametrize("kind", TRAINERS)
LEARNS = {
    "adversarial": {"encoder_1", "decoder_1", "domain_classifier"},
    "confusion": {"encoder_1", "decoder_1", "domain_classifier"},
    "discrepancy": {"encoder_1", "decoder_1"},
    "joint": {"encoder_1", "decoder_1"},
    "supervised": {"encoder_1", "decoder_1"},
    "taught": {"encoder_1", "decoder_1"},
    "transfer": {"transfer"},
}


@functools.cache
def idle(kind):
    """A trainer that trains nothing in its tests, which do not change it: made once."""
    return make_trainer(kind, make_model())


@pytest.mark.usefixtures("eagerly")
def test_it_trains_its_networks_and_no_others(kind):
    # Each task in turn.
    task = tasks.names()[TRAINERS.index(kind) % len(tasks.names())]
    model = make_model(task)
    trainer = make_trainer(kind, model)
    before = weights_of(model)
    history = trainer.fit(make_batches(kind, model), verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert changed(before, weights_of(model)) == LEARNS[kind]


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("precision", ["mixed_float16"], indirect=True)
def test_float16_is_refused_with_the_way_out(kind, precision):
    with pytest.raises(ValueError, match=r"'mixed_float16' is not supported.*'mixed_bfloat16'"):
        make_trainer(kind, make_model())


@pytest.mark.usefixtures("eagerly")
def test_float16_networks_are_refused_under_any_precision(kind):
    with pytest.raises(ValueError, match=r"'mixed_float16' is not supported.*'mixed_bfloat16'"):
        make_trainer(kind, make_model(dtype="mixed_float16"))


@pytest.mark.parametrize("precision", ["mixed_bfloat16"], indirect=True)
def test_bfloat16_trains_float32_weights(kind, precision, request):
    # In a graph too, one that has all that the others' have.
    if kind != "adversarial":
        request.getfixturevalue("eagerly")
    model = make_model()
    assert model.encoder_1.compute_dtype == "bfloat16"
    before = weights_of(model)
    trainer = make_trainer(kind, model, metrics=True)
    data, held_out = (make(kind, model, size=64) for make in (make_batches, make_validation))
    history = trainer.fit(data, validation_data=held_out, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert changed(before, weights_of(model)) == LEARNS[kind]
    assert {weight.dtype for weight in weights_of(model).values()} == {np.dtype("float32")}


@pytest.mark.usefixtures("eagerly")
def test_its_networks_are_saved_after_training_and_predict_the_same(kind, tmp_path):
    model = make_model()
    make_trainer(kind, model).fit(make_batches(kind, model), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert_equal_weights(weights_of(again), weights_of(model))
    x = np.random.default_rng(0).uniform(0, 255, (1, 50, 70, 3))
    for one, other in ((again, model), (again.base_model_1, model.base_model_1)):
        np.testing.assert_array_equal(one.predict(x, verbose=0), other.predict(x, verbose=0))


@pytest.mark.usefixtures("eagerly")
def test_an_epochs_log_is_the_mean_over_its_own_batches(kind):
    """Without a learning rate, an epoch over the later batches logs what it would alone."""
    model = make_model()
    still = {"optimizer": lambda: keras.optimizers.SGD(0.0)}
    data = make_batches(kind, model, count=16)
    both = make_trainer(kind, model, **still).fit(
        data, epochs=2, steps_per_epoch=2, shuffle=False, verbose=0
    )
    later = make_trainer(kind, model, **still).fit(data.skip(2), shuffle=False, verbose=0)
    # These depend on places that are drawn by the number of the step.
    drawn = {"loss", "mmd"} if kind == "discrepancy" else set()
    for name in set(both.history) - drawn:
        assert both.history[name][1] == pytest.approx(later.history[name][0], rel=1e-5)


@pytest.mark.usefixtures("eagerly")
def test_its_scores_are_those_of_the_networks_predictions_at_any_size(kind):
    model = make_model()
    trainer = make_trainer(kind, model, metrics=True)
    data = make_validation(kind, model, count=3, batch=1, size=45)
    logs = trainer.evaluate(data, return_dict=True, verbose=0)
    # A trainer alone pads to its networks' stride; a run pads all its frames alike before.
    network = model if kind == "transfer" else BaseModel(model.encoder_1, model.decoder_1)
    task = tasks.get(model.to_task if kind == "transfer" else model.from_task)
    (metric,) = task.metrics()
    for images, labels in data:
        one = kind == "transfer"
        images, labels = (images, labels) if one else (images[0], labels[0])
        metric.update_state(labels, network.predict(images, verbose=0))
    prefix = "" if kind == "transfer" else "source_"
    expected = {f"{prefix}{name}": float(value) for name, value in metric.result().items()}
    assert {name: logs[name] for name in expected} == pytest.approx(expected, rel=1e-4, nan_ok=True)


def test_its_compile_says_how_steps_run_as_kerass_does(kind):
    """What is not about how steps run is refused, as it would be ignored."""
    model = make_model()
    for how in ({"run_eagerly": True}, {"steps_per_execution": 2}, {"jit_compile": True}):
        trainer = make_trainer(kind, model, how=how)
        assert {each: getattr(trainer, each) for each in how} == how
    with pytest.raises(TypeError, match="unexpected keyword argument 'weighted_metrics'"):
        make_trainer(kind, model, how={"weighted_metrics": []})


@pytest.mark.usefixtures("eagerly")
def test_the_source_is_translated_in_training_as_in_testing(kind):
    """To black, whatever it was: then training and testing see the same, however images change."""
    model = make_model()
    black = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Rescaling(0.0)])
    still = {"optimizer": lambda: keras.optimizers.SGD(0.0), "translator": black}
    trainer = make_trainer(kind, model, **still)
    images, labels = next(iter(make_batches(kind, model)))
    name = "transfer_loss" if kind == "transfer" else "source_task_loss"
    source = images if kind == "transfer" else images[0]
    others = () if kind == "transfer" else images[1:]
    changed = 255 - source if kind == "transfer" else (255 - source, *others)
    one, other = (
        trainer.train_on_batch(each, labels, return_dict=True)[name] for each in (images, changed)
    )
    assert one == pytest.approx(float(other), rel=1e-6)


@pytest.mark.usefixtures("eagerly")
def test_weights_of_samples_are_refused_and_not_passed_over(kind):
    with pytest.raises(ValueError, match=r"takes no sample_weight.*\(images, labels\)"):
        idle(kind).train_step((None, None, np.ones(4)))


@pytest.mark.usefixtures("eagerly")
def test_a_batch_that_lacks_something_is_refused_by_what_it_lacks(kind):
    lacking = {
        "transfer": (((None,), None), "needs images 'source' by .* lacks"),
        "supervised": ((np.ones((2, 32, 32, 3)), None), "1 image and 1 label .* of 1 and 0"),
    }
    several = ((np.ones((2, 32, 32, 3)),), (None,)), "of 1 and 0"
    batch, said = lacking.get(kind, several)
    with pytest.raises(ValueError, match=f"batch of a .*{said}"):
        idle(kind).train_step(batch)


@pytest.mark.usefixtures("eagerly")
def test_it_trains_on_multiples_of_its_stride_and_says_so_of_others(kind):
    batch = next(
        iter(make_batches(kind, SimpleNamespace(from_task="depth", to_task="semantic"), size=45))
    )
    said = f"height and width are multiples of {idle(kind).pad.stride}, not 45 x 45"
    with pytest.raises(ValueError, match=said):
        idle(kind).train_step(batch)


@pytest.mark.usefixtures("eagerly")
def test_it_takes_plain_batches_under_stock_fit_with_stock_callbacks(kind, tmp_path):
    """Its loss rises from the second epoch on: the first one's weights are the best, and kept."""
    model = make_model()
    trainer = make_trainer(kind, model)
    data = make_batches(kind, model, count=4)
    held_out = make_validation(kind, model, count=4)
    monitor = "val_transfer_loss" if kind == "transfer" else "val_source_task_loss"
    rates, first = [], {}

    def remember(epoch, logs):
        rates.append(round(float(trainer.optimizer.learning_rate), 6))
        if epoch == 0:
            first.update(weights_of(model))

    history = trainer.fit(
        data,
        epochs=5,
        validation_data=held_out,
        callbacks=[
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: -0.1 * epoch),
            keras.callbacks.LambdaCallback(on_epoch_end=remember),
            keras.callbacks.EarlyStopping(
                monitor, mode="min", patience=2, restore_best_weights=True
            ),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best-{epoch}.weights.h5",
                monitor,
                mode="min",
                save_best_only=True,
                save_weights_only=True,
            ),
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
            keras.callbacks.TerminateOnNaN(),
        ],
        verbose=0,
    ).history
    assert rates == [0.0, -0.1, -0.2]
    assert history[monitor][0] < min(history[monitor][1:])
    assert_equal_weights(weights_of(model), first)
    assert [file.name for file in tmp_path.glob("*.h5")] == ["best-1.weights.h5"]
    trainer.set_weights([np.zeros_like(weight) for weight in trainer.get_weights()])
    trainer.load_weights(tmp_path / "best-1.weights.h5")
    assert_equal_weights(weights_of(model), first)
    rows = [line.split(",") for line in (tmp_path / "log.csv").read_text().splitlines()]
    assert {*rows[0]} == {"epoch", *history}
    assert [row[0] for row in rows[1:]] == ["0", "1", "2"]
