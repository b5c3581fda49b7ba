"""From frames to batches.

- `training_batches`: endless random crops, a function of the seed and the batch's number.
- `evaluation_batches`: whole frames in order; `keys_of`: what both read of a frame.
- `portion`: which part of every batch a machine reads; `dealt_out`: batches for validation, each
  for one device.
- `random_crop`, `augment`, `restyle`: what happens to a frame on the way; `augmentations` names
  the last two.
- `class_frequencies`, `class_sizes`: how often each class occurs, for a loss that balances them,
  and how much of a picture it takes; `class_shares`: of one picture.
- `resized`: a domain at another size, by `nearest` for labels, `nearest_valid` for depth.
- `cached`: a domain that is decoded once, into a `memory_cache` or a `disk_cache`, each a
  `key_cache`.
- `pack`: a domain in a few files, which `Packed` reads; made of `write_shards`, `shard_index`
  (which frame is where), `packed_key` (reads one key of them), `fingerprint` (whose they are).
"""

from adaat_keras.domains.pipeline.augmentations import AUGMENTATIONS
from adaat_keras.domains.pipeline.cached import cached
from adaat_keras.domains.pipeline.class_frequencies import class_frequencies
from adaat_keras.domains.pipeline.class_sizes import class_sizes
from adaat_keras.domains.pipeline.dealt_out import dealt_out
from adaat_keras.domains.pipeline.evaluation_batches import evaluation_batches
from adaat_keras.domains.pipeline.pack import pack
from adaat_keras.domains.pipeline.portion import Portion
from adaat_keras.domains.pipeline.resized import Resized
from adaat_keras.domains.pipeline.training_batches import training_batches

__all__ = [
    "AUGMENTATIONS",
    "Portion",
    "Resized",
    "cached",
    "class_frequencies",
    "class_sizes",
    "dealt_out",
    "evaluation_batches",
    "pack",
    "training_batches",
]
