"""docs/extending.md does what it says: its blocks run, and networks of one's own come back."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt, fit_ada_atdt, load
from adaat_keras.domains import Domain
from adaat_keras.models import Encoder, sizes
from adaat_keras.registry import load_object

pytestmark = pytest.mark.usefixtures("unchanged_images")
PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
BRIEF = {"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "crop": 64, "verbose": 0}
IMAGES = np.random.default_rng(0).uniform(0, 255, (1, 50, 70, 3)).astype("float32")


def block(word):
    """The block of the page with this word in it."""
    [found] = [each for each in BLOCKS if word in each]
    return found


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("word", ["pairs_of_batches", "TwiceSupervised"])
def test_a_loop_and_a_method_of_ones_own(word, tmp_path, monkeypatch):
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path))
    code = block(word).replace("frames=16", "frames=2, height=64, width=64")
    names = {"__name__": "page"}
    exec(code, names)
    assert word != "TwiceSupervised" or names["method"].name == "twice_supervised"


@pytest.fixture(scope="module")
def separable(tmp_path_factory):
    """The page's networks, in a file."""
    file = tmp_path_factory.mktemp("networks") / "separable.py"
    file.write_text(block("class Separable"))
    return f"{file}:SEPARABLE"


def frames(*tasks):
    """A domain in memory."""
    random = np.random.default_rng(1)
    labels = {
        "depth": random.uniform(1, 80, (2, 64, 64)).astype("float32"),
        "semantic": random.integers(0, 11, (2, 64, 64)),
    }
    images = random.integers(0, 256, (2, 64, 64, 3)).astype("uint8")
    return Domain.from_arrays(images, **{task: labels[task] for task in tasks})


@pytest.fixture(scope="module")
def trained(separable, graphs, tmp_path_factory):
    """A model of these networks, trained in a folder."""
    folder = tmp_path_factory.mktemp("run") / "run"
    options = {"transfer": "conv", "size": "tiny", "seed": 0}
    model = build_ada_atdt(architecture=separable, **options)
    domains = frames("depth", "semantic"), frames("depth")
    with graphs(False):
        fit_ada_atdt(model, *domains, method="at_dt", recipe="paper", directory=folder, **BRIEF)
    return model, folder


def test_networks_of_ones_own_are_trained_and_come_back(trained, separable, tmp_path):
    """From the run, from a file of Keras', and from a preset."""
    model, folder = trained
    assert type(model.encoder_1) is load_object(separable).encoder
    model.save(tmp_path / "model.keras")
    model.save_to_preset(tmp_path / "preset")
    saved = keras.saving.load_model(tmp_path / "model.keras")
    expected = model.predict(IMAGES, verbose=0)
    for other in (load(folder), saved):
        np.testing.assert_array_equal(other.predict(IMAGES, verbose=0), expected)
    # Whose weights are float16.
    preset = load(tmp_path / "preset")
    assert type(preset.encoder_1) is type(model.encoder_1)
    off = np.abs(preset.predict(IMAGES, verbose=0) - expected).max()
    assert off <= 0.01 * np.abs(expected).max()


def test_a_place_that_holds_no_architecture_is_named(separable):
    what = separable.replace("SEPARABLE", "Separable")
    with pytest.raises(ValueError, match=r"Separable'.* is .*, no adaat_keras.*Architecture"):
        sizes.get(what)


def test_an_encoder_that_says_it_is_another_is_refused():
    """Or its weights would come back as the other's."""

    class Mine(Encoder):
        """Inherits what names its architecture."""

    own = sizes.ARCHITECTURES["residual"]._replace(encoder=Mine)
    with pytest.raises(ValueError, match=r"Mine\.architecture is 'residual', where another"):
        build_ada_atdt(architecture=own, size="tiny")
