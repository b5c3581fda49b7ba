"""Stages: plain values, fed with batches; the key of a stage names all that decides its result."""

import collections
import dataclasses
import functools
import json
import os
import random
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from adaat_keras import build_ada_atdt, methods, tasks
from adaat_keras.domains import Domain, Folder, pairs_of_batches
from adaat_keras.domains.augment import unchanged
from adaat_keras.domains.splits import Splits
from adaat_keras.methods.method import chosen_stages
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed, Stage, fit_stage, plain_errors
from adaat_keras.methods.stage_key import code_of, described, plain, stage_key
from adaat_keras.models import Encoder
from adaat_keras.registry import load_object
from adaat_keras.tasks import Semantic
from adaat_keras.training import losses
from adaat_keras.training.devices import strategy_for

PAIRS = [("depth", "semantic"), ("semantic", "depth"), ("normals", "semantic")]
# Every option at a value that may be changed by itself.
TRAINING = Training(crop=64, height=64, width=64, batch_size=4)


def stages_of(method, pair=PAIRS[0], recipe=None, training=TRAINING):
    return methods.get(method).stages(*map(tasks.get, pair), Recipe.get(recipe), training)


# One of each class, as some method lists it.
LISTED = {
    type(stage): stage
    for pair in PAIRS[::-1]
    for method in methods.names()
    for stage in stages_of(method, pair)
}
FIELDS = [(kind, field.name) for kind in LISTED for field in dataclasses.fields(kind)]


def leaves(kind):
    """The classes that make stages: all subclasses of a class with a name of their own."""
    for each in kind.__subclasses__():
        if each.__module__.startswith("adaat_keras"):
            yield each
            yield from leaves(each)


@pytest.mark.quick
def test_every_class_of_stages_is_listed_by_some_method():
    """So that the tests below see a new one."""
    assert set(LISTED) == set(leaves(Stage))


# --- Listing


@functools.cache
def model_of(*pair):
    return build_ada_atdt(*pair, transfer="conv", size="tiny")


class Closed(Domain):
    """Fails whatever is asked of it, but for what it is called."""

    name, tasks = "closed", ("depth",)

    def __len__(self):
        raise AssertionError("opened")

    def read(self, index, keys):
        raise AssertionError("opened")


@pytest.mark.quick
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("method", methods.names())
def test_listing_stages_opens_nothing_builds_nothing_and_draws_nothing(method, pair, monkeypatch):
    model = model_of(*pair)

    def refuse(*args, **kwargs):
        raise AssertionError("built")

    before = random.getstate()
    with monkeypatch.context() as patched:
        patched.setattr(keras.Layer, "__init__", refuse)
        patched.setattr(keras.Variable, "__init__", refuse)
        Feed(Splits(Closed()), Splits({"train": Closed(), "val": Closed()}), TRAINING)
        stages = stages_of(method, pair)
        assert stages == stages_of(method, pair)
        assert chosen_stages(stages, None, (), model)
    assert before == random.getstate()
    assert len({stage.name for stage in stages}) == len(stages)
    assert all(hash(stage) == hash(dataclasses.replace(stage)) for stage in stages)


@pytest.mark.quick
def test_a_stage_cannot_be_changed():
    stage = stages_of("dan")[0]
    for field in dataclasses.fields(stage):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(stage, field.name, None)


# --- The key


class Nothing:
    """A trainer without weights, to see what the fields alone do."""

    layers = ()

    @staticmethod
    def get_weights():
        return []


NETWORKS = collections.defaultdict(lambda: keras.Sequential([keras.Input((1,))]))
OTHERS = {
    bool: lambda value: [not value],
    int: lambda value: [value + 1, value + 2, value + 64],
    float: lambda value: [value + 0.125, value / 2],
    str: lambda value: [{"source": "target"}.get(value, "paper"), "style", "wasserstein"],
    type(None): lambda value: [0.125, 1, 64, "wasserstein"],
    tuple: lambda value: [(*value, "encoder_2")],
}


def others(value):
    """Values of the same kind that a field may have instead."""
    if isinstance(value, tasks.Task):
        own = Semantic({"road": "road", "rest": "*"})
        return [task for task in (own, tasks.get("normals")) if task != value]
    if dataclasses.is_dataclass(value):
        return list(changes(value))
    return OTHERS[type(value)](value)


