"""What every method offers: it trains in memory, and what it trained is what predicts."""

import os
import random
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from method_kit import TINY, make_domain
from trainer_kit import assert_equal_weights, changed, refuses_randomness, weights_of

from adaat_keras import AdaAtdt, build_ada_atdt, fit_ada_atdt, methods, tasks
from adaat_keras.domains import Domain
from adaat_keras.domains.splits import Splits, classes_of
from adaat_keras.methods.method import Method, chosen_stages, frozen
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed
from adaat_keras.models import BaseModel
from adaat_keras.tasks import Semantic
from adaat_keras.tasks.depth import Depth
from adaat_keras.training.devices import strategy_for

pytestmark = pytest.mark.usefixtures("eagerly", "unchanged_images")
# No padding, so that the networks one after the other are the whole path.
# As large as the frames, since a model brings others to their size.
IMAGES = np.random.default_rng(5).uniform(0, 255, (2, 64, 64, 3)).astype("float32")
MODEL = {"transfer": "conv", "size": "tiny", "seed": 3}
BRIEF = {**TINY, "steps_per_epoch": 1, "verbose": 0}
TRANSFERS = {"ada_atdt", "at_dt", "at_dt_da"}


@pytest.fixture
def domains_of(source, targets):
    """Gives the domains that a method may read: task 2 on the target is the oracle's alone."""

    def give(method, from_task="depth", to_task="semantic"):
        labels = (from_task, to_task) if method == "oracle" else (from_task,)
        return source, targets(*labels)

    return give


# --- What was trained decides what predicts


def by_hand(model, method):
    """What the method's networks say, one after the other."""
    if method in TRANSFERS:
        return model.decoder_2(model.transfer(model.encoder_1(IMAGES)))
    return model.decoder_2(model.encoder_2(IMAGES))


# In memory, which is the same for all; `tests/runs/test_train.py` has every method in a folder.
@pytest.mark.parametrize("method", ["ada_atdt", "at_dt_da", "cycle_gan", "dan", "label_teacher"])
def test_a_model_predicts_by_the_networks_that_the_method_trained(method, domains_of):
    model, trainers = build_ada_atdt(**MODEL), []
    before = weights_of(model)
    last = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: trainers.append(last.model))
    options = {"method": method, "callbacks": [last], **BRIEF}
    history = fit_ada_atdt(model, *domains_of(method), **options)
    assert all(np.isfinite(values["loss"]).all() for values in history.values())
    # What was trained last is what answers.
    path = ("encoder_1", "transfer", "decoder_2") if method in TRANSFERS else ("encoder", "decoder")
    own = (
        ("encoder_1", "transfer", "decoder_2")
        if method in TRANSFERS
        else ("encoder_2", "decoder_2")
    )
    for theirs, ours in zip(path, own, strict=True):
        assert getattr(trainers[-1], theirs) is getattr(model, ours)
    answer = model.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(answer, by_hand(model, method), rtol=1e-4, atol=1e-5)
    predicting = {"encoder_1", "transfer"} if method in TRANSFERS else {"encoder_2"}
    assert predicting | {"decoder_2"} <= changed(before, weights_of(model))
    assert not (predicting | {"decoder_2"}) & set(model.untrained)
    if method not in TRANSFERS:
        np.testing.assert_array_equal(answer, model.base_model_2.predict(IMAGES, verbose=0))
        assert set(model.untrained) >= {"transfer"}


@pytest.mark.parametrize("method", ["dan", "at_dt"])
def test_fit_is_building_by_the_seed_and_then_fit_ada_atdt(
    method, domains_of, tmp_path, monkeypatch
):
    """It gives what predicts task 2, and leaves nothing behind."""
    monkeypatch.chdir(tmp_path)
    options = {"seed": 3, "recipe": "paper", **BRIEF}
    given = methods.get(method).fit(*domains_of(method), size="tiny", **options)
    assert type(given) is (AdaAtdt if method in TRANSFERS else BaseModel)
    assert os.listdir(tmp_path) == []
    model = build_ada_atdt(size="tiny", seed=3)
    fit_ada_atdt(model, *domains_of(method), method=method, **options)
    answers = [each.predict(IMAGES, verbose=0) for each in (given, model)]
    np.testing.assert_array_equal(*answers)


