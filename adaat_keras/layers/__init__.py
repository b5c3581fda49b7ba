"""Parts that networks are made of; they know only Keras.

- `reflection_padding`: mirrors an image at its border.
- `instance_normalization`: every channel of every image to mean 0, variance 1.
- `residual_block`: the block that the encoder is a stack of; `bottleneck_block`: ResNet-50's.
- `spatial_attention`: weights a skip connection by location.
- `gradient_reversal`: forward the identity, backward the sign turned.
- `pad_to_stride`, `crop_like`: any image size for a network with a stride.
"""

from adaat_keras.layers.bottleneck_block import BottleneckBlock
from adaat_keras.layers.crop_like import CropLike
from adaat_keras.layers.gradient_reversal import GradientReversal
from adaat_keras.layers.instance_normalization import InstanceNormalization
from adaat_keras.layers.pad_to_stride import PadToStride
from adaat_keras.layers.reflection_padding import ReflectionPadding
from adaat_keras.layers.residual_block import ResidualBlock
from adaat_keras.layers.spatial_attention import SpatialAttention

__all__ = [
    "BottleneckBlock",
    "CropLike",
    "GradientReversal",
    "InstanceNormalization",
    "PadToStride",
    "ReflectionPadding",
    "ResidualBlock",
    "SpatialAttention",
]
