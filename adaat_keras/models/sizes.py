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
    # Small enough to try every stage in seconds; it learns next to nothing.
    "tiny": {"base_filters": 4, "residual_blocks": 1},
    # Trains on a laptop's processor.
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
    if numbers := re.fullmatch(r"base_filters=(\d+), ?residual_blocks=(\d+)", size):
        return {"base_filters": int(numbers[1]), "residual_blocks": int(numbers[2])}
    check_name("size", size, list(SIZES))
    return SIZES[size]


def size_name(base_filters: int, residual_blocks: int) -> str:
    """The name of a size by its options; the numbers where it has none.

    Example:
        >>> size_name(64, 6), size_name(24, 2)
        ('paper', 'base_filters=24, residual_blocks=2')
    """
    options = {"base_filters": base_filters, "residual_blocks": residual_blocks}
    named = (name for name, size in SIZES.items() if size == options)
    return next(named, f"base_filters={base_filters}, residual_blocks={residual_blocks}")


class Architecture(NamedTuple):
    """The classes of a base model's networks, and of the transfer function that goes with them.

    Encoders take `base_filters` and `residual_blocks`, decoders `channels` and `base_filters`,
    transfer functions `features`; all take `dtype` and `name`. An encoder has `features`, `stride`,
    `smallest` and `architecture`, which is what `get` finds its architecture by: for one of your
    own its place, `"module:NAME"` or `"file.py:NAME"`. docs/extending.md has one. An encoder whose
    first weights are not drawn has `load_trunk` too, as `MobilenetV2` has.
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
    # A trunk that has seen photographs, for photographs.
    "mobilenet_v2": Architecture(MobilenetV2, Decoder, UnetAttention, any_transfer=True),
}


def get(what: str | Architecture) -> Architecture:
    """An architecture by its name or its place; one is handed through.

    Args:
        what: A name of `ARCHITECTURES`, `"module:NAME"`, `"file.py:NAME"`, or an `Architecture`.

    Raises:
        ValueError: No architecture has this name, or its encoder says that it is of another one,
            as which a saved model would come back.

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
    """Raise a `ValueError` unless the architecture can begin with this trunk, if one is given."""
    if trunk is not None and not hasattr(get(architecture).encoder, "load_trunk"):
        raise ValueError(
            f"architecture {architecture!r} has no trunk to begin with {str(trunk)!r}: leave trunk "
            "out, or choose architecture 'mobilenet_v2'"
        )


def check_transfer(architecture: str | Architecture, transfer: str | type[keras.Model]) -> None:
    """Raise a `ValueError` unless the architecture can have this transfer function."""
    found = get(architecture)
    if found.any_transfer or get_transfer(transfer) is found.transfer:
        return
    raise ValueError(
        f"architecture {architecture!r} has a transfer function of its own, "
        f"{name_of(found.transfer)!r}, and cannot have {transfer!r}: leave the transfer function "
        "out"
    )
