"""What no metric of this package takes."""


def refuse_sample_weight(name: str, sample_weight) -> None:
    """Raise a `ValueError` unless `sample_weight`, which Keras hands to every metric, is `None`."""
    if sample_weight is not None:
        raise ValueError(f"{name} takes no sample weights; pass it as one of `metrics`")
