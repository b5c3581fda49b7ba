"""Recipes: what the paper leaves open, and what goes beyond it, by name."""

import dataclasses
import json
import math
import subprocess
import sys

import numpy as np
import pytest

from adaat_keras import tasks
from adaat_keras.domains.augment import AUGMENTATIONS
from adaat_keras.methods import recipe as module
from adaat_keras.methods.recipe import RECIPES, Recipe, Training
from adaat_keras.training import losses, schedules

pytestmark = pytest.mark.quick
OTHER = {
    "alpha": 0.3,
    "adversarial_loss": "wasserstein",
    "augmentation": "style",
    "class_balance": 0.25,
    "depth_error": "metres",
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_setting_of_a_recipe_can_be_given_instead(recipe):
    others = OTHER if recipe == "recommended" else {**OTHER, "depth_error": "log"}
    for field in dataclasses.fields(Recipe):
        other = others.get(field.name, 0.125)
        changed = getattr(Recipe, recipe)(**{field.name: other})
        assert getattr(changed, field.name) == other
        assert Recipe.get(recipe, **{field.name: other}) == changed
        assert Recipe.get(Recipe.get(recipe), **{field.name: other}) == changed
        rest = dataclasses.replace(changed, **{field.name: getattr(Recipe.get(recipe), field.name)})
        assert rest == Recipe.get(recipe)


def test_a_recipe_is_taken_by_name_and_as_it_is_and_the_default_is_the_recommended():
    assert Recipe.get(None) == Recipe.get("recommended") == Recipe.recommended() == Recipe()
    assert Recipe.get("paper") == Recipe.paper() != Recipe.recommended()
    own = Recipe(alpha=0.5)
    assert Recipe.get(own) == own
    with pytest.raises(ValueError, match=r"unknown recipe 'best'; .*recommended, paper"):
        Recipe.get("best")


def test_the_papers_recipe_adds_nothing_to_the_paper():
    paper = Recipe.paper()
    added = ("decoded_weight", "teacher_weight", "base_1_weight")
    assert {getattr(paper, name) for name in added} == {0.0}
    assert (paper.augmentation, paper.class_balance) == ("color", 0.0)
    assert paper.alpha_and_loss(tasks.get("semantic")) == (0.4, "binary_crossentropy")
    assert paper.alpha_and_loss(tasks.get("depth")) == (0.9, "least_squares")
    assert paper.depth_error == "metres"
    assert paper.training == Recipe.paper(alpha=0.7).training
    assert Training(**paper.training) == Training(
        crop=128, batch_size=8, learning_rate=5e-4, beta_2=0.999, zoom=1.0
    )
    assert Recipe.recommended().training == {}


def test_the_recommended_alpha_is_the_same_for_every_task_1_and_the_loss_by_section_4_5():
    for name in tasks.names():
        alpha, loss = Recipe.recommended().alpha_and_loss(tasks.get(name))
        assert alpha == 0.99
        assert loss == ("binary_crossentropy" if name == "semantic" else "least_squares")
    own = losses.LeastSquares(softening=0.2)
    for loss in (own, losses.LeastSquares, "adaat_keras.training.losses:LeastSquares"):
        chosen = Recipe(alpha=0.0, adversarial_loss=loss)
        alpha, made = chosen.alpha_and_loss(tasks.get("semantic"))
        assert (alpha, type(made)) == (0.0, losses.LeastSquares)
        assert made.softening == (0.2 if loss is own else 0.1)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("alpha", -0.1, "between 0 and 1, not -0.1"),
        ("alpha", 1.5, "between 0 and 1, not 1.5"),
        ("adversarial_loss", "hinge", "unknown adversarial loss 'hinge'.*least_squares"),
        ("augmentation", "sepia", "unknown augmentation 'sepia'; .*color, style, none"),
        ("class_balance", 2.0, "between 0 and 1, not 2.0"),
        ("alpha", "0.9", "alpha must be a number, not '0.9'"),
        ("class_balance", None, "class_balance must be a number, not None"),
        ("mmd_weight", True, "mmd_weight must be a number, not True"),
        *(
            (field.name, value, f"{field.name} must be 0 or greater, not {value}")
            for field in dataclasses.fields(Recipe)
            if field.name.endswith("_weight")
            for value in (-1.0, math.inf, math.nan)
        ),
    ],
)
def test_what_a_setting_of_a_recipe_cannot_be_is_a_clear_error(option, value, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**{option: value})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 3}, "batch_size must be even and positive, not 3"),
        ({"batch_size": 0}, "batch_size must be even and positive, not 0"),
        ({"crop": 32}, "crop must be at least 64 pixels, not 32"),
        ({"crops_per_frame": 2}, "crops_per_frame goes with crop"),
        ({"beta_2": 1.0}, "beta_2 must be between 0 and 1, not 1.0"),
        ({"zoom": 0.5}, "zoom must be 1 or greater, not 0.5"),
        ({"learning_rate": 0.0}, "learning_rate must be positive, not 0.0"),
        ({"learning_rate": math.nan}, "learning_rate must be positive, not nan"),
        ({"seed": -1}, "seed must be between 0 and 2\\*\\*31 - 1, not -1"),
        ({"height": 64}, "height and width go together: give both, or neither"),
        ({"schedule": "linear"}, "unknown schedule 'linear'; .*cosine, paper, constant"),
        ({"epochs": "2"}, "epochs must be a whole number, not '2'"),
        ({"epochs": 1.5}, "epochs must be a whole number, not 1.5"),
        ({"batch_size": [2]}, r"batch_size must be a whole number, not \[2\]"),
        ({"crop": "64"}, "crop must be a whole number, not '64'"),
        ({"height": 64.0, "width": 64}, "height must be a whole number, not 64.0"),
        ({"zoom": "1"}, "zoom must be a number, not '1'"),
        ({"learning_rate": None}, "learning_rate must be a number, not None"),
        ({"seed": True}, "seed must be a whole number, not True"),
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"steps_per_epoch": 0}, "steps_per_epoch must be at least 1, not 0"),
        ({"crops_per_frame": 0}, "crops_per_frame must be at least 1, not 0"),
        ({"height": 0, "width": 0}, "height must be at least 1, not 0"),
        ({"height": 64, "width": -128}, "width must be at least 1, not -128"),
    ],
)
def test_what_a_training_cannot_be_is_a_clear_error(options, message):
    with pytest.raises(ValueError, match=message):
        Training(**options)


