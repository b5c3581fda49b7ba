"""Recipes: what the paper leaves open, and what goes beyond it, by name."""

import dataclasses

import pytest

from adaat_keras.methods.harness import RunConfig
from adaat_keras.methods.harness.recipes import RECIPES


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
    weights = [value for name, value in vars(paper).items() if name.endswith("_weight")]
    assert weights == [0.0] * 4
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
