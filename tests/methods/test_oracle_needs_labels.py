"""The oracle reads the labels of task 2 on B, which no other method may."""

import pytest

from adaat_keras.methods.harness.train_from_config import train_from_config


@pytest.mark.parametrize(("from_task", "to_task"), [("depth", "semantic"), ("semantic", "depth")])
def test_the_oracle_needs_them_and_names_the_file(from_task, to_task, tiny, withheld, tmp_path):
    options = {"from_task": from_task, "to_task": to_task, "target_options": withheld(to_task)}
    config = tiny(method="oracle", **options)
    with pytest.raises(FileNotFoundError, match=rf"streets_real-.*-train-.*/{to_task}\.npy"):
        train_from_config(config, tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()
