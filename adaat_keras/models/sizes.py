"""The named sizes of the networks."""

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
