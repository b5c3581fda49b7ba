"""What trainings are made of, whatever the method.

- `trainer`: what all trainers have in common, and the `SupervisedTrainer`; each method's own is in
  its file in `adaat_keras.methods`.
- `losses`: the adversarial losses.
- `schedules`: learning rates over a stage's training.
- `callbacks`, `checkpoint`: what a run keeps and says.
- `devices`: which devices and machines to train on.
- `keras_workarounds`: the private methods of Keras that several devices need overridden.

The losses and schedules work on every Keras backend; the rest is TensorFlow's, and imported when
it is first asked for.
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