def changes(thing, names=None):
    """A dataclass' objects of which each has another value in one field, every field's turn."""
    for field in dataclasses.fields(thing):
        if names is not None and field.name not in names:
            continue
        found = []
        for value in others(getattr(thing, field.name)):
            try:
                found.append(dataclasses.replace(thing, **{field.name: value}))
            except ValueError:
                continue
            if not dataclasses.is_dataclass(value):
                break
        assert found, f"no other value is known for {field.name}"
        yield from found


def key(stage, feed, trainer=Nothing, networks=NETWORKS):
    return stage_key(stage, trainer, networks, feed)


@pytest.fixture(scope="module")
def feed(source, target):
    return Feed(Splits(source), Splits(target), TRAINING)


@pytest.mark.quick
@pytest.mark.parametrize(
    ("kind", "name"), FIELDS, ids=[f"{kind.__name__}-{name}" for kind, name in FIELDS]
)
def test_every_field_of_every_stage_changes_its_key(kind, name, feed):
    stage = LISTED[kind]
    keys = [key(changed, feed) for changed in changes(stage, [name])]
    expected = len(dataclasses.fields(Training)) if name == "training" else 1
    assert len(keys) == expected
    assert len({*keys, key(stage, feed)}) == expected + 1


@pytest.mark.quick
def test_stages_of_one_kind_of_fields_have_keys_of_their_own(feed):
    assert len({key(stage, feed) for stage in LISTED.values()}) == len(LISTED)


@pytest.mark.quick
def test_an_adversarial_loss_is_told_by_what_it_is(feed):
    stage = next(s for s in LISTED.values() if s.name == "adversarial")
    objects = [losses.LeastSquares(), losses.LeastSquares(softening=0.2), losses.Wasserstein()]
    classes = [losses.LeastSquares, losses.Wasserstein, losses.BinaryCrossentropy]

    def keys(*chosen):
        stages = (dataclasses.replace(stage, adversarial_loss=loss) for loss in chosen)
        return [key(each, feed) for each in stages]

    assert len({*keys(*objects, *classes)}) == 6
    assert keys(*objects) == keys(*objects[:2], losses.Wasserstein())
    assert keys(losses.Wasserstein) == keys("adaat_keras.training.losses:Wasserstein")


def domain(changed=None, count=5, labels=("depth", "semantic"), **options):
    """Frames that differ by one pixel in one place, if asked."""
    rng = np.random.default_rng(0)
    columns = {
        "images": rng.integers(0, 200, (count, 64, 64, 3)).astype("uint8"),
        "depth": rng.uniform(1, 90, (count, 64, 64)).astype("float32"),
        "semantic": rng.integers(0, 10, (count, 64, 64)).astype("uint8"),
    }
    if changed:
        column, frame = changed
        columns[column][frame, 3, 5] += 1
    return Domain.from_arrays(**{name: columns[name] for name in ("images", *labels)}, **options)


CONTENT = {
    "a pixel of the first image": domain(("images", 0)),
    "a pixel of the last image": domain(("images", 4)),
    "a depth": domain(("depth", 1)),
    "a class": domain(("semantic", 0)),
    "the number of frames": domain(count=4),
    "the names of classes": domain(
        label_names=[*Semantic().class_names[1:], Semantic().class_names[0]]
    ),
}


@pytest.mark.quick
@pytest.mark.parametrize("what", CONTENT)
def test_the_content_of_the_data_changes_the_key_of_the_stages_that_read_it(what):
    usual = Feed(Splits(domain()), Splits(domain(labels=["depth"])), TRAINING)
    other_source = Feed(Splits(CONTENT[what]), Splits(domain(labels=["depth"])), TRAINING)
    other_target = Feed(Splits(domain()), Splits(CONTENT[what]), TRAINING)
    for stage in LISTED.values():
        for role, feed in (("source", other_source), ("target", other_target)):
            same = key(stage, feed) == key(stage, usual)
            assert same == (role not in stage.reads(usual)), (stage.name, role)


@pytest.mark.quick
def test_the_classes_that_labels_are_given_in_change_the_key():
    """The same frames, read in a user's own classes."""
    own = Semantic({"vehicle": "car", "rest": "*"})
    stage = stages_of("source_only")[0]
    keys = {
        key(stage, Feed(Splits(domain(), classes=classes), Splits(domain()), TRAINING))
        for classes in (None, own, Semantic({"rest": "*", "vehicle": "car"}))
    }
    assert len(keys) == 3


