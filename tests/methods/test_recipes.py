"""Recipes: what the paper leaves open, and what goes beyond it, by name."""

import dataclasses
import json

import numpy as np
import pytest

from adaat_keras import build_ada_atdt
from adaat_keras.domains.streets import Streets
from adaat_keras.methods.harness.recipes import RECIPES
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.harness.train_step import digest
from adaat_keras.methods.harness.variant import Variant
from adaat_keras.methods.steps.joint_step import joint_step
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.methods.steps.teacher_step import teacher_step
from adaat_keras.methods.steps.transfer_step import transfer_step
from adaat_keras.models.base_model import reseed


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_setting_of_a_recipe_is_an_option_that_can_be_given_instead(recipe):
    names = {field.name for field in dataclasses.fields(RunConfig)}
    for name, value in RECIPES[recipe].items():
        assert name in names
        assert getattr(RunConfig(recipe=recipe), name) == value
        other = RECIPES["paper" if recipe != "paper" else "recommended"][name]
        assert getattr(RunConfig(recipe=recipe, **{name: other}), name) == other


def test_recipes_settle_the_same_things():
    assert len({frozenset(recipe) for recipe in RECIPES.values()}) == 1


def test_the_papers_recipe_adds_nothing_to_the_paper():
    paper = RunConfig(recipe="paper", from_task="semantic", to_task="depth")
    weights = {name: getattr(paper, name) for name in RECIPES["paper"] if name.endswith("_weight")}
    assert set(weights.values()) == {0.0}
    assert (paper.augmentation, paper.class_balance, paper.classifier) == ("color", 0.0, "patch")
    assert (paper.alpha, paper.adversarial_loss) == (0.4, "binary_crossentropy")
    assert paper.learning_rate == 5e-4


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("recipe", "best", "paper, recommended"),
        ("augmentation", "sepia", "none, color, style"),
        ("classifier", "fox", "patch, pixel"),
        ("class_balance", 2.0, "between 0 and 1, not 2.0"),
        ("consistency_weight", -1.0, "0 or greater, not -1.0"),
        ("classifier_rate", 0.0, "positive, not 0.0"),
        ("split", "train", "val, test"),
    ],
)
def test_what_a_setting_cannot_be_is_a_clear_error(option, value, message):
    with pytest.raises(ValueError, match=message):
        RunConfig(**{option: value})


def test_a_run_from_before_there_were_recipes_is_the_papers(tmp_path):
    before = RunConfig(recipe="paper").to_dict()
    for name in ("recipe", "split", *RECIPES["paper"]):
        del before[name]
    (tmp_path / "config.json").write_text(json.dumps(before))
    assert RunFolder(tmp_path).read_config() == RunConfig(recipe="paper")


def test_a_run_from_before_base_model_1_learnt_on_was_without_it(tmp_path):
    before = RunConfig().to_dict()
    del before["base_1_weight"]
    (tmp_path / "config.json").write_text(json.dumps(before))
    (tmp_path / "history.csv").touch()
    with pytest.raises(ValueError, match=r"base_1_weight is 0.0 there, 1.0 now"):
        RunFolder(tmp_path).check(RunConfig())


def test_a_run_of_other_trainers_is_another_one_and_one_that_tells_no_version_is_not(tmp_path):
    folder = RunFolder(tmp_path)
    folder.claim(RunConfig())
    folder.history.touch()
    folder.check(RunConfig())
    now = json.loads(folder.versions.read_text())
    folder.versions.write_text(json.dumps({**now, "training": 0}))
    with pytest.raises(ValueError, match=f"training is 0 there, {now['training']} now"):
        folder.check(RunConfig())
    folder.versions.unlink()
    folder.check(RunConfig())


def digest_of(step, frozen=(), **options):
    config = RunConfig(size="tiny", **options)
    model = build_ada_atdt(config.from_task, config.to_task, size="tiny", transfer="conv")
    for network in model.networks.values():
        reseed(network, 1)
    for name in frozen:
        model.encoder_1.get_layer(name).trainable = False
    setup = Setup(config, model, None)
    setup.frequencies = lambda role, classes: np.linspace(0.01, 0.2, classes)
    made = {"joint": joint_step, "transfer": transfer_step}.get(step)
    made = made(setup) if made else supervised_step(setup, domain="source")
    return digest(setup, made, made.make_trainer())


def test_a_step_that_leaves_a_layer_as_it_is_is_another_one():
    """Or a shared store would give its networks to one who froze the layer, and the reverse."""
    assert digest_of("joint") == digest_of("joint") != digest_of("joint", frozen=("stem",))
    assert digest_of("supervised") == digest_of("supervised", frozen=("stem",))


