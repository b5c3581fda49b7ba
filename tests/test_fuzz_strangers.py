"""Presets, runs and options that are damaged in every way: read right, or refused by name.

A part of the inputs; `python benchmarks/reliability.py` tries 500 of each reader.
"""

import resource
import warnings

import fuzz_strangers
import pytest
from fuzz import READERS, RIGHT, outcomes

INPUTS = {"presets: folders": 8, "presets: config.json": 30, "runs: .keras files": 40}
OURS = [name for name, one in READERS.items() if one.__module__ == fuzz_strangers.__name__]
_GB = 1 << 20  # in KiB, as the system counts


@pytest.mark.parametrize("reader", OURS)
def test_every_mutated_input_is_read_right_or_refused(reader):
    inputs = INPUTS.get(reader, 100)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = outcomes(reader, inputs)
    assert sum(found.values()) == inputs
    # A reader that refused everything would pass all else.
    assert found[RIGHT], found
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _GB


def test_every_reader_is_in_the_list():
    assert len(OURS) == 11
