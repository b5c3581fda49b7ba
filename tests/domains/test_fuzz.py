"""Every reader of data gets inputs that are damaged in every way, and reads right or refuses."""

import resource
import warnings

import pytest
from fuzz import READERS, RIGHT, outcomes

INPUTS = 500
_GB = 1 << 20  # in KiB, as the system counts


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_every_mutated_input_is_read_right_or_refused(reader):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = outcomes(reader, INPUTS)
    assert sum(found.values()) == INPUTS
    # A reader that refused everything would pass all else.
    assert found[RIGHT] >= INPUTS // 50, found
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _GB