def test_numbers_of_numpy_are_numbers():
    training = Training(epochs=np.int64(2), learning_rate=np.float32(0.5), zoom=2)
    assert (training.epochs, training.learning_rate, training.zoom) == (2, 0.5, 2)
    # A run's folder keeps them.
    assert json.loads(json.dumps(dataclasses.asdict(training)))["epochs"] == 2


def test_crops_that_the_networks_cannot_take_are_told_with_their_stride():
    Training(crop=128).check_stride(64)
    with pytest.raises(ValueError, match=r"a multiple of 64 pixels.*, not 96"):
        Training(crop=96).check_stride(64)


def test_the_names_that_can_be_chosen_are_those_that_exist():
    """They stand in a file of their own, so that `--help` does not wait for TensorFlow."""
    assert set(module.AUGMENTATIONS) == set(AUGMENTATIONS)
    assert set(module.ADVERSARIAL_LOSSES) == set(losses.names())
    assert set(module.SCHEDULES) == set(schedules.NAMES)
    imported = "import sys, adaat_keras.methods.recipe"
    code = f"{imported}; assert not {{'keras', 'tensorflow'}} & {{*sys.modules}}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_trainings_optimizer_follows_its_schedule():
    optimizer = Training(schedule="constant").optimizer(4e-4, beta_1=0.5)
    assert float(optimizer.learning_rate) == pytest.approx(4e-4)
    assert optimizer.beta_1 == 0.5
    optimizer = Training(schedule="cosine", epochs=2, steps_per_epoch=50).optimizer()
    optimizer.build([])
    optimizer.iterations.assign(100)
    assert float(optimizer.learning_rate) == pytest.approx(0.02 * 1e-3)


def test_losses_that_are_left_out_do_not_change_what_is_trained_on():
    """So that an ablation, even of all that the recommended recipe adds, is one of losses."""
    added = ("class_balance", "decoded_weight", "teacher_weight", "base_1_weight")
    assert Recipe.recommended(**dict.fromkeys(added, 0.0)).training == {}
    assert (
        dataclasses.replace(Recipe.paper(), depth_error="log", alpha=0.99).training["crop"] == 128
    )
