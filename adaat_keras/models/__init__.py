"""The networks; they take channel counts and know no task.

- `base_model`: encoder E, decoder D, and both as one network N for any image size.
- `domain_classifier`: features to domain logits (C).
- `transfer`: features of task 1 to features of task 2 (G), in the paper's three variants.
- `ada_atdt`: the whole, D2(G(E1(x))).
- `at_dt`: AT/DT's own encoder, decoder and transfer function in their place.
- `mobilenet_v2`: an encoder that has seen ImageNet, in its place.
- `cycle_gan`: CycleGAN's networks, for methods that translate images.
- `sizes`: the named sizes and architectures.
- `preset_format`: the files of a published model; `preset_places`: where they are; `trust` and
  `plain_arrays`: what is looked at before anything is made of them.
"""

from adaat_keras.models.ada_atdt import AdaAtdt
from adaat_keras.models.at_dt import DilatedResnet50, SixConvolutions, UpsamplingDecoder
from adaat_keras.models.base_model import BaseModel, Decoder, Encoder, Network
from adaat_keras.models.cycle_gan import Generator, PatchDiscriminator
from adaat_keras.models.domain_classifier import DomainClassifier
from adaat_keras.models.mobilenet_v2 import MobilenetV2
from adaat_keras.models.transfer import Conv, Unet, UnetAttention

__all__ = [
    "AdaAtdt",
    "BaseModel",
    "Conv",
    "Decoder",
    "DilatedResnet50",
    "DomainClassifier",
    "Encoder",
    "Generator",
    "MobilenetV2",
    "Network",
    "PatchDiscriminator",
    "SixConvolutions",
    "Unet",
    "UnetAttention",
    "UpsamplingDecoder",
]
