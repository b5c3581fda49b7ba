"""Domains made of arrays and of datasets."""

import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import tasks
from adaat_keras.domains import Domain, cache
from adaat_keras.domains.batches import evaluation_batches, training_batches
from adaat_keras.domains.domain import Domain as Base
from adaat_keras.domains.resize import Resized
from adaat_keras.tasks.semantic import Semantic

SIZES = [(40, 48), (33, 50), (40, 48)]


def frames(sizes=SIZES):
    rng = np.random.default_rng(0)
    return {
        "images": [rng.integers(0, 256, (*size, 3), np.uint8) for size in sizes],
        "semantic": [rng.integers(0, 11, size) for size in sizes],
        "depth": [rng.uniform(1, 90, size) for size in sizes],
        "normals": [np.broadcast_to([0.0, -1.0, 0.0], (*size, 3)) for size in sizes],
    }


def assert_holds(domain, given):
    for number in range(len(domain)):
        frame = domain[number]
        assert {key: value.dtype for key, value in frame.items()} == {
            "image": np.uint8,
            "semantic": np.uint8,
            "depth": np.float32,
            "normals": np.float32,
        }
        np.testing.assert_array_equal(frame["image"], given["images"][number])
        np.testing.assert_array_equal(frame["semantic"], given["semantic"][number])
        np.testing.assert_array_equal(frame["depth"], given["depth"][number].astype(np.float32))
        np.testing.assert_array_equal(frame["normals"], given["normals"][number])


def test_lists_of_frames_of_different_sizes_are_a_domain():
    given = frames()
    domain = Domain.from_arrays(**given, name="mine", focal_length=500.0)
    assert (len(domain), domain.name, domain.focal_length) == (3, "mine", 500.0)
    assert domain.tasks == ("semantic", "depth", "normals")
    assert_holds(domain, given)


def test_one_array_of_all_frames_is_a_domain_of_a_known_size():
    given = {key: np.stack(column) for key, column in frames([(40, 48)] * 4).items()}
    domain = Domain.from_arrays(**given)
    assert_holds(domain, given)
    spec = domain.dataset(("image", "semantic")).element_spec
    assert spec["image"].shape == (40, 48, 3)


def test_training_sees_crops_of_it_and_evaluation_whole_frames():
    domain = Domain.from_arrays(**frames())
    images, labels = next(iter(training_batches(domain, "semantic", 2, crop=32, seed=1)))
    assert (images.shape, labels.shape) == ((2, 32, 32, 3), (2, 32, 32))
    assert [x.shape[1:3] for x, _ in evaluation_batches(domain, "depth")] == SIZES
    assert Resized(domain, 8, 8)[1]["depth"].shape == (8, 8)


def test_what_is_invalid_in_depth_and_normals_is_0():
    images = np.zeros((1, 2, 3, 3), np.uint8)
    depth = np.array([[[np.nan, np.inf, -np.inf], [-1.0, 0.0, 5.0]]])
    normals = np.zeros((1, 2, 3, 3))
    normals[0, 0, 0] = np.nan
    normals[0, 1, 2] = (0, 0, -1)
    frame = Domain.from_arrays(images, depth=depth, normals=normals)[0]
    assert frame["depth"].tolist() == [[0, 0, 0], [0, 0, 5]]
    assert frame["normals"].any(-1).tolist() == [[False] * 3, [False, False, True]]


def test_maps_with_a_last_axis_of_1_are_maps():
    images = np.zeros((1, 2, 3, 3), np.uint8)
    frame = Domain.from_arrays(images, np.zeros((1, 2, 3, 1), int), np.ones((1, 2, 3, 1)))[0]
    assert frame["semantic"].shape == frame["depth"].shape == (2, 3)


@pytest.mark.parametrize(
    "names", [["sky", "road"], {0: "sky", 7: "road"}, {"0": "sky", "7": "road"}]
)
def test_numbers_have_the_names_that_they_are_given(names):
    top = max(map(int, names)) if isinstance(names, dict) else 1
    labels = np.array([[[0, top, 255]]])
    domain = Domain.from_arrays(np.zeros((1, 1, 3, 3), np.uint8), labels, label_names=names)
    assert domain[0]["semantic"].tolist() == [[0, top, 255]]
    assert domain.with_classes(Semantic({"a": "road", "b": "sky"}))[0]["semantic"].tolist() == [
        [1, 0, 255]
    ]


