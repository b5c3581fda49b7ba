"""A configuration: options by name, in parts, refused where they cannot be."""

import dataclasses
import json
import sys

import numpy as np
import pytest

from adaat_keras.domains import Domain
from adaat_keras.methods.recipe import RECIPES, Recipe, Training
from adaat_keras.models import Decoder, Encoder, Unet
from adaat_keras.models.sizes import Architecture
from adaat_keras.runs.config import PARTS, PRECISIONS, RunConfig, differing, without_places
from adaat_keras.runs.options import Data, Networks, Plan
from adaat_keras.tasks import Semantic
from adaat_keras.training import losses
from adaat_keras.training.devices import has_bfloat16
from adaat_keras.training.losses import LeastSquares

pytestmark = pytest.mark.quick

OWN = {"architecture": "dilated_resnet50", "transfer": None}
DRIVABLE = {"road": "road", "vehicle": ["car", "truck", "bus"]}
# Another value than the default for every option that there is.
OTHERS = {
    "source": "carla",
    "target": "streets_night",
    "from_task": "normals",
    "to_task": "normals",
    "source_options": {"frames": 8},
    "target_options": {"frames": 8},
    "validation_frames": 7,
    "trunk": "random",
    "split": "val",
    "cache": "memory",
    "method": "dan",
    "recipe": "paper",
    "stages": ["transfer"],
    "freeze": ["decoder_1"],
    "callbacks": ["keras.callbacks:TerminateOnNaN"],
    "architecture": "dilated_resnet50",
    "transfer": "conv",
    "size": "tiny",
    "precision": PRECISIONS[not has_bfloat16()],
    "weights": "streets_depth_to_semantic_small",
    "alpha": 0.5,
    "adversarial_loss": "wasserstein",
    "augmentation": "style",
    "class_balance": 0.25,
    "decoded_weight": 0.5,
    "teacher_weight": 0.5,
    "base_1_weight": 0.5,
    "mmd_weight": 0.5,
    "confusion_weight": 0.5,
    "size_weight": 0.5,
    "semantic_weight": 0.5,
    "epochs": 3,
    "steps_per_epoch": 3,
    "batch_size": 4,
    "crop": 64,
    "height": 64,
    "width": 96,
    "crops_per_frame": 2,
    "learning_rate": 2e-3,
    "beta_2": 0.9,
    "zoom": 1.2,
    "depth_error": "metres",
    "schedule": "constant",
    "seed": 4,
}
# What must be given with it, and what it brings.
WITH = {
    "height": {"width": 96},
    "width": {"height": 64},
    "architecture": {"transfer": None},
    "trunk": {"architecture": "mobilenet_v2"},
    "crops_per_frame": {"crop": 64},
}
BRINGS = {
    "height": {"width"},
    "width": {"height"},
    "architecture": {"transfer"},
    "trunk": {"architecture"},
    "crops_per_frame": {"crop"},
    "recipe": {*Recipe.paper().__dict__, *Recipe.paper().training},
}


def test_no_two_parts_have_an_option_of_one_name():
    names = [each.name for part in PARTS.values() for each in dataclasses.fields(part)]
    assert sorted(names) == sorted(set(names)) == sorted(OTHERS)
    assert set(PARTS.values()) == {Data, Plan, Networks, Recipe, Training}


@pytest.mark.parametrize("name", OTHERS)
def test_an_option_changes_itself_alone_and_is_read_back(name):
    before, config = RunConfig(), RunConfig.of(**{name: OTHERS[name]}, **WITH.get(name, {}))
    changed = {n for n, v in config.to_dict().items() if v != before.to_dict()[n]}
    assert name in changed <= {name} | BRINGS.get(name, set())
    assert config != before
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert before.replace(**{name: OTHERS[name]}, **WITH.get(name, {})) == config
    assert name in config.chosen()


