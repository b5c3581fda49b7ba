"""The networks; they take channel counts and know no task.

- `network`: what they have in common.
- `encoder`: image to features at a quarter of its size (E).
- `decoder`: features to a dense prediction (D).
- `dilated_resnet50`, `upsampling_decoder`: AT/DT's encoder and decoder in their place;
  `architectures`: which networks go together, by name.
- `base_model`: encoder and decoder as one network for any image size (N).
- `domain_classifier`: features to domain logits (C).
- `transfer/`: features of task 1 to features of task 2 (G), one file a variant.
- `ada_atdt`: the whole, D2(G(E1(x))).
- `generator`, `patch_discriminator`: CycleGAN's networks, for methods that translate images.
- `tiled`: predictions of large images in overlapping tiles.
- `sizes`: the named sizes; `reseed`: first weights that a seed alone decides.
- `read_model`: a model from a `.keras` file.
- `preset_format`: the files of a published model; `read_preset` reads them, by `read_weights` and
  `check_classes`.
"""

from adaat_keras.models import transfer
from adaat_keras.models.ada_atdt import AdaAtdt
from adaat_keras.models.base_model import BaseModel
from adaat_keras.models.decoder import Decoder
from adaat_keras.models.dilated_resnet50 import DilatedResnet50
from adaat_keras.models.domain_classifier import DomainClassifier
from adaat_keras.models.encoder import Encoder
from adaat_keras.models.generator import Generator
from adaat_keras.models.patch_discriminator import PatchDiscriminator
from adaat_keras.models.upsampling_decoder import UpsamplingDecoder

__all__ = [
    "AdaAtdt",
    "BaseModel",
    "Decoder",
    "DilatedResnet50",
    "DomainClassifier",
    "Encoder",
    "Generator",
    "PatchDiscriminator",
    "UpsamplingDecoder",
]

# Keras finds the class of a saved network only once its module is imported.
for _name in transfer.names():
    transfer.get(_name)
