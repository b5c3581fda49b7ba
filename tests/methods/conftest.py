"""Two domains in memory."""

import pytest
from method_kit import make_domain


@pytest.fixture(scope="session")
def source():
    """Domain A with labels of all tasks, as a dictionary of splits."""
    return {"train": make_domain("here", 1), "val": make_domain("here", 2, count=1)}


@pytest.fixture(scope="session")
def targets():
    """Gives domain B with labels of these tasks alone, as a dictionary of splits."""

    def make(*labels):
        splits = {"train": (3, 3), "val": (4, 1)}
        return {
            split: make_domain("there", seed, count, labels=labels)
            for split, (seed, count) in splits.items()
        }

    return make


@pytest.fixture(scope="session")
def target(targets):
    """Domain B with labels of depth alone."""
    return targets("depth")