def test_fit_takes_what_building_and_fit_ada_atdt_take(domains_of):
    options = {"transfer": "conv", "size": "tiny", "recipe": "paper", "validation_frames": 1}
    given = methods.AtDt().fit(*domains_of("at_dt"), **options, cache="memory", **BRIEF)
    assert given.options["transfer"] == "conv"


@pytest.mark.quick
def test_a_callback_that_sets_the_rate_of_a_schedule_is_refused_before_any_training(
    source, target, tmp_path
):
    model = build_ada_atdt(**MODEL)
    plateau = keras.callbacks.ReduceLROnPlateau("loss")
    for directory in (None, tmp_path / "run"):
        with pytest.raises(ValueError, match="the schedule 'cosine': choose the schedule 'const"):
            fit_ada_atdt(model, source, target, directory=directory, callbacks=[plateau], **BRIEF)
    assert not (tmp_path / "run").exists()
    options = {"method": "source_only", "schedule": "constant", "callbacks": [plateau]}
    fit_ada_atdt(model, source, target, **options, **BRIEF)


@pytest.mark.quick
def test_every_method_gives_the_networks_that_it_predicts_by(monkeypatch):
    monkeypatch.setattr("adaat_keras.methods.method.fit_in_memory", lambda *a, **k: None)
    for name in methods.names():
        given = methods.get(name).fit("streets_sim", "streets_real", size="tiny")
        assert type(given) is (AdaAtdt if name in TRANSFERS else BaseModel), name


def test_a_baselines_training_that_goes_on_as_another_method_predicts_by_that(domains_of):
    model = build_ada_atdt(**MODEL)
    for method in ("source_only", "at_dt", "dan"):
        fit_ada_atdt(model, *domains_of(method), method=method, recipe="paper", **BRIEF)
        answer = model.predict(IMAGES, verbose=0)
        np.testing.assert_allclose(answer, by_hand(model, method), rtol=1e-4, atol=1e-5)
    assert model.untrained == ("domain_classifier",)


def test_a_method_of_which_stages_are_to_come_does_not_predict_yet(domains_of):
    model = build_ada_atdt(**MODEL)
    domains = domains_of("dan")
    fit_ada_atdt(model, *domains, method="source_only", **BRIEF)
    fit_ada_atdt(model, *domains, method="at_dt", recipe="paper", stages="joint", **BRIEF)
    answer = model.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(answer, by_hand(model, "source_only"), rtol=1e-4, atol=1e-5)
    fit_ada_atdt(model, *domains, method="at_dt", recipe="paper", stages="transfer", **BRIEF)
    answer = model.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(answer, by_hand(model, "at_dt"), rtol=1e-4, atol=1e-5)


@pytest.mark.quick
def test_a_method_is_taken_by_name_as_a_class_and_as_an_object():
    for what in ("dan", methods.Dan, methods.Dan(), "adaat_keras.methods.dan:Dan"):
        assert type(methods.get(what)) is methods.Dan
    with pytest.raises(ValueError, match=r"unknown method 'nosuch'.*ada_atdt, .*source_only"):
        methods.get("nosuch")
    for what in (3, dict, methods.Recipe()):
        with pytest.raises(ValueError, match=r"is no method: .* derives from adaat_keras\.methods"):
            methods.get(what)


class Twice(Method):
    """A method of one's own, of stages that exist."""

    name = "twice"

    def stages(self, from_task, to_task, recipe, training, architecture="residual"):
        """Supervised, then the discrepancy."""
        return methods.Dan().stages(from_task, to_task, recipe, training, architecture)


@pytest.mark.parametrize(
    "what",
    [Twice, Twice(), pytest.param(f"{__file__}:Twice", marks=pytest.mark.quick)],
    ids=["a class", "an object", "a place"],
)
def test_a_method_of_ones_own_trains_like_any(what, source, target):
    model = build_ada_atdt(**MODEL)
    assert list(fit_ada_atdt(model, source, target, method=what, **BRIEF)) == [
        "supervised",
        "discrepancy",
    ]
    assert model.predictor == "base_model_2"


# --- The process is left as it was found


@pytest.mark.quick
def test_after_fit_the_process_is_as_it_was(source, target):
    keras.utils.set_random_seed(1)
    before = random.getstate()
    policy = keras.config.dtype_policy()
    methods.SourceOnly().fit(source, target, size="tiny", precision="mixed_bfloat16", **BRIEF)
    assert not refuses_randomness()
    assert keras.config.dtype_policy() == policy
    assert random.getstate() == before
    with pytest.raises(ValueError, match=r"no labels for 'normals'"):
        methods.Oracle().fit(source, target, to_task="normals", size="tiny", **BRIEF)
    assert not refuses_randomness()