def test_an_option_that_does_not_exist_is_named():
    for unknown in ("classifier", "consistency_weight", "gradient_reversal", "steps"):
        with pytest.raises(TypeError, match=f"unknown option '{unknown}'"):
            RunConfig.of(**{unknown: 1})


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("recipe", "best", "recommended, paper"),
        ("augmentation", "sepia", "color, style, none"),
        ("class_balance", 2.0, "between 0 and 1, not 2.0"),
        ("teacher_weight", -1.0, "0 or greater, not -1.0"),
        ("mmd_weight", float("nan"), "0 or greater, not nan"),
        ("split", "train", "val, test"),
        ("cache", "tape", "memory, disk"),
        ("validation_frames", 0, "at least 1, not 0"),
        ("stages", [], "stages is empty: name one"),
        ("height", 64, "height and width go together"),
        ("from_task", "semantic", "from and to are both 'semantic'"),
        ("precision", "mixed_float16", "float32, mixed_bfloat16"),
        ("source", "mars", r"unknown domain 'mars'; .*streets_sim"),
        ("target", "no/such.py:Class", "there is no file no/such.py"),
        ("method", "best", "unknown method 'best'"),
    ],
)
def test_what_an_option_cannot_be_is_a_clear_error(option, value, message):
    with pytest.raises(ValueError, match=message):
        RunConfig.of(**{option: value})


@pytest.mark.parametrize("name", ["stages", "freeze"])
def test_one_name_is_a_list_of_one(name):
    one, many = RunConfig.of(**{name: "transfer"}), RunConfig.of(**{name: ("transfer",)})
    assert one == many
    assert one.to_dict()[name] == ["transfer"]


# === Recipes ===
SETTINGS = [each.name for each in dataclasses.fields(Recipe)]


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_setting_of_a_recipe_is_an_option_that_can_be_given_instead(recipe):
    own = getattr(Recipe, recipe)()
    other = getattr(Recipe, "paper" if recipe != "paper" else "recommended")()
    for name in SETTINGS:
        assert getattr(RunConfig.of(recipe=recipe).recipe, name) == getattr(own, name)
        value = getattr(other, name)
        given = RunConfig.of(recipe=recipe, **{name: value})
        assert getattr(given.recipe, name) == value
        assert given.plan.recipe == recipe


def test_numbers_may_be_numpys():
    config = RunConfig.of(validation_frames=np.int64(2), epochs=np.int32(3))
    assert json.loads(json.dumps(config.to_dict()))["validation_frames"] == 2
    with pytest.raises(ValueError, match=r"validation_frames must be a whole number .* 2\.5"):
        RunConfig.of(validation_frames=2.5)


def test_the_papers_recipe_adds_nothing_to_the_paper():
    paper = RunConfig.of(recipe="paper", from_task="semantic", to_task="depth")
    beyond = ("decoded_weight", "teacher_weight", "base_1_weight")
    assert {getattr(paper.recipe, name) for name in beyond} == {0.0}
    assert (paper.recipe.augmentation, paper.recipe.class_balance) == ("color", 0.0)
    assert paper.recipe.alpha_and_loss(paper.from_task) == (0.4, "binary_crossentropy")
    depth = RunConfig.of(recipe="paper")
    assert depth.recipe.alpha_and_loss(depth.from_task) == (0.9, "least_squares")
    assert paper.training.learning_rate == 5e-4


def test_another_recipe_brings_all_of_its_settings():
    config = RunConfig.of(alpha=0.7, teacher_weight=0.3)
    assert config.replace(recipe="paper") == RunConfig.of(recipe="paper")
    assert config.replace(epochs=3).recipe.alpha == 0.7
    assert config.replace(recipe="paper", alpha=0.7).recipe == Recipe.paper(alpha=0.7)


# === Networks ===


def test_a_run_has_the_transfer_function_and_the_stride_of_its_architecture():
    assert RunConfig().networks.transfer == "unet_attention"
    assert RunConfig.of(**OWN).networks.transfer == "six_convolutions"
    with pytest.raises(ValueError, match=r"crop must be a multiple of 64 pixels.*, not 96"):
        RunConfig.of(**OWN, crop=96)
    with pytest.raises(ValueError, match=r"own, 'six_convolutions', and cannot have 'conv'"):
        RunConfig.of(architecture="dilated_resnet50", transfer="conv")
    with pytest.raises(ValueError, match="unknown architecture 'vgg'"):
        RunConfig.of(architecture="vgg")


def test_the_folder_of_weights_may_be_written_in_several_ways(tmp_path):
    plain = RunConfig.of(weights=str(tmp_path))
    assert RunConfig.of(weights=f"{tmp_path}/") == plain
    assert RunConfig.of(weights="hf://user/repo").networks.weights == "hf://user/repo"


# === Tasks and domains ===


def test_tasks_are_what_their_text_says():
    config = RunConfig.of(from_task="semantic", to_task="depth")
    assert (config.from_task.name, config.to_task.name) == ("semantic", "depth")
    assert (config.from_task.classes, config.to_task.classes) == (11, 0)


