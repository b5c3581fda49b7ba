"""The transfer function G as a U-Net with spatial attention."""

import keras

from adaat_keras.models.transfer.unet import Unet


@keras.saving.register_keras_serializable("adaat_keras")
class UnetAttention(Unet):
    """The U-Net transfer with spatial attention on every skip (the paper's G, `U-Net + att.`).

    As `Unet`, each skip connection weighted by `SpatialAttention` before it is concatenated
    (section 4.3): 71,806,339 parameters.

    Example:
        >>> UnetAttention(features=16)(keras.ops.ones((1, 16, 32, 16))).shape
        TensorShape([1, 16, 32, 16])
    """

    kind = "unet_attention"
    attention = True