def test_trainings_are_deterministic_unless_it_is_switched_off(source, target):
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(refuses_randomness())

    for deterministic in (None, True, False):
        model = build_ada_atdt(**MODEL)
        options = {"method": "source_only", "deterministic": deterministic, "callbacks": [Look()]}
        fit_ada_atdt(model, source, target, **options, **BRIEF)
    assert seen == [True, True, False]


# --- Tasks of a user's own


OWN = Semantic({"person": "person", "road": ["road", "sidewalk"], "rest": "*"})


class Shade(Depth):
    """A user's measured task: something between 0 and 100, under a name of its own."""

    name = "shade"


class Material(Semantic):
    """A user's task with classes, under a name of its own."""

    name = "material"

    def __init__(self):
        super().__init__({"stone": "stone", "wood": "wood", "metal": "metal"})

    def get_config(self):
        """Nothing to tell."""
        return {}


class Yard(Domain):
    """A user's domain with labels of a user's tasks beside those that exist."""

    name = "yard"
    all_tasks = ("depth", "material", "semantic", "shade")

    def __init__(self, seed, tasks=all_tasks):
        self.frames = make_domain("frames", seed)
        self.tasks = tasks

    def __len__(self):
        return len(self.frames)

    def read(self, index, keys):
        """Materials are classes by threes, two thirds of them stone; shades are depths."""
        frame = self.frames.read(index, ("image", "depth", "semantic"))
        frame["material"] = tf.cast(tf.maximum(frame["semantic"] % 6, 3) - 3, "uint8")
        frame["shade"] = frame["depth"]
        return {key: frame[key] for key in keys}


@pytest.mark.parametrize(
    ("from_task", "to_task"),
    [
        # Each on both sides.
        (OWN, "depth"),
        (Shade(), OWN),
        (Material(), Shade()),
        ("depth", Material()),
    ],
    ids=lambda task: task if isinstance(task, str) else getattr(task, "name", None),
)
def test_a_users_own_task_trains_under_the_default_recipe_in_both_directions(from_task, to_task):
    target = Yard(1, tasks=(tasks.get(from_task).name,))
    model = build_ada_atdt(from_task, to_task, **MODEL)
    history = fit_ada_atdt(model, {"train": Yard(0), "val": Yard(2)}, target, **BRIEF)
    assert list(history) == ["adversarial", "supervised", "teacher", "transfer"]
    for values in history.values():
        assert np.isfinite([v for name, v in values.items() if name.endswith("loss")]).all()
    metric = tasks.get(to_task).primary_metric
    assert len(history["transfer"][f"val_{metric}"]) == 1
    channels = tasks.get(to_task).channels
    assert model.predict(IMAGES[:, :50, :60], verbose=0).shape == (2, 50, 60, channels)
    assert tasks.get(model.to_task) == tasks.get(to_task)


def frequencies_by_hand(labels, classes):
    """The mean over frames of the share of each class among the labelled pixels."""
    shares = []
    for frame in labels:
        known = frame[frame < classes]
        shares.append([np.mean(known == number) for number in range(classes)])
    return np.mean(shares, axis=0)


@pytest.mark.quick
@pytest.mark.parametrize(
    "task", [Semantic(), OWN, Material()], ids=["the paper's", "groups", "a task"]
)
def test_classes_are_balanced_by_the_tasks_own_labels(task):
    domain = Yard(0)
    feed = Feed(Splits(domain, classes=classes_of(task)), Splits(domain), Training())
    frames = [domain[number] for number in range(3)]
    if task is OWN:
        groups = [["person"], ["road", "sidewalk"]]
        paper = np.array(
            [sum(i + 1 for i, g in enumerate(groups) if n in g) for n in Semantic().class_names]
        )
        labels = [(paper - 1)[frame["semantic"]] % 3 for frame in frames]
    else:
        labels = [frame[task.name] for frame in frames]
    expected = np.maximum(frequencies_by_hand(labels, task.classes), 1e-3) ** -0.5
    loss = feed.task_loss(task, "source", 0.5)
    assert loss.get_config() == task.loss(expected).get_config()
    assert feed.task_loss(task, "source", 0.0).get_config() == task.loss().get_config()


