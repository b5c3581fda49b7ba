"""From frames to batches.

- `training_batches`: endless random crops, a function of the seed and the batch's number.
- `evaluation_batches`: whole frames in order.
- `random_crop`, `augment`: what happens to a frame on the way.
"""

from adaat_keras.domains.pipeline.evaluation_batches import evaluation_batches
from adaat_keras.domains.pipeline.training_batches import training_batches

__all__ = ["evaluation_batches", "training_batches"]
