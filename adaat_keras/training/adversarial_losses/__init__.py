"""Adversarial losses, one file each. `get("least_squares")` gives the loss."""

from adaat_keras.registry import Registry
from adaat_keras.training.adversarial_losses.adversarial_loss import AdversarialLoss

_registry = Registry(
    "adversarial loss", "adaat_keras.training.adversarial_losses", base="adversarial_loss"
)


def get(name: str | AdversarialLoss, **options) -> AdversarialLoss:
    """The adversarial loss of this name; a loss is handed through."""
    return name if isinstance(name, AdversarialLoss) else _registry.get(name)(**options)


def names() -> list[str]:
    """Every adversarial loss' name."""
    return _registry.names()