# --- Some of the stages, some of the networks


@pytest.fixture
def fine_tune(source, target):
    """Fits a tiny model; gives the history and the names of the networks that changed."""

    def run(model=None, **options):
        if model is None:
            model = build_ada_atdt(**MODEL)
            # As after training elsewhere.
            model.untrained = ()
        before = weights_of(model)
        history = fit_ada_atdt(model, source, target, **options, **BRIEF)
        return history, changed(before, weights_of(model))

    return run


def test_only_the_chosen_stages_are_trained_and_a_teacher_comes_along(fine_tune):
    history, learnt = fine_tune(stages=("transfer",))
    assert list(history) == ["teacher", "transfer"]
    assert learnt == {"transfer", "decoder_2", "encoder_1", "decoder_1"}


@pytest.mark.quick
@pytest.mark.parametrize(
    ("stages", "freeze"),
    [("adversarial", "encoder_1"), (["adversarial"], ("encoder_1", "decoder_2"))],
    ids=["names alone", "lists"],
)
def test_frozen_networks_stay_as_they_are_and_what_was_frozen_before_stays_so(
    stages, freeze, fine_tune
):
    model = build_ada_atdt(**MODEL)
    model.untrained = ()
    model.decoder_2.trainable = False
    history, learnt = fine_tune(model, stages=stages, freeze=freeze)
    assert list(history) == ["adversarial"]
    assert learnt == {"decoder_1", "domain_classifier"}
    assert {n for n, network in model.networks.items() if not network.trainable} == {"decoder_2"}


@pytest.mark.quick
def test_layers_that_were_frozen_before_stay_so():
    model = build_ada_atdt(**MODEL)
    model.encoder_1.get_layer("stem").trainable = False
    before = len(model.encoder_1.trainable_variables)
    with frozen(model, ["encoder_1"]):
        assert not model.encoder_1.trainable_variables
    assert len(model.encoder_1.trainable_variables) == before


@pytest.mark.quick
def test_a_training_that_fails_leaves_nothing_frozen(source, targets):
    model = build_ada_atdt(**MODEL)
    options = {"method": "oracle", "freeze": ["encoder_1"], **BRIEF}
    with pytest.raises(ValueError, match="no labels for 'semantic'"):
        fit_ada_atdt(model, source, targets("depth"), **options)
    assert all(network.trainable for network in model.networks.values())
    assert set(model.untrained) == set(model.networks)