def test_numbers_of_a_data_set_have_its_names():
    labels = np.array([[[7, 26, 25]]])
    images = np.zeros((1, 1, 3, 3), np.uint8)
    domain = Domain.from_arrays(images, labels, label_names="cityscapes")
    assert domain.with_classes(Semantic())[0]["semantic"].tolist() == [[0, 7, 255]]


IMAGE = np.zeros((4, 6, 3), np.uint8)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"images": []}, "mine: there are no images"),
        ({"images": [IMAGE / 255]}, "mine, image 0 has shape .* and dtype float64, it must be"),
        ({"images": [IMAGE, IMAGE[..., 0]]}, "mine, image 1 has shape \\(4, 6\\)"),
        ({"images": [IMAGE], "depth": []}, "1 images, but 0 of depth"),
        (
            {"images": [IMAGE], "depth": [np.ones((4, 5))]},
            "mine, depth 0 is 5 x 4 pixels, but its image is 6 x 4",
        ),
        ({"images": [IMAGE], "depth": [np.ones((4, 6), int)]}, "mine, depth 0: .*decode"),
        ({"images": [IMAGE], "depth": [np.full((4, 6), 4e3)]}, "mine, depth 0: .*millimetres"),
        ({"images": [IMAGE], "depth": [np.ones((4, 6, 2))]}, "mine, depth 0 has shape"),
        ({"images": [IMAGE], "semantic": [np.full((4, 6), 11)]}, "mine, semantic 0: the label 11"),
        ({"images": [IMAGE], "semantic": [np.full((4, 6), 0.5)]}, "the label 0.5 has no name"),
        ({"images": [IMAGE], "normals": [np.ones((4, 6, 3))]}, "mine, normals 0: .*length 1.73"),
        (
            {"images": [IMAGE], "semantic": [np.full((4, 6), 3)], "label_names": {5: "road"}},
            "the label 3 has no name; its numbers are 5 by label_names",
        ),
        ({"images": [IMAGE], "label_names": {254: "road"}}, "label numbers go up to 253"),
        ({"images": IMAGE}, r"shape \(4, 6, 3\), which is one image: .*images\[None\]"),
        ({"images": [IMAGE[:0]]}, r"image 0 has shape \(0, 6, 3\), which is not a single pixel"),
        ({"images": None}, "mine, image: frames are a list of arrays, .* not NoneType"),
        ({"images": (IMAGE for _ in "ab")}, r"not generator; list\(...\) makes one"),
        ({"images": {0: IMAGE}}, "mine, image: frames are a list of arrays, .* not dict"),
        (
            {"images": [IMAGE], "depth": 5.0},
            "mine, depth: frames are a list .* not float",
        ),
    ],
)
def test_what_is_wrong_with_arrays_is_told_with_the_frame(columns, message):
    with pytest.raises(ValueError, match=message):
        Domain.from_arrays(**columns, name="mine")


@pytest.mark.parametrize("focal_length", [0.0, -1, "500", float("nan")])
def test_a_focal_length_that_is_none_is_told(focal_length):
    with pytest.raises(ValueError, match=f"focal_length= must be .*above 0, not .*{focal_length}"):
        Domain.from_arrays([IMAGE], focal_length=focal_length)


def test_a_dataset_of_dictionaries_is_read_once():
    given, reads = frames(), []

    def generate():
        reads.append(1)
        for number in range(3):
            yield {key: given[column][number] for key, column in COLUMNS.items()}

    spec = {
        "image": tf.TensorSpec((None, None, 3), tf.uint8),
        "semantic": tf.TensorSpec((None, None), tf.int64),
        "depth": tf.TensorSpec((None, None), tf.float64),
        "normals": tf.TensorSpec((None, None, 3), tf.float64),
    }
    domain = Domain.from_dataset(tf.data.Dataset.from_generator(generate, output_signature=spec))
    assert len(domain) == 3
    assert_holds(domain, given)
    list(domain.dataset(("image",)))
    assert len(reads) == 1


def test_what_a_generator_says_is_told_in_a_line():
    def generate():
        yield {"image": IMAGE}
        raise OSError("the disk is gone")

    spec = {"image": tf.TensorSpec((None, None, 3), tf.uint8)}
    frames = tf.data.Dataset.from_generator(generate, output_signature=spec)
    with pytest.raises(ValueError, match=r"^mine: frame 1: the disk is gone$"):
        Domain.from_dataset(frames, name="mine")


COLUMNS = {"image": "images", "semantic": "semantic", "depth": "depth", "normals": "normals"}


