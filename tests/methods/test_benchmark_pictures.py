"""A benchmark's t-SNE sheet: a plot an encoder."""

import json

import numpy as np
import pytest

from adaat_keras import build_ada_atdt
from adaat_keras.methods.harness import benchmark_pictures as module
from adaat_keras.methods.harness.run_folder import RunFolder

NAMES = ("ada_atdt:conv", "ada_atdt:unet", "ada_atdt@paper")


@pytest.fixture
def drawn(tiny, tmp_path, monkeypatch):
    """Draws a benchmark whose runs have a weight of task 1 in step 3; gives the plots' titles."""
    model, groups = build_ada_atdt(size="tiny", transfer="conv"), {}
    monkeypatch.setattr(module, "load_run", lambda path: (None, model))
    monkeypatch.setattr(module, "draw_panels", lambda **_: None)
    monkeypatch.setattr(module, "sample_features", lambda *_: np.zeros((2, 2)))
    monkeypatch.setattr(module, "draw_tsne", lambda plots, *_: groups.update(plots))

    def titles(base_1_weight):
        groups.clear()
        metrics = {"base_1_target": {"abs_rel": 0.5}, "domain_probe": {"accuracy": 0.5}}
        for name in NAMES:
            folder = RunFolder(tmp_path / f"{base_1_weight}-{name}")
            folder.claim(tiny(base_1_weight=base_1_weight))
            folder.metrics.write_text(json.dumps(metrics))
        runs = {name: tmp_path / f"{base_1_weight}-{name}" for name in NAMES}
        module.benchmark_pictures(tiny(), runs, tmp_path)
        return list(groups)

    return titles


def test_transfer_functions_share_an_encoder_that_does_not_learn_beside_them(drawn):
    assert drawn(0.0) == ["ada_atdt", "ada_atdt@paper"]


def test_an_encoder_that_learns_beside_its_transfer_function_has_its_own_plot(drawn):
    assert drawn(1.0) == list(NAMES)
