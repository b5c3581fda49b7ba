"""The training steps that methods are made of.

- `step`: what the harness needs to know of a step.
- `joint_step`: base model 1 on both domains' labels (AT/DT).
- `adversarial_step`: the same against the domain classifier (equations 1, 2).
- `supervised_step`: base model 2 on one domain's labels.
- `transfer_step`: the transfer function (equation 3); `teacher_step`: a teacher for it that reads
  labels of task 1; `taught_step`: base model 2 by that teacher.
- `discrepancy_step`, `confusion_step`: base model 2 as DAN and FCNs in the wild adapt it.
- `translation_step`: translations between the domains' images, as CycleGAN and CyCADA learn them.
- `side_by_side`: batches of several domains; `with_target_images`: of a labelled and an unlabelled
  one.
"""

from adaat_keras.methods.steps.adversarial_step import adversarial_step
from adaat_keras.methods.steps.confusion_step import confusion_step
from adaat_keras.methods.steps.discrepancy_step import discrepancy_step
from adaat_keras.methods.steps.joint_step import joint_step
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.methods.steps.taught_step import taught_step
from adaat_keras.methods.steps.teacher_step import teacher_step
from adaat_keras.methods.steps.transfer_step import transfer_step, transfer_steps
from adaat_keras.methods.steps.translation_step import translation_step

__all__ = [
    "adversarial_step",
    "confusion_step",
    "discrepancy_step",
    "joint_step",
    "supervised_step",
    "taught_step",
    "teacher_step",
    "transfer_step",
    "transfer_steps",
    "translation_step",
]
