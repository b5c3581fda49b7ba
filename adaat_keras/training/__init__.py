"""Building blocks of training that all methods share.

- `trainer`: the base class of all trainers, and the `SupervisedTrainer`; each method's own trainer
  is in its file in `adaat_keras.methods`.
- `losses`: the adversarial losses.
- `schedules`: learning rates over a stage's training.
- `callbacks`, `checkpoint`: logging and saving during a run.
- `devices`: the devices and machines to train on.
- `keras_workarounds`: the private methods of Keras that several devices need overridden.

The losses and schedules work on every Keras backend; the rest needs TensorFlow, and is imported on
first use.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaat_keras.training.trainer import SupervisedTrainer, Trainer

__all__ = ["SupervisedTrainer", "Trainer"]


def __getattr__(name: str):
    if name in __all__:
        return getattr(importlib.import_module("adaat_keras.training.trainer"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
