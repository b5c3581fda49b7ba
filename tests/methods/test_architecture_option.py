"""AT/DT with its own networks: `architecture="dilated_resnet50"`."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from test_recipes import digest_of

from adaat_keras import build_ada_atdt, methods
from adaat_keras.methods.harness.chosen_methods import chosen_methods
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.run_benchmark import run_benchmark
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.harness.variant import Variant
from adaat_keras.methods.steps.adversarial_step import adversarial_step
from adaat_keras.methods.steps.transfer_step import transfer_step
from adaat_keras.models import DilatedResnet50

OWN = {"architecture": "dilated_resnet50", "transfer": None}


def test_a_run_has_the_transfer_function_and_the_stride_of_its_architecture():
    assert RunConfig().transfer == "unet_attention"
    assert RunConfig(**OWN).transfer == "six_convolutions"
    with pytest.raises(ValueError, match=r"crop must be a multiple of 64 pixels.*, not 96"):
        RunConfig(**OWN, crop=96)
    with pytest.raises(ValueError, match=r"own, 'six_convolutions', and cannot have 'conv'"):
        RunConfig(architecture="dilated_resnet50", transfer="conv")
    with pytest.raises(ValueError, match="unknown architecture 'vgg'"):
        RunConfig(architecture="vgg")


def test_a_run_from_before_there_were_architectures_has_the_papers(tmp_path):
    before = RunConfig(transfer="unet").to_dict()
    del before["architecture"]
    (tmp_path / "config.json").write_text(json.dumps(before))
    assert RunFolder(tmp_path).read_config() == RunConfig(transfer="unet", architecture="residual")


def test_a_step_of_one_architecture_is_never_taken_for_anothers(monkeypatch):
    ours, again = (digest_of("transfer", recipe="paper") for _ in range(2))
    monkeypatch.setitem(
        digest_of.__globals__,
        "build_ada_atdt",
        lambda *tasks, size, transfer: build_ada_atdt(*tasks, size=size, **OWN),
    )
    assert ours == again != digest_of("transfer", recipe="paper", **OWN)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("options", [{}, OWN], ids=["residual", "dilated_resnet50"])
def test_features_are_matched_by_l1_in_our_networks_and_by_l2_in_at_dts(options, tiny):
    config = tiny(recipe="paper", batch_size=2, **options)
    model = build_ada_atdt(size="tiny", transfer=config.transfer, architecture=config.architecture)
    step = transfer_step(Setup(config, model, None))
    (images,) = (np.asarray(x) for x in step.batches(0).take(1))
    difference = np.asarray(model.transfer(model.encoder_1(images)) - model.encoder_2(images))
    expected = np.mean(difference**2 if options else np.abs(difference))
    logs = step.make_trainer().train_on_batch(images, return_dict=True)
    assert logs["transfer_loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.usefixtures("eagerly")
def test_a_domain_classifier_can_look_at_its_features_too(tiny):
    model = build_ada_atdt(size="tiny", architecture="dilated_resnet50")
    step = adversarial_step(Setup(tiny(method="ada_atdt", **OWN), model, None))
    before = [network.get_weights()[0] for network in (model.encoder_1, model.domain_classifier)]
    logs = step.make_trainer().train_on_batch(*next(iter(step.batches(0))), return_dict=True)
    assert np.isfinite(list(logs.values())).all()
    after = [network.get_weights()[0] for network in (model.encoder_1, model.domain_classifier)]
    assert all(np.abs(a - b).max() > 0 for a, b in zip(before, after, strict=True))


@pytest.mark.slow
def test_a_benchmark_trains_scores_and_draws_at_dt_with_its_own_networks(tiny, tmp_path):
    names = ["at_dt:dilated_resnet50"]
    config = tiny(epochs=1, steps_per_epoch=2, recipe="paper")
    results = run_benchmark(config, names, 1, tmp_path, verbose=0)
    assert [row["method"] for row in results["rows"]] == names
    assert all(0 <= row["metrics"]["target"]["mean_iou"] <= 1 for row in results["rows"])
    assert (tmp_path / "tsne.png").stat().st_size > 10_000
    run, model = load_run(tmp_path / "at_dt-dilated_resnet50-seed0")
    assert run == dataclasses.replace(config, method="at_dt", **OWN)
    assert type(model.encoder_1) is DilatedResnet50
    assert model.predict(keras.ops.ones((1, 70, 91, 3)), verbose=0).shape == (1, 70, 91, 11)


def test_all_methods_are_every_one_that_exists_in_the_papers_variants():
    names = chosen_methods("all")
    variants = [Variant.parse(name) for name in names]
    assert {variant.method for variant in variants} == set(methods.names())
    assert [name for name in names if "ada_atdt" in name or "at_dt" in name] == [
        *("at_dt:dilated_resnet50@paper", "at_dt@paper", "at_dt", "at_dt_da"),
        *("ada_atdt@paper", "ada_atdt:conv", "ada_atdt:unet", "ada_atdt:unet_attention"),
    ]
    assert (names[0], names[-1]) == ("source_only", "oracle")
    assert len(names) == len(methods.names()) + 5
    assert [variant.name for variant in variants] == names
    assert {variant.config(RunConfig(), seed=0).method for variant in variants} == {
        *methods.names()
    }
