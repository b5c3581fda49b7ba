from itertools import pairwise

import pytest

from adaat_keras.training.schedules import NAMES, learning_rate_schedule

pytestmark = pytest.mark.quick


def rate(schedule, step):
    return float(schedule(step)) if callable(schedule) else schedule


@pytest.mark.parametrize("name", NAMES)
def test_every_schedule_falls_from_the_learning_rate_and_never_rises_again(name):
    schedule = learning_rate_schedule(name, 5e-4, epochs=30, steps_per_epoch=7)
    # The cosine rises over the first twentieth of the steps.
    rises = 210 // 20 if name == "cosine" else 0
    rates = [rate(schedule, step) for step in range(rises, 211, 7)]
    assert rates[0] == pytest.approx(5e-4)
    assert all(later <= earlier for earlier, later in pairwise(rates))


@pytest.mark.parametrize(
    ("epoch", "halvings"), [(0, 0), (9.99, 0), (10, 1), (19.99, 1), (20, 2), (150, 15)]
)
def test_the_papers_schedule_halves_every_ten_epochs(epoch, halvings):
    schedule = learning_rate_schedule("paper", 5e-4, epochs=500, steps_per_epoch=100)
    assert rate(schedule, round(100 * epoch)) == pytest.approx(5e-4 / 2**halvings)


@pytest.mark.parametrize("step", [3000, 5000])
def test_the_default_ends_at_two_percent_and_stays_there(step):
    schedule = learning_rate_schedule("cosine", 5e-4, epochs=30, steps_per_epoch=100)
    assert rate(schedule, step) == pytest.approx(1e-5)


def test_the_default_rises_for_a_twentieth_and_is_half_way_down_at_half_of_the_rest():
    schedule = learning_rate_schedule("cosine", 1.0, epochs=30, steps_per_epoch=100)
    assert rate(schedule, 75) == pytest.approx(0.51)
    assert rate(schedule, 150) == pytest.approx(1.0)
    assert rate(schedule, 150 + 2850 // 2) == pytest.approx(0.51, rel=1e-3)


def test_a_stage_too_short_to_rise_begins_at_the_top():
    assert rate(learning_rate_schedule("cosine", 1.0, epochs=1, steps_per_epoch=4), 0) == 1.0


def test_an_unknown_schedule_lists_the_others():
    with pytest.raises(ValueError, match="'linear'.*" + ".*".join(NAMES)):
        learning_rate_schedule("linear", 1.0, 1, 1)