def on_disk(folder):
    """The same images and depths wherever the folder is."""
    rng = np.random.default_rng(0)
    for name in ("images", "depth"):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            shape = (64, 64, 3) if name == "images" else (64, 64)
            pixels = rng.integers(1, 200, shape).astype("uint8" if name == "images" else "uint16")
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return Folder(images=folder / "images", depth=folder / "depth", depth_scale=0.25)


@pytest.mark.quick
@pytest.mark.parametrize("stage", LISTED.values(), ids=lambda stage: stage.name)
def test_where_things_lie_does_not_change_the_key(stage, source, target, feed, tmp_path):
    expected = key(stage, feed)
    for places in ({"cache": "memory"}, {"cache": "disk"}, {"strategy": strategy_for(2)}):
        assert key(stage, Feed(Splits(source), Splits(target), TRAINING, **places)) == expected
    # Nor does what is validated on.
    alone = Splits(source["train"]), Splits(target["train"])
    assert key(stage, Feed(*alone, TRAINING, validation_frames=1)) == expected


@pytest.mark.quick
def test_the_folder_of_the_files_does_not_change_the_key(source, tmp_path):
    stage = stages_of("ada_atdt")[0]
    here, there = (on_disk(tmp_path / name) for name in ("here", "somewhere/else"))
    one, other = (
        key(stage, Feed(Splits(source), Splits(target), TRAINING)) for target in (here, there)
    )
    assert one == other
    another = Folder(
        images=tmp_path / "here/images", depth=tmp_path / "here/depth", depth_scale=0.5
    )
    assert key(stage, Feed(Splits(source), Splits(another), TRAINING)) != one


@pytest.fixture
def adversarial(feed):
    """Makes networks, the key of stage 1 on them, and changes the networks before."""

    def make(change=lambda model: None, **options):
        model = build_ada_atdt(transfer="conv", size="tiny", seed=0, **options)
        change(model)
        stage = stages_of("ada_atdt")[0]
        trainer = stage.trainer(model.networks, feed)
        return key(stage, feed, trainer, model.networks)

    return make


def freeze_a_layer(model):
    model.encoder_1.get_layer("stem").trainable = False


def change_a_weight(model):
    weights = model.decoder_1.get_weights()
    weights[0].flat[0] += 1e-3
    model.decoder_1.set_weights(weights)


def change_what_it_leaves_alone(model):
    model.decoder_2.set_weights([weight + 1 for weight in model.decoder_2.get_weights()])


class Stranger(Encoder):
    """A network of a user's own with the weights of one that exists."""


def change_the_class(model):
    stranger = Stranger(4, 1, name="encoder_1")
    stranger.set_weights(model.encoder_1.get_weights())
    model.encoder_1 = stranger


@pytest.mark.quick
def test_first_weights_frozen_layers_precision_and_classes_change_the_key(adversarial):
    usual = adversarial()
    assert adversarial() == usual
    assert adversarial(change_what_it_leaves_alone) == usual
    assert adversarial(freeze_a_layer) != usual
    assert adversarial(change_a_weight) != usual
    assert adversarial(change_the_class) != usual
    assert adversarial(dtype="mixed_bfloat16") != usual


class Ends(keras.callbacks.Callback):
    """A user's: keeps its argument under another name."""

    def __init__(self, after):
        super().__init__()
        self._after, self.epochs = after, 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


class Counts(keras.callbacks.Callback):
    """A user's, without an argument."""

    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


class Patient(keras.callbacks.EarlyStopping):
    """A user's, which hands on what it is given."""

    def __init__(self, **options):
        super().__init__("loss", **options)


@pytest.fixture
def used(eagerly):
    """Gives a callback to a training."""

    def train(callback):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        data = np.zeros((2, 1)), np.ones((2, 1))
        model.fit(*data, epochs=2, verbose=0, callbacks=[callback])
        return callback

    return train