def test_a_training_that_is_interrupted_remembers_the_stages_that_it_finished(source, target):
    class Interrupted(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            if self.model.name.startswith("transfer"):
                raise KeyboardInterrupt

    model = build_ada_atdt(**MODEL)
    options = {"recipe": "paper", **BRIEF}
    with pytest.raises(KeyboardInterrupt):
        fit_ada_atdt(model, source, target, callbacks=[Interrupted()], **options)
    assert model.untrained == ("transfer",)
    assert model.camera is None
    assert list(fit_ada_atdt(model, source, target, stages="transfer", **options)) == ["transfer"]
    assert model.untrained == ()


def test_stages_of_a_new_model_are_trained_in_their_order(fine_tune):
    model = build_ada_atdt(**MODEL)
    with pytest.raises(ValueError, match=r"classifier is untrained.*add 'adversarial' to stages"):
        fine_tune(model, stages=["transfer"])
    left = [("encoder_2", "decoder_2", "transfer"), ("transfer",), ()]
    for stage, untrained in zip(("adversarial", "supervised", "transfer"), left, strict=True):
        fine_tune(model, stages=[stage])
        assert model.untrained == untrained


@pytest.mark.quick
def test_a_decoder_that_began_anew_is_not_left_untrained():
    model = build_ada_atdt(**MODEL)
    model.untrained = ("decoder_2",)
    tasks_ = tasks.get("depth"), tasks.get("semantic")
    stages = methods.AdaAtdt().stages(*tasks_, Recipe.paper(), Training())
    message = "decoder_2 is untrained, and would stay so: add 'supervised' to stages"
    for chosen, freeze in ((("adversarial", "transfer"), ()), (None, ("decoder_2",))):
        with pytest.raises(ValueError, match=message):
            chosen_stages(stages, chosen, freeze, model)
    stages = methods.AdaAtdt().stages(*tasks_, Recipe(), Training())
    # By the recommended recipe the transfer's stage trains it, too.
    assert chosen_stages(stages, ["adversarial", "transfer"], (), model)
    with pytest.raises(ValueError, match=message):
        chosen_stages(stages, None, ("decoder_2",), model)
    names = [stage.name for stage in chosen_stages(stages, ["supervised", "transfer"], (), model)]
    assert names == ["supervised", "teacher", "transfer"]
    # What comes after the last stage need not be trained yet.
    model.untrained = ("transfer",)
    assert chosen_stages(stages, ["supervised"], (), model)


@pytest.mark.quick
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": ("transfre",)}, "adversarial, supervised, teacher, transfer"),
        ({"stages": ()}, "stages is empty: name one"),
        ({"freeze": ("encoder_3",)}, "encoder_1"),
        (
            {"freeze": ("transfer",), "recipe": "paper"},
            r"stage 'transfer' trains transfer alone.*out of freeze",
        ),
        ({"crop": 68}, r"crop must be a multiple of \d+ pixels, the networks' stride.*, not 68"),
        ({"batch_size": 3}, "batch_size must be even"),
        ({"recipe": "best"}, "unknown recipe 'best'"),
        ({"method": "nosuch"}, "unknown method 'nosuch'"),
        (
            {"method": "at_dt", "recipe": Recipe.recommended(alpha=0.5)},
            "alpha 0.5 does nothing in the method at_dt",
        ),
        (
            {"method": "dan", "recipe": Recipe.paper(adversarial_loss="wasserstein")},
            "adversarial_loss wasserstein does nothing in the method dan: leave it out, or choose",
        ),
        ({"schedule": "linear"}, "unknown schedule 'linear'"),
        ({"store": "somewhere"}, "store keeps the stages of runs: it goes with directory"),
    ],
)
def test_what_cannot_be_chosen_is_a_clear_error(options, message, source, target):
    model = build_ada_atdt(**MODEL)
    before = weights_of(model)
    with pytest.raises(ValueError, match=message):
        fit_ada_atdt(model, source, target, **{**BRIEF, **options})
    assert_equal_weights(weights_of(model), before)


@pytest.mark.quick
@pytest.mark.parametrize(
    "recipe",
    [
        # Each is as near to the other recipe as to its own.
        Recipe.recommended(decoded_weight=0, teacher_weight=0, base_1_weight=0, class_balance=0),
        Recipe.paper(decoded_weight=1, teacher_weight=1, base_1_weight=1),
        Recipe.paper(decoded_weight=1, teacher_weight=1, depth_error="log"),
    ],
)
def test_a_recipe_whose_other_settings_change_is_used_by_every_method(recipe):
    for name in methods.names():
        methods.get(name).check_used(recipe)


@pytest.mark.quick
def test_a_setting_that_a_method_does_not_use_is_told_with_those_that_do():
    used = {
        "alpha": {"ada_atdt"},
        "adversarial_loss": {"ada_atdt"},
        "mmd_weight": {"dan"},
        "size_weight": {"fcns_in_the_wild"},
        "confusion_weight": {"cycada", "fcns_in_the_wild"},
        "semantic_weight": {"cycada"},
        "decoded_weight": {"ada_atdt", "at_dt", "at_dt_da"},
        "base_1_weight": {"ada_atdt", "at_dt", "at_dt_da"},
        "teacher_weight": {"ada_atdt", "at_dt", "at_dt_da"},
    }
    for setting, users in used.items():
        value = "wasserstein" if setting == "adversarial_loss" else 0.75
        recipe = Recipe.recommended(**{setting: value})
        for method in map(methods.get, methods.names()):
            if method.name in users:
                method.check_used(recipe)
                continue
            choice = " or ".join(sorted(users))
            told = rf"^{setting} {value} does nothing in the method {method.name}: .* {choice}$"
            with pytest.raises(ValueError, match=told):
                method.check_used(recipe)
    # Used by all, each in its way.
    for changes in ({"class_balance": 0.25}, {"augmentation": "style"}, {"depth_error": "metres"}):
        for method in map(methods.get, methods.names()):
            method.check_used(Recipe.recommended(**changes))


