"""What a user's class of a domain must give."""

import re

import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.camera import Camera
from adaat_keras.domains import Domain
from adaat_keras.domains.batches import training_batches
from adaat_keras.domains.cache import cached
from adaat_keras.domains.domain import check_forms
from adaat_keras.domains.resize import Resized
from adaat_keras.domains.seen import Seen
from adaat_keras.tasks import Semantic

pytestmark = pytest.mark.quick
CHANNELS = {"image": [3], "semantic": [], "depth": [], "normals": [3]}


class Mine(Domain):
    """Reads by NumPy, and tells TensorFlow the shapes of some keys alone."""

    name = "mine"
    tasks = ("semantic", "depth", "normals")

    def __init__(self, *known):
        self.known = known

    def __len__(self):
        return 2

    def read(self, index, keys):
        return {key: self.value(index, key) for key in keys}

    def value(self, index, key):
        shape = [8, 9, *CHANNELS[key]]
        kind = np.uint8 if key in ("image", "semantic") else np.float32
        value = tf.numpy_function(lambda index: np.ones(shape, kind), [index], kind)
        return tf.ensure_shape(value, [None, None, *shape[2:]]) if key in self.known else value


@pytest.mark.parametrize(
    ("key", "shape"),
    [("image", "None, None, 3"), ("semantic", "None, None"), ("normals", "None, None, 3")],
)
def test_values_of_unknown_rank_are_refused_with_what_to_add(key, shape):
    others = [each for each in CHANNELS if each != key]
    message = (
        rf"^Mine\.read gives '{key}' of unknown rank, .*tf\.ensure_shape\(value, \({shape}\)\)"
    )
    with pytest.raises(ValueError, match=message):
        check_forms(Mine(*others), ("image", *Mine.tasks))
    check_forms(Mine(*others), tuple(others))
    check_forms(Mine(*CHANNELS), ("image", *Mine.tasks))


@pytest.mark.parametrize(
    ("key", "kind", "fix"),
    [
        ("image", "float32", "values of 0 to 255, as uint8,"),
        ("image", "uint16", "values of 0 to 255, as uint8,"),
        ("depth", "float64", "tf.cast(value, 'float32')"),
        ("depth", "uint16", "tf.cast(value, 'float32')"),
        ("semantic", "float32", "tf.cast(value, 'uint8')"),
        ("semantic", "int64", "tf.cast(value, 'uint8')"),
    ],
)
def test_values_of_another_dtype_are_refused_with_what_to_return(key, kind, fix):
    domain = Mine(*CHANNELS)
    given = domain.value
    domain.value = lambda index, each: tf.cast(given(index, each), kind if each == key else "uint8")
    message = f"Mine.read gives {key!r} as {kind}: return {fix} in its place"
    # In other classes, too, which are looked up in what it gives.
    for each in (domain, domain.with_classes(Semantic({"a": "road", "b": "*"}))):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            training_batches(Seen(each, Camera(8, 9)), key, 2, None, seed=0)


class Halved(Domain):
    """A user's wrapper of a domain of the package, whose images end at 1."""

    name, tasks = "halved", ()

    def __init__(self, domain):
        self.domain = domain

    def __len__(self):
        return len(self.domain)

    def read(self, index, keys):
        return {"image": tf.cast(self.domain.read(index, keys)["image"], "float32") / 255}


def test_a_users_wrapper_is_looked_at_and_not_what_it_wraps():
    wrapper = Halved(Domain.from_arrays(np.zeros((2, 8, 9, 3), "uint8")))
    with pytest.raises(ValueError, match=r"^Halved\.read gives 'image' as float32"):
        training_batches(Seen(wrapper, Camera(8, 9)), None, 2, None, seed=0)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda domain: Seen(domain, Camera(4, 4)),
        lambda domain: Resized(domain, 4, 4),
        lambda domain: cached(Resized(domain, 4, 4), "memory"),
        lambda domain: Seen(domain.with_classes(Semantic({"a": "road", "b": "*"})), Camera(4, 4)),
    ],
    ids=["seen", "resized", "cached", "regrouped"],
)
def test_training_refuses_them_before_a_graph_fails(wrap):
    task = "semantic"
    with pytest.raises(ValueError, match=r"^Mine\.read gives 'image' of unknown rank"):
        training_batches(wrap(Mine()), task, 2, None, seed=0)
    [image, labels] = next(iter(training_batches(wrap(Mine(*CHANNELS)), task, 2, None, seed=0)))
    assert (image.shape, labels.shape) == ((2, 4, 4, 3), (2, 4, 4))


def test_frames_that_no_graph_cuts_or_resizes_may_be_of_unknown_rank():
    domain = Mine()
    assert domain[1]["image"].shape == (8, 9, 3)
    assert len(list(domain.dataset(("image",)))) == 2
    assert cached(domain, "memory")[0]["depth"].shape == (8, 9)
    assert Resized(domain, 4, 4)[0]["image"].shape == (4, 4, 3)