@pytest.mark.parametrize(
    ("kind", "options", "others"),
    [
        (keras.callbacks.EarlyStopping, {"monitor": "loss", "min_delta": 0.1}, {"patience": 3}),
        (keras.callbacks.ReduceLROnPlateau, {"monitor": "loss"}, {"factor": 0.5}),
        (Patient, {"min_delta": 0.1}, {"min_delta": 0.2}),
        (Counts, {}, None),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_callback_that_has_seen_a_training_is_told_as_before_it(kind, options, others, used):
    before = described(kind(**options))
    assert described(used(kind(**options))) == before
    if others:
        assert described(kind(**{**options, **others})) != before


def test_a_callback_that_keeps_its_arguments_otherwise_is_told_by_all_that_it_holds(used):
    """Or two that differ in what nobody sees would share a stage."""
    assert described(Ends(2)) != described(Ends(3))
    assert described(used(Ends(2))) != described(Ends(2))


def shared(one, other, pair, method="ada_atdt"):
    """The names of the stages that two recipes have in common."""
    found = stages_of(method, pair, other)
    return {stage.name for stage in stages_of(method, pair, one) if stage in found}


@pytest.mark.quick
def test_recipes_share_the_stages_in_which_they_do_not_differ():
    """Class balance is nothing to depth, nor the transfer's weight to what comes before it."""
    paper, balanced = Recipe.paper(), Recipe.paper(class_balance=0.5)
    decoded = Recipe.paper(decoded_weight=1.0)
    for pair, stages in (
        (("depth", "semantic"), {"adversarial", "transfer"}),
        (("semantic", "depth"), {"supervised", "transfer"}),
        (("depth", "normals"), {"adversarial", "supervised", "transfer"}),
    ):
        assert shared(paper, balanced, pair) == stages
        assert shared(paper, decoded, pair) == {"adversarial", "supervised"}
    for pair in PAIRS:
        assert shared(paper, Recipe.paper(mmd_weight=9.0), pair, "dan") == {"supervised"}


@pytest.mark.quick
def test_methods_share_the_stages_that_they_have_in_common():
    for pair in PAIRS:
        (supervised,) = stages_of("source_only", pair)
        for method in ("ada_atdt", "at_dt", "dan", "fcns_in_the_wild", "cycada"):
            assert supervised in stages_of(method, pair)
        assert stages_of("ada_atdt", pair)[-1] == stages_of("at_dt", pair)[-1]
        teacher = stages_of("label_teacher", pair)[0]
        assert teacher in stages_of("ada_atdt", pair)
        assert stages_of("cycle_gan", pair)[0] == stages_of("at_dt_da", pair)[0]


@pytest.mark.quick
def test_a_batch_that_devices_cannot_share_is_an_error(source, target):
    training = Training(crop=64, batch_size=2)
    feed = Feed(Splits(source), Splits(target), training, strategy_for(2))
    with pytest.raises(ValueError, match="2 devices cannot share 1 samples a batch"):
        stages_of("dan")[1].batches(feed, 0)


# --- What is wrong is told in a line


def test_a_file_that_vanishes_in_training_is_named(tmp_path):
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", np.zeros((8, 8, 3), np.uint8))
    frames = Folder(tmp_path)
    (tmp_path / "1.npy").unlink()
    told = r"^stage 'joint': .*/1\.npy: there is no such file any more"
    with pytest.raises(ValueError, match=told), plain_errors("joint"):
        list(frames.dataset(("image",)))


def test_what_python_did_not_raise_stays_what_it_is():
    """A GPU's library fails with the same error."""
    with pytest.raises(tf.errors.UnknownError, match="no algorithm"), plain_errors("joint"):
        raise tf.errors.UnknownError(None, None, "cuDNN: no algorithm worked")


# --- Without a stage


@pytest.mark.parametrize("seed", [0, 3])
def test_pairs_of_batches_are_those_of_stage_1(seed, source, target):
    """What a user's own loop reads is what a run of that seed reads."""
    training = Training(crop=64, batch_size=4, seed=seed)
    feed = Feed(Splits(source), Splits(target), training)
    stage = stages_of("ada_atdt", training=training)[0]
    pairs = pairs_of_batches(source["train"], target["train"], "depth", 4, crop=64, seed=seed)
    for ours, theirs in zip(pairs.take(2), stage.batches(feed, 0), strict=False):
        for one, other in zip(sum(ours, ()), sum(theirs, ()), strict=True):
            np.testing.assert_array_equal(one, other)


def test_pairs_of_batches_have_the_classes_of_the_task(source):
    own = Semantic({"sky": "sky", "ground": ["road", "sidewalk"], "rest": "*"})
    domain = source["train"]
    options = {"batch_size": 2, "crop": 64, "augmentation": unchanged}
    (_, (theirs, _)), (_, (ours, _)) = (
        next(iter(pairs_of_batches(domain, domain, task, **options))) for task in ("semantic", own)
    )
    names = Semantic().class_names
    expected = [{"sky": 0, "road": 1, "sidewalk": 1}.get(name, 2) for name in names]
    known = theirs.numpy() < len(names)
    assert known.any()
    np.testing.assert_array_equal(ours.numpy()[known], np.array(expected)[theirs.numpy()[known]])


def test_pairs_of_batches_are_of_an_even_number_of_images(source, target):
    with pytest.raises(ValueError, match="batch_size must be even, not 3"):
        pairs_of_batches(source["train"], target["train"], "depth", batch_size=3)


# --- What comes from outside the package


def written(folder, loss_weight):
    """A stage of somebody's own, under the name of one of the package's, from a file."""
    folder.mkdir()
    (folder / "mine.py").write_text(
        "from adaat_keras.methods import ada_atdt\n\n\n"
        "class Supervised(ada_atdt.Supervised):\n"
        f"    weight = {loss_weight}\n"
    )
    return load_object(f"{folder}/mine.py:Supervised")


def test_a_stage_of_ones_own_is_another_than_the_packages_of_its_name(tmp_path):
    """Or a store would give the one's networks as the other's."""
    [stock] = stages_of("source_only")
    kinds = [written(tmp_path / name, w) for name, w in (("a", 1), ("b", 2), ("c", 1))]
    assert {kind.__name__ for kind in kinds} == {type(stock).__name__}
    labels = np.ones((2, 64, 64), np.uint8)
    images = np.zeros((2, 64, 64, 3), np.uint8)
    domain = Domain.from_arrays(images, semantic=labels, depth=labels + 1.0)
    feed = Feed(Splits(domain), Splits(domain), TRAINING)

    def key(stage):
        networks = model_of(*PAIRS[0]).networks
        return stage_key(stage, stage.trainer(networks, feed), networks, feed)

    fields = {each.name: getattr(stock, each.name) for each in dataclasses.fields(stock)}
    stocks, first, other, copy = (key(kind(**fields)) for kind in (type(stock), *kinds))
    assert len({stocks, first, other}) == 3
    # Wherever its file lies.
    assert copy == first


class Material(Semantic):
    """A user's classes, under a name of their own."""

    name = "material"

    def __init__(self):
        super().__init__({"stone": "stone", "wood": "wood"})

    def get_config(self):
        return {}


class Surfaces(Domain):
    """One frame of stone, as many metres away."""

    name, tasks = "surfaces", ("material", "depth")

    def __len__(self):
        return 1

    def read(self, index, keys):
        ones = tf.ones((40, 70), tf.uint8)
        image = tf.zeros((40, 70, 3), tf.uint8)
        frame = {"image": image, "material": ones, "depth": tf.cast(ones, tf.float32)}
        return {key: frame[key] for key in keys}


@pytest.mark.parametrize("split", ["train", "val"])
def test_where_a_frame_is_padded_classes_of_ones_own_say_nothing(split):
    splits = Splits({"train": Surfaces(), "val": Surfaces()})
    feed = Feed(splits, splits, Training(), stride=32)
    labels = (Material(), tasks.get("depth"))
    read = feed.batches if split == "train" else feed.validation
    _, material, depth = next(iter(read("target", labels)))
    assert material.shape[1:] == (64, 96)
    assert set(np.unique(material[:, :40, :70])) == {1}
    assert set(np.unique(material[:, 40:])) == set(np.unique(material[:, :, 70:])) == {255}
    assert set(np.unique(depth[:, 40:])) == {0.0}


def test_a_loss_of_ones_own_is_told_by_its_code_however_it_is_given(tmp_path):
    keys = []
    for name, factor in (("a", 1), ("b", 2), ("c", 1)):
        (tmp_path / name).mkdir()
        file = tmp_path / name / "mine.py"
        file.write_text(
            "from adaat_keras.training.losses import LeastSquares\n\n\n"
            f"class Mine(LeastSquares):\n    factor = {factor}\n"
        )
        place = f"{file}:Mine"
        given = [place, load_object(place), load_object(place)()]
        told = [plain(stages_of("ada_atdt", recipe=Recipe(adversarial_loss=g))[0]) for g in given]
        codes = {json.dumps(each["adversarial_loss"][1]) for each in told}
        assert len(codes) == 1
        keys += codes
    assert keys[0] == keys[2] != keys[1]
    [stage, *_] = stages_of("ada_atdt", recipe=Recipe(adversarial_loss="wasserstein"))
    assert plain(stage)["adversarial_loss"] == "wasserstein"


CELL = """
class Base(Stage):
    def reads(self, feed): return ("source",)

class Mine(Base):
    table, words = (1, 2), {"b", "a"}
    def reads(self, feed, share=2): return [n for n in range(3) if n in {1, 2}]
    @property
    def name(self): return "mine"
    @staticmethod
    def fixed(): return "static"
    @classmethod
    def made(cls): return 1.5
    def closed(self): return lambda: 4
"""


def from_a_cell(code):
    """A class as a notebook's cell defines it, without a file."""
    names = {"Stage": Stage, "__name__": "no_file_has_this_name"}
    exec(code, names)
    return names["Mine"]


@pytest.mark.quick
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(1, 2)", "(1, 3)"),
        ('"b", "a"', '"b", "c"'),
        ("share=2", "share=3"),
        ("in {1, 2}]", "not in {1, 2}]"),
        ('"mine"', '"yours"'),
        ('"static"', '"fixed"'),
        ("1.5", "2.5"),
        ("lambda: 4", "lambda: 5"),
        ('("source",)', '("target",)'),
    ],
)
def test_a_class_of_a_notebook_is_told_by_all_its_members_and_its_own_bases(old, new):
    assert old in CELL
    usual, again, moved = (code_of(from_a_cell(n * "\n" + CELL)) for n in (0, 0, 3))
    assert usual == again == moved
    assert code_of(from_a_cell(CELL.replace(old, new))) != usual


