"""The networks; they take numbers of channels and are independent of tasks.

- `base_model`: encoder E, decoder D, and both as one network N for any image size.
- `domain_classifier`: features to domain logits (C).
- `transfer`: features of task 1 to features of task 2 (G), in the paper's three variants.
- `ada_atdt`: the whole model, D2(G(E1(x))).
- `at_dt`: AT/DT's own encoder, decoder and transfer function as an alternative.
- `mobilenet_v2`: an alternative encoder, pretrained on ImageNet.
- `cycle_gan`: CycleGAN's networks, for methods that translate images.
- `sizes`: the named sizes and architectures.
- `preset_format`: the files of a published model; `preset_places`: where to find them; `trust` and
  `plain_arrays`: security checks before they are loaded.
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
