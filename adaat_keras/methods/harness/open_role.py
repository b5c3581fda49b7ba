"""The domains of a configuration."""

from adaat_keras.domains.domain import Domain
from adaat_keras.methods.harness.open_domain import open_domain
from adaat_keras.methods.harness.run_config import RunConfig


def open_role(config: RunConfig, role: str, split: str) -> Domain:
    """Open a split of the configuration's `"source"` or `"target"`; raises as `open_domain`."""
    return open_domain(getattr(config, role), split, getattr(config, f"{role}_options"))
