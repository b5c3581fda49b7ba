"""A trained model goes on: with some steps, without some networks."""

import numpy as np
import pytest

from adaat_keras import build_ada_atdt, fit_ada_atdt


@pytest.fixture
def fine_tune(frames, tmp_path):
    """Fits a fresh tiny model; gives the history and the names of the networks that changed."""

    def run(**options):
        model = build_ada_atdt(transfer="conv", size="tiny")
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
        assert all(network.trainable for network in model.networks.values())
        return history, changed

    return run


def test_only_the_chosen_steps_are_trained_and_a_teacher_comes_along(fine_tune):
    history, changed = fine_tune(steps=("transfer",))
    assert list(history) == ["teacher", "transfer"]
    assert changed == {"transfer"}


def test_frozen_networks_stay_as_they_are(fine_tune):
    history, changed = fine_tune(steps=("adversarial",), freeze=("encoder_1", "decoder_2"))
    assert list(history) == ["adversarial"]
    assert changed == {"decoder_1", "domain_classifier"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": ("transfre",)}, "adversarial, supervised, teacher, transfer"),
        ({"freeze": ("encoder_3",)}, "encoder_1"),
        ({"freeze": ("transfer",)}, "step 'transfer' trains transfer alone.*out of freeze"),
    ],
)
def test_what_cannot_be_chosen_is_a_clear_error(fine_tune, options, message):
    with pytest.raises(ValueError, match=message):
        fine_tune(**options)