def test_a_notebooks_class_is_told_alike_in_every_process():
    """Or a resumed training would begin anew: strings have other hashes in another process."""
    code = (
        "from adaat_keras.methods.stage import Stage\n"
        "from adaat_keras.methods.stage_key import code_of\n"
        f"names = {{'Stage': Stage, '__name__': 'no_file_has_this_name'}}; exec({CELL!r}, names)\n"
        "print(code_of(names['Mine']))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-c", code]
    there = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == code_of(from_a_cell(CELL))


@pytest.mark.quick
def test_networks_that_pad_frames_to_another_size_have_another_key(source, target):
    training = dataclasses.replace(TRAINING, crop=None, height=72, width=72)
    splits = Splits(source), Splits(target)
    stage = stages_of("ada_atdt", training=training)[0]
    keys = [key(stage, Feed(*splits, training, stride=stride)) for stride in (8, 24, 16, 32)]
    # 72 is a multiple of the first two.
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    crops = [key(stage, Feed(*splits, TRAINING, stride=stride)) for stride in (16, 32)]
    assert crops[0] == crops[1]


@pytest.mark.quick
def test_what_is_validated_on_changes_the_key_where_callbacks_may_end_the_training(source, target):
    stage = stages_of("ada_atdt")[0]
    stop = [described(keras.callbacks.EarlyStopping("val_loss"))]
    feeds = [
        Feed(Splits(source), Splits(target), TRAINING),
        Feed(Splits(source), Splits(target), TRAINING, validation_frames=1),
        Feed(Splits(source["train"]), Splits(target), TRAINING),
        Feed(Splits({**source, "val": source["train"]}), Splits(target), TRAINING),
    ]
    assert len({stage_key(stage, Nothing, NETWORKS, feed, stop) for feed in feeds}) == len(feeds)
    assert len({stage_key(stage, Nothing, NETWORKS, feed) for feed in feeds}) == 1


@pytest.mark.quick
def test_a_stage_goes_on_with_the_batches_of_its_step():
    """Whole runs of tests have a step an epoch, with which epochs are steps."""
    asked = []

    class Asked(Stage):
        name = "asked"

        def trainer(self, networks, feed):
            raise NotImplementedError

        def batches(self, feed, first_step):
            asked.append(first_step)

        def validation(self, feed):
            return None

    class Nothing:
        def distributed(self, batches):
            return None, None

        def for_devices(self, batches):
            return batches

        def fit(self, batches, **options):
            asked.append((options["initial_epoch"], options["epochs"]))

    stage = Asked(dataclasses.replace(TRAINING, epochs=8, steps_per_epoch=5))
    fit_stage(stage, Nothing(), Nothing(), initial_epoch=3)
    assert asked == [15, (3, 8)]
