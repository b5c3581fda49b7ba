import json

import pytest

from adaat_keras.training.devices import strategy_for, this_machine


def tf_config(kind, index, **cluster):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 1)),
        (tf_config("worker", 0, worker=["a:1"]), (0, 1)),
        (tf_config("worker", 1, worker=["a:1", "b:1"]), (1, 2)),
        (tf_config("chief", 0, chief=["a:1"], worker=["b:1", "c:1"]), (0, 3)),
        (tf_config("worker", 1, chief=["a:1"], worker=["b:1", "c:1"]), (2, 3)),
    ],
)
def test_the_chief_comes_first_then_the_workers(text, expected, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    assert this_machine() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{worker", r"TF_CONFIG is '\{worker', where it should be like .*HOST:PORT"),
        ("[]", r"TF_CONFIG is '\[\]'"),
        (tf_config("worker", 2, worker=["a:1", "b:1"]), r"task .*2.* is not in its cluster"),
        (tf_config("chief", 0, worker=["a:1", "b:1"]), "'chief'.* is not in its cluster"),
        (tf_config("worker", 0, worker=["a:1"], ps=["b:1"]), "the jobs worker, ps; this trains on"),
    ],
)
def test_a_tf_config_that_makes_no_sense_is_named(text, message, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=message):
        this_machine()


def test_more_devices_than_each_machine_has_are_an_error(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config("worker", 0, worker=["a:1", "b:1"]))
    with pytest.raises(ValueError, match="3 devices asked for, but this machine has 1"):
        strategy_for(3)
