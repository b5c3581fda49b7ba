"""One run at a time in a run's folder and in a stage's."""

import threading

import pytest

from adaat_keras.lock import InUse, locked
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.train import train_from_config


def test_a_run_in_a_folder_that_another_process_has_is_refused(config, tmp_path):
    folder = RunFolder(tmp_path / "run")
    with locked(folder.state, "wait for it"), pytest.raises(InUse, match="choose another"):
        train_from_config(config(method="source_only"), folder.path, verbose=0)
    assert not folder.config.exists()


@pytest.mark.usefixtures("eagerly", "unreported")
def test_a_stage_that_another_run_is_training_is_waited_for(config, tmp_path, monkeypatch):
    """Two runs with one store at the same time train their common stage once."""
    run = config(method="source_only", epochs=1, steps_per_epoch=1)
    train_from_config(run, tmp_path / "one", tmp_path / "stages", verbose=0)
    [kept] = (tmp_path / "stages").iterdir()
    done = (kept / "done.json").rename(kept / "later.json")
    before = (kept / "encoder_2.keras").stat().st_mtime_ns
    taken, waiting, said = threading.Event(), threading.Event(), []

    def other():
        with locked(kept, "wait for it"):
            taken.set()
            assert waiting.wait(60)
            done.rename(kept / "done.json")

    def told(text, **_):
        said.append(text)
        waiting.set()

    monkeypatch.setattr("adaat_keras.lock.print", told, raising=False)
    thread = threading.Thread(target=other)
    thread.start()
    taken.wait()
    train_from_config(run, tmp_path / "two", tmp_path / "stages", verbose=1)
    thread.join()
    assert said == [f"{kept} is in use by {said[0].split(' by ')[1]}"]
    assert "waiting for it" in said[0]
    assert (kept / "encoder_2.keras").stat().st_mtime_ns == before