def test_a_users_own_classes_are_kept_as_text_and_reach_the_labels(tmp_path):
    from adaat_keras import tasks

    config = RunConfig.of(
        to_task=tasks.serialize(Semantic(DRIVABLE)),
        source_options={"frames": 1, "height": 64, "width": 64, "cache": str(tmp_path)},
    )
    again = RunConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert again.to_task == Semantic(DRIVABLE)
    labels = again.splits("source").required("val")[0]["semantic"]
    assert set(np.unique(labels)) <= {0, 1, 255}


def test_a_domain_that_was_an_object_cannot_be_opened_by_name():
    config = RunConfig.of(target={"name": "my streets", "identity": "0123"})
    with pytest.raises(ValueError, match=r"target of this run, my streets, was passed as a Python"):
        config.splits("target")
    assert isinstance(config.splits("source").what, str)
    assert not isinstance(config.data.target, Domain)


# === Comparing ===


def test_what_differs_is_told_with_both_values():
    ours, theirs = RunConfig.of(seed=3, stages="transfer"), RunConfig.of(epochs=2)
    assert differing(ours.to_dict(), theirs.to_dict()) == [
        "stages is None there, ['transfer'] now",
        "epochs is 2 there, 8 now",
        "seed is 0 there, 3 now",
    ]
    assert differing(ours.to_dict(), ours.to_dict()) == []


def test_only_what_is_not_by_default_is_chosen_beside_the_tasks_and_the_precision():
    """Which another machine may choose otherwise."""
    tasks = {"from_task": "depth", "to_task": "semantic"}
    tasks["precision"] = RunConfig().networks.precision
    assert RunConfig().chosen() == tasks
    assert RunConfig.of(recipe="paper", epochs=3).chosen() == {
        **tasks,
        "recipe": "paper",
        "epochs": 3,
    }
    assert RunConfig.of(recipe="paper", teacher_weight=1.0).chosen() == {
        **tasks,
        "recipe": "paper",
        "teacher_weight": 1.0,
    }


def test_where_data_lies_is_no_part_of_what_a_run_is():
    here = RunConfig.of(
        cache="memory", target_options={"root": "/here", "label_root": "/there", "frames": 8}
    )
    there = RunConfig.of(target_options={"root": "/elsewhere", "frames": 8})
    other = RunConfig.of(target_options={"root": "/elsewhere", "frames": 9})
    told = [without_places(config.to_dict()) for config in (here, there, other)]
    assert told[0] == told[1] != told[2]


def test_all_folders_of_ones_own_data_are_places():
    import inspect

    from adaat_keras.domains import Folder
    from adaat_keras.domains.finding import Patterns

    parameters = inspect.signature(Folder).parameters.values()
    columns = [p.name for p in parameters if p.annotation in (Patterns, Patterns | None)]
    assert len(columns) == 5
    options = {"target_options": {**dict.fromkeys(columns, "/here"), "depth_scale": 1.0}}
    assert without_places(options) == {"target_options": {"depth_scale": 1.0}}


class MyUnet(Unet):
    """Somebody's own, which has the kind of the one that it is made from."""


class MyEncoder(Encoder):
    architecture = f"{__name__}:MINE"


MINE = Architecture(MyEncoder, Decoder, MyUnet, any_transfer=True)


def test_the_transfer_function_of_ones_own_architecture_is_not_taken_for_the_one_it_is_made_from(
    monkeypatch,
):
    monkeypatch.setitem(sys.modules, __name__, sys.modules[MyUnet.__module__])
    config = RunConfig.of(architecture=f"{__name__}:MINE")
    assert config.networks.transfer == f"{__name__}:MyUnet"


def test_a_loss_that_is_an_object_is_kept_with_what_it_was_made_with():
    configs = [RunConfig.of(adversarial_loss=LeastSquares(softening=s)) for s in (0.0, 0.2)]
    hard, soft = (config.to_dict() for config in configs)
    assert hard != soft
    again = RunConfig.from_dict(json.loads(json.dumps(hard))).replace(seed=1)
    assert losses.get(again.recipe.adversarial_loss).softening == 0
    assert again.to_dict() == {**hard, "seed": 1}
    assert configs[1].replace(seed=1).to_dict() == {**soft, "seed": 1}


def test_a_recipe_says_which_one_it_began_as():
    config = RunConfig(recipe=Recipe.paper(alpha=0.7))
    assert config.plan.recipe == "paper"
    assert RunConfig.from_dict(config.to_dict()) == config