@pytest.mark.parametrize("step", ["joint", "supervised", "transfer"])
def test_recipes_share_the_steps_in_which_they_do_not_differ(step):
    """Class balance is nothing to depth, nor the transfer's weight to what comes before it."""
    paper, balanced, decoded = (
        digest_of(step, recipe="paper", **options)
        for options in ({}, {"class_balance": 0.5}, {"decoded_weight": 1.0})
    )
    assert (paper == balanced) == (step != "supervised")
    assert (paper == decoded) == (step != "transfer")


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_transfers_batches_have_what_its_trainer_asks_for(recipe, tiny):
    model = build_ada_atdt(size="tiny", transfer="conv")
    setup = Setup(tiny(recipe=recipe, consistency_weight=0.5), model, None)
    step = transfer_step(setup, adapt=True)
    logs = step.make_trainer().train_on_batch(*next(iter(step.batches(0))), return_dict=True)
    assert {"loss", "transfer_loss", "consistency_loss"} <= set(logs)
    assert ("base_1_loss" in logs) == (recipe == "recommended")
    images = next(iter(step.batches(0)))[0]
    assert {name: len(part) for name, part in images.items()} == {
        "source": 2,
        "target": 2,
        "unchanged": 2,
    }
    np.testing.assert_array_equal(images["unchanged"] % 1, 0)


def teacher_batch(setup):
    """A teacher's step, its first batch, and the labels that this was made of."""
    step, _ = teacher_step(setup)
    (pictures,), (labels,) = next(iter(step.batches(0)))
    depth, semantic, other = (
        next(iter(setup.batches(role, task, 0, augmentation="none")))[1].numpy()
        for role, task in (("source", "depth"), ("source", "semantic"), ("target", "depth"))
    )
    np.testing.assert_array_equal(labels, semantic)
    return step, pictures, labels, depth, other


def seen(pictures):
    return pictures.numpy().any(-1)


def test_a_teacher_sees_labels_and_no_image(tiny):
    setup = Setup(tiny(), build_ada_atdt(size="tiny", transfer="conv"), None)
    step, pictures, labels, depth, _ = teacher_batch(setup)
    # What is beyond the range, the sky, is black: the target's labels are as whole as these.
    np.testing.assert_array_equal(seen(pictures), depth > 0)
    nearer = np.argsort(depth[depth > 0])
    assert (np.diff(pictures.numpy()[depth > 0][nearer, 0]) <= 0).all()
    logs = step.make_trainer().train_on_batch((pictures,), (labels,), return_dict=True)
    assert np.isfinite(logs["loss"])
    assert setup.networks["teacher"].name == "teacher"


def test_a_teacher_sees_the_holes_of_the_targets_labels(tiny, monkeypatch):
    monkeypatch.setattr(Streets, "dense", ())
    setup = Setup(tiny(), build_ada_atdt(size="tiny", transfer="conv"), None)
    _, pictures, _, depth, other = teacher_batch(setup)
    known = (depth > 0) & (other > 0)
    assert 0.2 < known.mean() < (depth > 0).mean()
    np.testing.assert_array_equal(seen(pictures), known)


def test_one_teacher_serves_all_targets_whose_labels_are_whole(tiny, monkeypatch):
    def depends_on():
        model = build_ada_atdt(size="tiny", transfer="conv")
        return teacher_step(Setup(tiny(), model, None))[0].depends_on

    assert "target" not in depends_on()
    monkeypatch.setattr(Streets, "dense", ())
    assert "target" in depends_on()


def test_a_benchmarks_method_may_bring_its_own_transfer_function_and_recipe():
    config = RunConfig(recipe="recommended", epochs=3)
    run = Variant.parse("at_dt:dilated_resnet50@paper").config(config, seed=1)
    assert run == RunConfig(
        method="at_dt", architecture="dilated_resnet50", recipe="paper", seed=1, epochs=3
    )
    run = Variant.parse("ada_atdt:conv@paper").config(config, seed=2)
    assert run == RunConfig(method="ada_atdt", transfer="conv", recipe="paper", seed=2, epochs=3)
    assert Variant.parse("at_dt").config(config, seed=0) == dataclasses.replace(
        config, method="at_dt"
    )
    semantic = RunConfig(recipe="recommended", from_task="semantic", to_task="depth")
    assert semantic.alpha == 0.9
    assert Variant.parse("ada_atdt@paper").config(semantic, seed=0).alpha == 0.4
    with pytest.raises(ValueError, match="unknown recipe 'best'"):
        Variant.parse("at_dt@best").config(config, seed=0)