@pytest.mark.quick
def test_a_method_of_ones_own_need_not_say_what_it_uses():
    class Own(methods.SourceOnly):
        name = "own"

    with pytest.raises(ValueError, match=r"mmd_weight 2 does nothing in the method own: .* dan$"):
        Own().fit("streets_sim", "streets_real", recipe=Recipe(mmd_weight=2))


@pytest.mark.quick
@pytest.mark.parametrize(
    ("camera", "zoom"),
    [
        ({"focal_length": 90.0, "camera_height": 1650}, "1125"),
        ({"focal_length": 80_000.0}, "1000"),
        ({"focal_length": 8.0}, "0.1"),
    ],
)
def test_cameras_whose_units_must_be_wrong_are_told_before_any_training(camera, zoom):
    model = build_ada_atdt(**MODEL)
    source, target = (make_domain(name, 1) for name in ("here", "there"))
    source.focal_length, source.camera_height = 80.0, 1.65
    for name, value in camera.items():
        setattr(target, name, value)
    options = {"epochs": 1, "steps_per_epoch": 1, "verbose": 0}
    told = rf"would be enlarged {zoom} times .*here: focal length 80 .*there: .* in metres; .*zoom="
    with pytest.raises(ValueError, match=told):
        fit_ada_atdt(model, source, target, **options)
    # A factor of the user's own is taken.
    fit_ada_atdt(model, source, target, zoom=1.0, stages="adversarial", batch_size=2, **options)


def test_labels_that_are_called_dense_and_are_not_are_told(source):
    model, target = build_ada_atdt(**MODEL), make_domain("there", 1)
    options = {"epochs": 1, "steps_per_epoch": 1, "verbose": 0, "batch_size": 2}
    target.tell_dense("depth")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*dense")
        fit_ada_atdt(model, source, target, stages="adversarial", **options)
    depth = np.zeros((3, 64, 64), np.float32)
    depth[:, ::8] = 5
    sparse = Domain.from_arrays(np.zeros((3, 64, 64, 3), np.uint8), depth=depth, dense="depth")
    with pytest.warns(UserWarning, match=r"dense='depth', but only 10% .* lowest third .*leave"):
        fit_ada_atdt(model, source, sparse, stages="adversarial", **options)


@pytest.mark.quick
@pytest.mark.parametrize("side", [16, 1])
def test_frames_that_are_too_small_are_told_before_any_training(side, source):
    model = build_ada_atdt(**MODEL)
    small = make_domain("there", 1, size=side)
    told = rf"frames of there are seen at {side} x {side} pixels, and the networks need 32"
    for options in ({}, {"method": "source_only"}):
        with pytest.raises(ValueError, match=told):
            fit_ada_atdt(model, source, small, epochs=1, steps_per_epoch=1, verbose=0, **options)


class Spoilt(Domain):
    """Its frame cannot be read, but for its size."""

    name, tasks = "spoilt", ("depth", "semantic")

    def __len__(self):
        return 1

    def read(self, index, keys):
        frame = make_domain("frames", 1).read(index, keys)
        if tf.executing_eagerly():
            return frame
        check = tf.debugging.assert_negative(index, "here.png: the file is damaged")
        with tf.control_dependencies([check]):
            return {key: tf.identity(value) for key, value in frame.items()}


@pytest.mark.quick
def test_a_damaged_frame_of_a_later_stage_is_told_before_any_training(source):
    started = []
    begin = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: started.append(1))
    model = build_ada_atdt(**MODEL)
    options = {"method": "dan", "callbacks": [begin], **BRIEF}
    with pytest.raises(ValueError, match=r"stage 'discrepancy': here\.png: the file is damaged"):
        fit_ada_atdt(model, source, Spoilt(), **options)
    assert not started


@pytest.mark.quick
def test_a_batch_that_devices_cannot_share_is_told_with_what_they_can(source, target):
    with strategy_for(2).scope():
        model = build_ada_atdt(**MODEL)
        with pytest.raises(ValueError, match=r"batch_size must be a multiple of 4.* not 2"):
            fit_ada_atdt(model, source, target, strategy=tf.distribute.get_strategy(), **BRIEF)


def test_a_validation_that_is_missing_is_no_error_and_one_that_is_there_is_logged(source, target):
    for splits, logged in ((source, True), (source["train"], False)):
        model = build_ada_atdt(**MODEL)
        history = fit_ada_atdt(model, splits, target, method="source_only", **BRIEF)
        assert ("val_source_mean_iou" in history["supervised"]) == logged
