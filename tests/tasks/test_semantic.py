"""The semantic task: its classes, their colours, and how it is written down."""

import json

import numpy as np
import pytest
import tensorflow as tf
from cityscapesscripts.helpers.labels import labels as cityscapes_labels
from scipy.special import softmax

from adaat_keras import tasks
from adaat_keras.streets.classes import NAMES
from adaat_keras.tasks.semantic import CLASS_NAMES, IGNORED, PALETTE, Semantic

OWN = {"road": "road", "vehicle": ["car", "truck", "bus"], "person": ["person", "rider"]}


def test_the_classes_are_in_the_order_of_the_papers_table_2():
    table = "road sidewalk wall fence person pole vegetation vehicle traffic+sign building sky"
    assert list(CLASS_NAMES) == [name.replace("+", " ") for name in table.split()]
    assert Semantic().class_names == CLASS_NAMES == NAMES


def test_every_class_has_its_own_colour_and_ignored_is_black():
    assert len({tuple(color) for color in PALETTE.tolist()}) == len(CLASS_NAMES)
    colors = Semantic().colorize(np.array([*range(len(CLASS_NAMES)), IGNORED], np.uint8))
    np.testing.assert_array_equal(colors, [*PALETTE, (0, 0, 0)])


def test_the_likeliest_class_is_decoded():
    np.testing.assert_array_equal(Semantic().decode(np.eye(11)), np.arange(11))


def test_cityscapes_classes_are_its_train_ids_with_its_colours():
    official = sorted(
        (x for x in cityscapes_labels if 0 <= x.trainId < 255), key=lambda x: x.trainId
    )
    task = Semantic("cityscapes")
    assert task.class_names == tuple(label.name for label in official)
    assert task.palette.tolist() == [list(label.color) for label in official]


def test_the_papers_colours_are_cityscapes():
    official = {label.name: label.color for label in cityscapes_labels}
    for name, color in Semantic().legend.items():
        assert color == official["car" if name == "vehicle" else name]


def test_classes_of_ones_own_have_channels_metrics_columns_and_a_legend():
    task = Semantic(OWN)
    assert (task.channels, task.classes, task.class_names) == (3, 3, ("road", "vehicle", "person"))
    assert task.columns == ("iou_road", "iou_vehicle", "iou_person", "mean_iou", "accuracy")
    assert task.groups["vehicle"] == ("car", "truck", "bus")
    assert list(task.legend) == ["road", "vehicle", "person"]
    assert task.title == "semantic, 3 classes"
    (metric,) = task.metrics()
    labels = np.array([[[0, 1, 2, 255]]], np.uint8)
    metric.update_state(labels, np.eye(3)[[0, 1, 1, 0]][None, None])
    assert set(task.columns) == set(metric.result())
    assert float(metric.result()["iou_vehicle"]) == 0.5
    assert task.label_problem(labels) is None
    assert "label 3 is neither one of the 3 classes (0 to 2)" in task.label_problem(labels + 1)


@pytest.mark.parametrize("count", [2, 10, 20, 60, 254])
def test_chosen_colours_differ_from_each_other_and_from_what_is_ignored(count):
    task = Semantic({f"class {number}": f"name {number}" for number in range(count)})
    assert len({*map(tuple, task.palette.tolist()), (0, 0, 0)}) == count + 1


def test_more_classes_keep_the_colours_of_fewer():
    few, more = (Semantic({c: c for c in "abcdefghijklmnop"[:n]}).palette for n in (5, 15))
    np.testing.assert_array_equal(few, more[:5])


def test_the_first_colours_are_easily_told_apart():
    """By their distance in CIE L*a*b*, where 2.3 is just seen; written out after its definition."""
    colors = Semantic({c: c for c in "abcdefghij"}).palette / 255
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array(
        [[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]]
    )
    t = xyz / [0.9505, 1.0, 1.089]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    assert distances[~np.eye(10, dtype=bool)].min() > 20


