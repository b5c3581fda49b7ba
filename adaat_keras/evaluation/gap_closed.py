"""How much of what there is to gain a method gains."""


def gap_closed(method: float, source_only: float, oracle: float) -> float | None:
    """(method - source-only) / (oracle - source-only): 0 = as doing nothing, 1 = as the oracle.

    Args:
        method, source_only, oracle: The same metric on the target's test split.

    Returns:
        The share, below 0 where doing nothing is better; `None` where both bounds are equal. Where
        the oracle is the worse of the two, the number means nothing.

    Example:
        >>> gap_closed(method=0.50, source_only=0.40, oracle=0.60)
        0.5
    """
    gap = oracle - source_only
    return round((method - source_only) / gap, 12) if gap else None
