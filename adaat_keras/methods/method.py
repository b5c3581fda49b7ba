"""What every method offers: the steps that train it, and the network that answers."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from adaat_keras.methods.harness.setup import Setup
    from adaat_keras.methods.steps.step import Step
    from adaat_keras.models import AdaAtdt


class Method(ABC):
    """A way to task 2 on the target domain.

    All methods train networks of one `AdaAtdt` model, in steps that the harness runs, resumes and
    scores; what a method does not train stays as it is.

    """

    @abstractmethod
    def steps(self, setup: "Setup") -> "list[Step]":
        """The training steps in order."""

    @abstractmethod
    def predictor(self, model: "AdaAtdt") -> keras.Model:
        """The network that predicts task 2 from an image."""
