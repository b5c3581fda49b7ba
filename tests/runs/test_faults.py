"""What is killed, or finds the disk full, ends as if nothing had been when it is given again."""

import random

import pytest
from faults import WORKS, WRITES, ClockJumps, DiskFull, Given, Gone, Killed, disturbed, moments

SHORT = [name for name in WORKS if not name.startswith("training")]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return Given(tmp_path_factory.mktemp("given"), method="source_only")


@pytest.mark.slow
def test_a_training_that_is_disturbed_again_and_again_ends_in_the_same_weights(given, tmp_path):
    kinds = [kind for kind, (name, _) in WRITES.items() if name == "training"]
    # By injection: the error comes where the file is opened or renamed.
    faults = [DiskFull(pattern=WRITES[kind][1]) for kind in kinds]
    killed = [fault for fault in moments(given, "training", 8, seed=1) if fault.after is None]
    # In the order of what is written; those that are killed come first, or nothing is left to kill.
    faults[kinds.index("checkpoint") : 0] = killed[:2]
    outcome = disturbed(given, "training", faults, tmp_path / "run")
    assert outcome["survived"] >= len(kinds)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_what_is_killed_is_finished_by_the_same_command(name, given, tmp_path):
    rng = random.Random(name)
    events = given.whole(name)[2]
    faults = [Killed(rng.randint(1, events)), Killed(rng.randint(1, events // 2), signal=15)]
    assert disturbed(given, name, faults, tmp_path / "place")["survived"] >= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind, (name, _) in WRITES.items() if name in SHORT])
def test_a_full_disk_costs_a_line(kind, given, tmp_path):
    name, pattern = WRITES[kind]
    faults = [DiskFull(pattern=pattern)]
    assert disturbed(given, name, faults, tmp_path / "place")["survived"] == 1


@pytest.mark.slow
def test_a_training_bears_a_clock_that_jumps(given, tmp_path):
    disturbed(given, "training", [ClockJumps()], tmp_path / "run")


@pytest.mark.slow
def test_a_cache_that_disappears_between_two_epochs_is_made_again(given, tmp_path):
    cache = tmp_path / "run" / "cache"
    gone = Gone(pattern=r"os\.rename .*epoch-0001", what=str(cache))
    disturbed(given, "training from a disk cache", [gone], tmp_path / "run")
    assert [*cache.rglob("*.tfrecord")]
