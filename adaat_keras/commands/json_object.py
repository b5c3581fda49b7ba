"""Options that are given as JSON."""

import argparse
import json


def json_object(text: str) -> dict:
    """The object that an option's text describes.

    Example:
        >>> json_object('{"frames": 100}')
        {'frames': 100}
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f'{text!r} is no JSON object such as {{"frames": 100}}')
    return value
