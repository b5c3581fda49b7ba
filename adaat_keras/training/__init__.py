"""What trainings are made of, whatever the method.

- `trainer`: what all trainers have in common, and the `SupervisedTrainer`; each method's own is in
  its file in `adaat_keras.methods`.
- `losses`: the adversarial losses.
- `schedules`: learning rates over a stage's training.
- `callbacks`, `checkpoint`: what a run keeps and says.
- `devices`: which devices and machines to train on.
- `keras_workarounds`: the private methods of Keras that several devices need overridden.
"""

from adaat_keras.training.trainer import SupervisedTrainer, Trainer

__all__ = ["SupervisedTrainer", "Trainer"]
