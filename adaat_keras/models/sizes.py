"""The named sizes and architectures of the networks."""

import re
from pathlib import Path
from typing import NamedTuple

import keras

from adaat_keras.models.at_dt import DilatedResnet50, SixConvolutions, UpsamplingDecoder
from adaat_keras.models.base_model import Decoder, Encoder, Network
from adaat_keras.models.mobilenet_v2 import MobilenetV2
from adaat_keras.models.transfer import UnetAttention, name_of
from adaat_keras.models.transfer import get as get_transfer
from adaat_keras.registry import check_name, load_object

SIZES: dict[str, dict[str, int]] = {
    # For quick tests: trains in seconds, but learns almost nothing.
    "tiny": {"base_filters": 4, "residual_blocks": 1},
    # Trains on a laptop's CPU.
    "small": {"base_filters": 16, "residual_blocks": 3},
    # Table 1.
    "paper": {"base_filters": 64, "residual_blocks": 6},
}


def size_options(size: str) -> dict[str, int]:
    """`base_filters` and `residual_blocks` of a size.

    Args:
        size: A name, or both numbers: `"base_filters=24, residual_blocks=2"`.

    Raises:
        ValueError: No size has this name.

    Example:
        >>> size_options("paper"), size_options("base_filters=24, residual_blocks=2")
        ({'base_filters': 64, 'residual_blocks': 6}, {'base_filters': 24, 'residual_blocks': 2})
    """
    if numbers := re.fullmatch(r"base_filters=(\d+), ?residual_blocks=(\d+)", str(size)):
        return {"base_filters": int(numbers[1]), "residual_blocks": int(numbers[2])}
    check_name("size", size, list(SIZES))
    return SIZES[size]


def size_name(base_filters: int, residual_blocks: int) -> str:
    """The name of a size with these options; the numbers if it has no name.

    Example:
        >>> size_name(64, 6), size_name(24, 2)
        ('paper', 'base_filters=24, residual_blocks=2')
    """
    options = {"base_filters": base_filters, "residual_blocks": residual_blocks}
    named = (name for name, size in SIZES.items() if size == options)
    return next(named, f"base_filters={base_filters}, residual_blocks={residual_blocks}")


class Architecture(NamedTuple):
    """The classes of a base model's encoder and decoder, and of the default transfer function.

    Encoders take `base_filters` and `residual_blocks`, decoders `channels` and `base_filters`,
    transfer functions `features`; all take `dtype` and `name`. An encoder has the attributes
    `features`, `stride`, `smallest` and `architecture`, the name by which `get` finds its
    architecture: for your own, its location, `"module:NAME"` or `"file.py:NAME"`. An encoder with
    pretrained weights also has `load_trunk`, as `MobilenetV2` does. See docs/extending.md for an
    example.
    """

    encoder: type[Network]
    decoder: type[Network]
    transfer: type[Network]
    # Whether other transfer functions can be used: a U-Net on thousands of channels would have
    # billions of parameters.
    any_transfer: bool


ARCHITECTURES: dict[str, Architecture] = {
    # The paper's.
    "residual": Architecture(Encoder, Decoder, UnetAttention, any_transfer=True),
    # AT/DT's (Ramirez et al. 2019).
    "dilated_resnet50": Architecture(
        DilatedResnet50, UpsamplingDecoder, SixConvolutions, any_transfer=False
    ),
    # With a trunk pretrained on ImageNet, for photographs.
    "mobilenet_v2": Architecture(MobilenetV2, Decoder, UnetAttention, any_transfer=True),
}


def get(what: str | Architecture) -> Architecture:
    """An architecture by its name or location; an `Architecture` is returned unchanged.

    Args:
        what: A name from `ARCHITECTURES`, `"module:NAME"`, `"file.py:NAME"`, or an `Architecture`.

    Raises:
        ValueError: No architecture has this name, or its encoder's `architecture` names another
            one, so that a saved model would be restored with the wrong classes.

    Example:
        >>> get("residual").encoder.__name__
        'Encoder'
    """
    if isinstance(what, str) and ":" not in what:
        check_name("architecture", what, list(ARCHITECTURES))
        return ARCHITECTURES[what]
    found = load_object(what, "architecture") if isinstance(what, str) else what
    if not isinstance(found, Architecture):
        raise ValueError(f"{what!r} is {found!r}, no {__name__}.Architecture")
    place = found.encoder.architecture
    saved = ARCHITECTURES.get(place) or load_object(place, "architecture")
    if saved.encoder is not found.encoder:
        raise ValueError(
            f"{found.encoder.__name__}.architecture is {place!r}, where another encoder is: say "
            "where its own Architecture is, 'module:NAME' or 'file.py:NAME'"
        )
    return found


def check_trunk(architecture: str | Architecture, trunk: Path | str | None) -> None:
    """Raise a `ValueError` if a trunk is given for an architecture without one."""
    if trunk is not None and not hasattr(get(architecture).encoder, "load_trunk"):
        raise ValueError(
            f"architecture {architecture!r} has no trunk to begin with {str(trunk)!r}: leave trunk "
            "out, or choose architecture 'mobilenet_v2'"
        )


def check_transfer(architecture: str | Architecture, transfer: str | type[keras.Model]) -> None:
    """Raise a `ValueError` unless the architecture supports this transfer function."""
    found = get(architecture)
    if found.any_transfer or get_transfer(transfer) is found.transfer:
        return
    raise ValueError(
        f"architecture {architecture!r} has a transfer function of its own, "
        f"{name_of(found.transfer)!r}, and cannot have {transfer!r}: leave the transfer function "
        "out"
    )
