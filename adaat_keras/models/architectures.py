"""The named architectures: which networks a model is made of."""

from typing import NamedTuple

from adaat_keras.models.decoder import Decoder
from adaat_keras.models.dilated_resnet50 import DilatedResnet50
from adaat_keras.models.encoder import Encoder
from adaat_keras.models.network import Network
from adaat_keras.models.transfer.six_convolutions import SixConvolutions
from adaat_keras.models.transfer.unet_attention import UnetAttention
from adaat_keras.models.upsampling_decoder import UpsamplingDecoder
from adaat_keras.registry import check_name


class Architecture(NamedTuple):
    """The classes of a base model's networks, and of the transfer function that goes with them.

    Encoders take `base_filters` and `residual_blocks`, decoders `channels` and `base_filters`.
    """

    encoder: type[Network]
    decoder: type[Network]
    transfer: type[Network]
    # Whether other transfer functions fit: a U-Net on thousands of channels would have billions
    # of parameters.
    any_transfer: bool


ARCHITECTURES: dict[str, Architecture] = {
    # The paper's.
    "residual": Architecture(Encoder, Decoder, UnetAttention, any_transfer=True),
    # AT/DT's (Ramirez et al. 2019).
    "dilated_resnet50": Architecture(
        DilatedResnet50, UpsamplingDecoder, SixConvolutions, any_transfer=False
    ),
}


def get(name: str) -> Architecture:
    """The architecture of this name; a `ValueError` that lists the names if there is none."""
    check_name("architecture", name, list(ARCHITECTURES))
    return ARCHITECTURES[name]


def check_transfer(architecture: str, transfer: str) -> None:
    """Raise a `ValueError` unless the architecture can have this transfer function."""
    own = get(architecture).transfer.kind
    if transfer != own and not get(architecture).any_transfer:
        raise ValueError(
            f"architecture {architecture!r} has a transfer function of its own, {own!r}, and "
            f"cannot have {transfer!r}: leave the transfer function out"
        )
