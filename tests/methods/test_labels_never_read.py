"""The labels of task 2 on B: no method of transfer may read them."""

from pathlib import Path

import pytest

from adaat_keras.methods.harness.train_from_config import train_from_config


def there(options, task):
    """The splits of the target that have labels of a task."""
    files = Path(options["cache"]).glob(f"streets_real-*/{task}.npy")
    return {split for f in files for split in ("train", "val", "test") if f"-{split}-" in str(f)}


@pytest.mark.parametrize("method", ["ada_atdt", "at_dt"])
def test_training_needs_no_labels_of_task_2_on_the_target(method, run_of):
    folder = run_of(method)
    assert there(folder.read_config().target_options, "semantic") == {"test"}
    assert folder.finished


@pytest.mark.parametrize(("from_task", "to_task"), [("depth", "semantic"), ("semantic", "depth")])
def test_the_oracle_needs_them_and_names_the_file(from_task, to_task, tiny, withheld, tmp_path):
    options = {"from_task": from_task, "to_task": to_task, "target_options": withheld(to_task)}
    config = tiny(method="oracle", **options)
    with pytest.raises(FileNotFoundError, match=rf"streets_real-.*-train-.*/{to_task}\.npy"):
        train_from_config(config, tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()
