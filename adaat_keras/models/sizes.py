"""The named sizes and architectures of the networks."""

from typing import NamedTuple

from adaat_keras.models.at_dt import DilatedResnet50, SixConvolutions, UpsamplingDecoder
from adaat_keras.models.base_model import Decoder, Encoder, Network
from adaat_keras.models.transfer import UnetAttention
from adaat_keras.registry import check_name

SIZES: dict[str, dict[str, int]] = {
    # Small enough to try every step in seconds; it learns next to nothing.
    "tiny": {"base_filters": 4, "residual_blocks": 1},
    # Trains on a laptop's processor.
    "small": {"base_filters": 16, "residual_blocks": 3},
    # Table 1.
    "paper": {"base_filters": 64, "residual_blocks": 6},
}


def size_options(size: str) -> dict[str, int]:
    """`base_filters` and `residual_blocks` of a named size."""
    check_name("size", size, list(SIZES))
    return SIZES[size]


def size_name(base_filters: int, residual_blocks: int) -> str:
    """The name of a size by its options; a description where it has none.

    Example:
        >>> size_name(64, 6), size_name(24, 2)
        ('paper', 'base_filters=24, residual_blocks=2')
    """
    options = {"base_filters": base_filters, "residual_blocks": residual_blocks}
    named = (name for name, size in SIZES.items() if size == options)
    return next(named, f"base_filters={base_filters}, residual_blocks={residual_blocks}")


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
