"""The option that says how a domain is opened."""

import argparse

from adaat_keras.commands.json_object import json_object


def add_domain_options(parser: argparse.ArgumentParser, text: str) -> None:
    """Add `--domain-options`, an object as JSON, with what it says in `--help`."""
    parser.add_argument("--domain-options", type=json_object, default={}, metavar="JSON", help=text)
