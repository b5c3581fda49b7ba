"""Names on the command line."""


def names(text: str) -> list[str]:
    """The names in `NAME,NAME`.

    Example:
        >>> names("adversarial,transfer")
        ['adversarial', 'transfer']
    """
    return [name for name in text.split(",") if name]
