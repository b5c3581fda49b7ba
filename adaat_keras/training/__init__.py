"""The steps of the method, each a Keras model with its own `train_step` and `test_step`.

- `network_trainer`: what they have in common.
- `supervised_trainer`: a base model on labels (step 2; AT/DT's step 1).
- `adversarial_trainer`: base model 1 against the domain classifier (step 1, equations 1 and 2).
- `edge_head`, `moment_distance`: what these may add to their losses.
- `transfer_trainer`: the transfer function between two base models (step 3, equation 3).
- `dan_trainer`, `fcns_in_the_wild_trainer`: base model 2 as other methods adapt it, by
  `multi_kernel_mmd` and by `class_size_penalty`.
- `taught_trainer`: base model 2 on what a teacher makes of the target's labels of task 1, by
  `teach`, as `transfer_trainer` may too.
- `cycle_gan_trainer`: translations between the domains' images, with an `image_pool`.
- `adversarial_losses/`: what the classifier and the encoder minimize, one file each.
- `schedules`: learning rates over a step's training.
- `checkpoint`, `stop_on_nan`, `time_left`, `short_progress`: callbacks.
- `devices`: which devices to train on; `this_machine`, `machines`: on several machines.
"""

from adaat_keras.training.adversarial_trainer import AdversarialTrainer
from adaat_keras.training.cycle_gan_trainer import CycleGanTrainer
from adaat_keras.training.dan_trainer import DanTrainer
from adaat_keras.training.fcns_in_the_wild_trainer import FcnsInTheWildTrainer
from adaat_keras.training.taught_trainer import TaughtTrainer
from adaat_keras.training.trainer import SupervisedTrainer
from adaat_keras.training.transfer_trainer import TransferTrainer

__all__ = [
    "AdversarialTrainer",
    "CycleGanTrainer",
    "DanTrainer",
    "FcnsInTheWildTrainer",
    "SupervisedTrainer",
    "TaughtTrainer",
    "TransferTrainer",
]
