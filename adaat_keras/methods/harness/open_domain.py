"""Domains by name, with options that a user gives."""

from adaat_keras import domains
from adaat_keras.domains.domain import Domain


def open_domain(name: str, split: str, options: dict) -> Domain:
    """Open a domain's split, or the one that stands in for it (`Domain.stands_in`).

    Raises:
        ValueError: There is no such domain, split or option.

    Example:
        >>> open_domain("streets_sim", "val", {"frmes": 8})
        Traceback (most recent call last):
        ...
        ValueError: streets_sim cannot be opened with {'frmes': 8}: ... argument 'frmes'
    """
    try:
        return domains.get(name, split=domains.stand_in(name, split), **options)
    except TypeError as error:
        raise ValueError(f"{name} cannot be opened with {options}: {error}") from error
