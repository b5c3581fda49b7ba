"""What is killed, or finds the disk full, ends as if nothing had been when it is given again.

Few moments of each command; `python benchmarks/reliability.py killed full other` tries them all.
"""

import random
import signal

import pytest
from faults import WRITES, DiskFull, Given, Killed, disturbed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return Given(tmp_path_factory.mktemp("given"), method="source_only")


def test_a_training_that_is_disturbed_again_and_again_ends_in_the_same_weights(given, tmp_path):
    faults = [
        Killed(pattern=r"os\.rename .*epoch-0001", signal=signal.SIGTERM),
        Killed(random.Random(0).randint(1, 20)),
        DiskFull(pattern=WRITES["model"][1]),
        DiskFull(pattern=WRITES["scores"][1]),
    ]
    assert disturbed(given, "training", faults, tmp_path / "run")["survived"] >= 3


@pytest.mark.parametrize(
    "name", ["frames of streets", "streets as a data set", "export", "predictions"]
)
def test_what_is_killed_is_finished_by_the_same_command(name, given, tmp_path):
    events = given.whole(name)[2]
    faults = [Killed(events // 2), Killed(events // 2, signal=signal.SIGTERM)]
    assert disturbed(given, name, faults, tmp_path / "place")["survived"] >= 1


@pytest.mark.parametrize("kind", ["predictions", "manifest"])
def test_a_full_disk_costs_a_line(kind, given, tmp_path):
    name, pattern = WRITES[kind]
    # An error that is raised in the disk's place names the folder that is written to.
    (tmp_path / "place").mkdir()
    faults = [DiskFull(pattern=pattern)]
    assert disturbed(given, name, faults, tmp_path / "place")["survived"] == 1