@pytest.mark.parametrize(
    ("colors", "second"),
    [
        ([(1, 2, 3), "#0a0b0c", "red"], (10, 11, 12)),
        ({"vehicle": [9, 8, 7]}, (9, 8, 7)),
    ],
)
def test_colours_are_given_in_order_or_by_name(colors, second):
    task = Semantic(OWN, colors)
    assert task.legend["vehicle"] == second
    assert len(set(task.legend.values())) == 3


@pytest.mark.parametrize(
    ("colors", "message"),
    [
        ([(1, 2, 3)], "3 classes have 1 colors"),
        ({"cat": (1, 2, 3)}, "colors has cat, but the classes are: road, vehicle, person"),
        ({"road": (0, 0, 0)}, "what is ignored's"),
        ({"road": (1, 1, 1), "person": (1, 1, 1)}, "is road's, so it cannot be person's"),
        ({"road": (1, 2, 300)}, "the color of road is"),
        ({"road": "reddish"}, "the color of road is 'reddish'"),
    ],
)
def test_a_wrong_colour_is_told(colors, message):
    with pytest.raises(ValueError, match=message):
        Semantic(OWN, colors)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("kitti", "unknown classes 'kitti'; choose one of: paper, cityscapes"),
        ({"a": "x", "b": ["y", "X"]}, "'X' is in two classes, 'a' and 'b'"),
        ({"a": "traffic light", "b": "Traffic_Light"}, "is in two classes"),
        ({"a": "x", "b": []}, "the class 'b' has no names"),
        ({"a": "x", "b": [""]}, "names that are none"),
        ({"a": "x", "b": 3}, "classes are names with groups of names, not {'a': 'x', 'b': 3}"),
        (3, "classes are names with groups of names, not 3"),
        ({"a": "x", " ": "y"}, "no name for a class"),
        ({"a b": "x", "a_b": "y"}, "two classes are called 'a b' and 'a_b'"),
        ({"a": "x"}, r"1 class: there is nothing to tell apart.*'rest': '\*'"),
        ({}, "0 classes"),
        ({str(n): f"n{n}" for n in range(255)}, "255 classes are too many: labels hold 254"),
        (["road", "car"], "names with groups of names"),
    ],
)
def test_wrong_groups_are_told(classes, message):
    with pytest.raises(ValueError, match=message):
        Semantic(classes)


@pytest.mark.parametrize(
    "task",
    [
        Semantic(),
        Semantic("cityscapes"),
        Semantic(OWN),
        Semantic(OWN, {"road": (1, 2, 3)}),
        Semantic(colors=[(n + 1, 0, 0) for n in range(11)]),
    ],
    ids=["paper", "cityscapes", "own", "own colours", "paper in other colours"],
)
def test_json_keeps_a_task_with_its_order_and_colours_even_if_it_is_sorted(task):
    text = json.dumps(tasks.serialize(task), sort_keys=True)
    back = tasks.get(json.loads(text))
    assert back == task
    assert hash(back) == hash(task)
    assert list(back.groups.items()) == list(task.groups.items())
    assert back.legend == task.legend


def test_the_default_is_written_as_a_name():
    assert tasks.serialize(Semantic()) == "semantic"
    assert tasks.serialize(Semantic("cityscapes")) == {
        "place": "semantic",
        "config": {"classes": "cityscapes"},
    }


def test_tasks_are_equal_by_value():
    own = Semantic(OWN)
    assert own == Semantic([(name, names) for name, names in OWN.items()])
    assert own != Semantic({name: OWN[name] for name in reversed(OWN)})
    assert own != Semantic(OWN, {"road": (1, 2, 3)})
    assert Semantic() == Semantic(Semantic().groups)
    assert len({Semantic(), Semantic("paper"), Semantic("cityscapes"), own}) == 3
    assert Semantic() != tasks.get("depth")


def test_soft_targets_are_how_likely_the_classes_are_in_full_precision():
    logits = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)
    task = Semantic(OWN)
    np.testing.assert_allclose(task.soft_targets(logits), softmax(logits, axis=-1), rtol=1e-5)
    assert task.soft_targets(tf.cast(logits, "bfloat16")).dtype == tf.float32


def test_pseudo_labels_are_the_likeliest_classes():
    logits = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)
    labels = Semantic(OWN).pseudo_labels(logits).numpy()
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, logits.argmax(-1))
