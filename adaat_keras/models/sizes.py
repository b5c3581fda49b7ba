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


def size_name(base_filters: int, residual_blocks: int) -> str:
    """The name of a size by its options; a description where it has none.

    Example:
        >>> size_name(64, 6), size_name(24, 2)
        ('paper', 'base_filters=24, residual_blocks=2')
    """
    options = {"base_filters": base_filters, "residual_blocks": residual_blocks}
    named = (name for name, size in SIZES.items() if size == options)
    return next(named, f"base_filters={base_filters}, residual_blocks={residual_blocks}")