def test_labels_of_a_task_of_ones_own_are_kept_as_they_are():
    frame = {"image": IMAGE, "height": np.full((4, 6), 3.5, np.float32)}
    domain = Domain.from_dataset(tf.data.Dataset.from_tensors(frame))
    assert domain.tasks == ("height",)
    assert domain[0]["height"][0, 0] == 3.5


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (tf.data.Dataset.from_tensors({"image": IMAGE}).repeat(), "never ends; pass a part"),
        (tf.data.Dataset.from_tensors((IMAGE, IMAGE)), "an element is a dictionary with 'image'"),
        (tf.data.Dataset.from_tensors({"depth": IMAGE}), "an element is a dictionary with 'image'"),
        (tf.data.Dataset.from_tensors({"image": IMAGE}).take(0), "there are no images"),
        (
            tf.data.Dataset.from_tensors({"image": IMAGE}).batch(1),
            r"shape \(None, 4, 6, 3\), they come in batches; pass dataset\.unbatch\(\)",
        ),
        ([{"image": IMAGE}], r"takes a tf\.data\.Dataset, not list; from_arrays takes lists"),
    ],
)
def test_a_dataset_that_is_no_domain_is_told(dataset, message):
    with pytest.raises(ValueError, match=f"mine.*{message}"):
        Domain.from_dataset(dataset, name="mine")


def test_what_is_no_map_in_a_dataset_is_left_aside_with_a_word():
    """As TensorFlow Datasets has it."""
    others = {"id": 7, "filename": "a.png", "objects": {"label": [1, 2]}, "boxes": np.ones((2, 4))}
    frame = {"image": IMAGE, **others, "depth": np.ones((4, 6)), "height": np.ones((4, 6))}
    match = r"mine: left aside what is no map of the image's size: id, filename, objects, boxes"
    with pytest.warns(UserWarning, match=match) as told:
        domain = Domain.from_dataset(tf.data.Dataset.from_tensors(frame).repeat(2), name="mine")
    assert len(told) == 1
    assert (len(domain), domain.tasks) == (2, ("depth", "height"))


def test_an_error_within_a_dataset_is_told_with_the_frame():
    def checked(number):
        tf.debugging.assert_less(number, np.int64(2), "a number is too high")
        return {"image": IMAGE}

    with pytest.raises(ValueError, match=r"^mine: frame 2: a number is too high$"):
        Domain.from_dataset(tf.data.Dataset.range(9).map(checked), name="mine")


def test_a_dataset_that_does_not_tell_that_it_never_ends_stops_before_the_memory_is_full(
    monkeypatch,
):
    endless = tf.data.Dataset.from_tensors({"image": IMAGE}).repeat().filter(lambda _: True)
    assert endless.cardinality() == tf.data.UNKNOWN_CARDINALITY
    assert cache._most_bytes() > 2**28
    monkeypatch.setattr(cache, "_most_bytes", lambda: 100 * IMAGE.nbytes)
    with pytest.raises(ValueError, match=r"mine: 101 frames .*half of this .*\.take\(100\)"):
        Domain.from_dataset(endless, name="mine")
    assert len(Domain.from_dataset(endless.take(99))) == 99


def test_the_class_that_is_exported_is_the_base_of_all_domains():
    assert Domain is Base


def test_labels_without_holes_are_told_by_their_names():
    given = frames()
    assert Domain.from_arrays(**given).dense == ()
    for dense in ("depth", ["depth"]):
        domain = Domain.from_arrays(**given, dense=dense)
        assert domain.dense == ("depth",)
        assert domain.picture_of(tasks.get("depth")).__name__ == "picture"
    dataset = tf.data.Dataset.from_tensor_slices(
        {"image": np.zeros((2, 8, 8, 3), np.uint8), "depth": np.ones((2, 8, 8), np.float32)}
    )
    assert Domain.from_dataset(dataset, dense="depth").dense == ("depth",)
    for wrong in (True, False, None, 3):
        with pytest.raises(ValueError, match=rf"arrays: dense={wrong}, but it names .*: dense='"):
            Domain.from_arrays(**given, dense=wrong)
        with pytest.raises(ValueError, match=rf"dataset: dense={wrong}, but it names .*: dense='"):
            Domain.from_dataset(dataset, dense=wrong)
    with pytest.raises(ValueError, match=r"^Mine: dense=True, but it names .*: dense='depth'"):
        type("Mine", (Domain,), {"dense": True})
    with pytest.raises(ValueError, match=r"arrays: dense='depth', but its labels are: none"):
        Domain.from_arrays(given["images"], dense="depth")
    with pytest.raises(ValueError, match=r"arrays: dense='deep', but its labels are: .*depth"):
        Domain.from_arrays(**given, dense="deep")
