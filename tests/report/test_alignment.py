"""Measures of alignment: how often C is right, how far G is off, how much of the gap is closed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import build_ada_atdt
from adaat_keras.domains.domain import Domain
from adaat_keras.report.probe import domain_accuracy, transfer_error
from adaat_keras.report.score import gap_closed
from adaat_keras.report.tables import format_table


class Flat(Domain):
    """Frames of one grey level each."""

    name, tasks = "flat", ()

    def __init__(self, *levels):
        self.levels = levels

    def __len__(self):
        return len(self.levels)

    def read(self, index, keys):
        level = tf.gather(tf.constant(self.levels, "uint8"), index)
        return {"image": tf.fill([40, 52, 3], level)}


def level_encoder():
    encoder = keras.Sequential([keras.Input((None, None, 3)), keras.layers.AveragePooling2D(4)])
    encoder.stride = 4
    return encoder


def above(level):
    """A classifier whose logit is the level above this one."""
    return keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.Lambda(lambda x: x[..., :1] - level)]
    )


@pytest.mark.parametrize(
    ("is_source", "threshold", "share"), [(True, 0, 0.75), (False, 0, 0.25), (True, 60, 0.5)]
)
def test_the_classifier_is_right_where_its_logit_is_on_the_domains_side(
    is_source, threshold, share
):
    domain = Flat(50, 150, 200, 250)
    accuracy = domain_accuracy(level_encoder(), above(100), domain, is_source, threshold)
    assert accuracy == pytest.approx(share)


def test_of_a_critic_without_a_threshold_nobody_knows_whether_it_is_right():
    assert np.isnan(domain_accuracy(level_encoder(), above(100), Flat(50), True, threshold=None))


def test_a_transfer_that_gives_what_it_should_has_no_error():
    model = build_ada_atdt(size="tiny", transfer="conv")
    model.encoder_2.set_weights(model.encoder_1.get_weights())
    stride_8 = keras.Sequential(
        [keras.Input((None, None, 16)), keras.layers.ReLU(negative_slope=1)]
    )
    stride_8.stride = 8
    model.transfer = stride_8
    assert transfer_error(model, Noise()) == pytest.approx(0, abs=1e-6)


def test_a_transfer_that_knows_the_mean_alone_has_an_error_of_about_one():
    model = build_ada_atdt(size="tiny", transfer="conv")
    features = model.encoder_2(Noise().read(0, ())["image"][None])
    mean = np.mean(features, axis=(0, 1, 2))
    still = keras.Sequential([keras.Input((None, None, 16)), keras.layers.Conv2D(16, 1)])
    still.set_weights([np.zeros((1, 1, 16, 16), "float32"), mean])
    still.stride = 8
    model.transfer = still
    assert transfer_error(model, Noise()) == pytest.approx(1, abs=1e-4)


class Noise(Flat):
    """One frame of noise."""

    def __init__(self):
        super().__init__(0)

    def read(self, index, keys):
        noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3))
        return {"image": tf.constant(noise, "uint8")}


@pytest.mark.parametrize(
    ("method", "source_only", "oracle", "share"),
    [(0.5, 0.4, 0.6, 0.5), (0.3, 0.4, 0.6, -0.5), (0.2, 0.3, 0.1, 0.5), (1, 2, 2, None)],
)
def test_the_gap_closed_is_the_share_of_the_way_to_the_oracle(method, source_only, oracle, share):
    assert gap_closed(method, source_only, oracle) == share


def test_a_table_with_both_bounds_tells_the_gap_closed_by_the_mean_of_the_seeds():
    scores = {"source_only": (0.3, 0.5), "ada_atdt": (0.4, 0.6), "oracle": (0.6, 0.6)}
    rows = [
        {"method": name, "seed": n, "metrics": {"target": {"mean_iou": value}, "source": {}}}
        for name, values in scores.items()
        for n, value in enumerate(values)
    ]
    config = {"source": "a", "target": "b", "from_task": "depth"}
    lines = format_table({"to_task": "semantic", "config": config, "rows": rows}).splitlines()
    assert [
        line.split("|")[-2].strip() for line in lines if line[:1] == "|" and "---" not in line
    ] == [
        "gap closed %",
        "0",
        "50",
        "100",
    ]
