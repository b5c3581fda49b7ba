"""The options of a run, generated from the dataclasses that hold them."""

import argparse
import dataclasses
import re
import sys
import typing
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from adaat_keras.files import home_expanded, json_of
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.registry import split_names
from adaat_keras.report.run_page import option_name, stand_in_notes
from adaat_keras.runs.options import Data, Networks, Plan, Where

if TYPE_CHECKING:
    from adaat_keras.runs.config import RunConfig

GROUPS: dict[str, tuple[type, ...]] = {
    "data": (Data,),
    "method": (Plan, Networks, Recipe),
    "training": (Training,),
    "where": (Where,),
}
# Names to list in the help text; listing them does not import TensorFlow.
_LISTS = {"source": "domains", "method": "methods"}


def add_run_options(
    parser: argparse.ArgumentParser,
    leave_out: tuple[str, ...] = (),
    all_options: bool = True,
    usual: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Add the options of a run in groups, and `--help` and `--help-all`.

    Args:
        parser: The command's parser, without its own `--help`.
        leave_out: Names of fields that are not options of this command.
        all_options: Whether help shows all options, or only the common ones.
        usual: Defaults of this command that differ from the fields', as for `run_options`.
    """
    # One line instead of six.
    parser.usage = "%(prog)s [-h | --help-all] [--OPTION VALUE ...]"
    if not all_options:
        parser.description += " --help-all shows all options."
    for flags, text in (
        (("-h", "--help"), "show the common options"),
        (("--help-all",), "show all options"),
    ):
        parser.add_argument(*flags, action="help", help=text if all_options else argparse.SUPPRESS)
    for title, kinds in GROUPS.items():
        group = parser.add_argument_group(title)
        for each in (each for kind in kinds for each in dataclasses.fields(kind)):
            if each.name not in leave_out:
                _add(group, each, all_options, usual.get(each.name, each.default))
        if title == "data":
            group.add_argument(
                "--classes",
                default=argparse.SUPPRESS,
                metavar="SET",
                help="of semantic: paper, cityscapes, groups as JSON or FILE.json",
            )


def _add(group, each: dataclasses.Field, all_options: bool, usual) -> None:
    """Add a field's option."""
    kind, metavar = _kind(each)
    default = "" if usual in (None, dataclasses.MISSING) else f" (default: {usual})"
    text = each.metadata["help"]
    if each.name in _LISTS:
        text += f": {', '.join(_names(_LISTS[each.name]))}, or file.py:Class"
    shown = all_options or each.metadata["common"]
    group.add_argument(
        f"--{option_name(each.name)}",
        dest=each.name,
        type=kind,
        default=argparse.SUPPRESS,
        metavar=metavar,
        help=text.replace("%", "%%") + default if shown else argparse.SUPPRESS,
    )


def _kind(each: dataclasses.Field) -> tuple[typing.Callable, str]:
    """The function that parses an option's text, and its placeholder in help."""
    kind = each.metadata["kind"] or (
        type(each.default)
        if each.default is not dataclasses.MISSING
        else type(each.default_factory())
    )
    if each.default is None and each.metadata["kind"] is None:
        kind = float if "float" in str(each.type) else str
    if kind is str and "dict" in str(each.type):
        return _name_or_object, "NAME"
    if kind is dict:
        return json_object, "JSON"
    if kind is list:
        return split_names, "A,B,..."
    return kind, kind.__name__.upper()


def _name_or_object(text: str) -> str | dict:
    """A name, or the JSON object that describes a domain or task without one."""
    return json_object(text) if text.lstrip().startswith("{") else text


def _names(kind: str) -> list[str]:
    import importlib

    return importlib.import_module(f"adaat_keras.{kind}").names()


def run_options(
    options: argparse.Namespace, usual: Mapping[str, object] = MappingProxyType({})
) -> dict:
    """The options of a run that were given, by `RunConfig`'s names.

    `--weights` sets the options of its networks, `--classes` those of the semantic task; `usual`
    has the command's own defaults.
    """
    parts = (Data, Plan, Networks, Recipe, Training)
    names = {each.name for part in parts for each in dataclasses.fields(part)}
    given = {name: value for name, value in vars(options).items() if name in names}
    if "weights" in given:
        # Imported only if needed, since it imports Keras.
        from adaat_keras.presets import built_from

        given = built_from(given["weights"]) | given
    given = {**usual, **given}
    classes = getattr(options, "classes", None)
    if classes is not None:
        given |= _with_classes(given, classes)
    return given


def _with_classes(given: dict, classes: str) -> dict:
    """The options of both tasks, with other classes in the semantic one."""
    from adaat_keras import tasks
    from adaat_keras.tasks.semantic import Semantic

    place = "--classes"
    if classes.endswith(".json"):
        place, file = f"--classes {classes}", home_expanded(classes)
        if not file.is_file():
            why = "is no file" if file.exists() else "does not exist"
            raise FileNotFoundError(f"{place}: the file {why}")
        classes = file.read_text(encoding="utf-8-sig")
    if place != "--classes" or classes.lstrip().startswith("{"):
        try:
            classes = json_object(classes)
        except argparse.ArgumentTypeError as error:
            raise ValueError(f"{place}: {error}") from error
    task = tasks.serialize(Semantic(classes))
    both = {
        "from_task": given.get("from_task", "depth"),
        "to_task": given.get("to_task", "semantic"),
    }
    semantic = [name for name, what in both.items() if tasks.get(what).name == "semantic"]
    if not semantic:
        raise ValueError("--classes are those of the semantic task, and neither task is semantic")
    return {name: task if name in semantic else what for name, what in both.items()}


def tell_stand_ins(config: "RunConfig") -> None:
    """Print to stderr which of a run's domains are scored on another split's frames."""
    for note in stand_in_notes(config.to_dict()):
        print(f"scores on {config.data.split}: {note}", file=sys.stderr)


def where(options: argparse.Namespace) -> Where:
    """Where a run is kept and on what it trains.

    Raises:
        ValueError: `--deterministic` is none of yes, no and auto.
    """
    names = {each.name for each in dataclasses.fields(Where)}
    chosen = Where(**{name: value for name, value in vars(options).items() if name in names})
    if chosen.deterministic not in ("auto", "yes", "no"):
        raise ValueError(f"--deterministic is yes, no or auto, not {chosen.deterministic!r}")
    return chosen


def json_object(text: str) -> dict:
    """Parse a JSON object; Windows paths in it may have single backslashes.

    Raises:
        argparse.ArgumentTypeError: It is not a JSON object, or has control characters in a string.

    Example:
        >>> json_object('{"frames": 100}')
        {'frames': 100}
        >>> json_object(r'{"root": "C:\\new"}')["root"]
        'C:\\\\new'
    """
    backslashes = ""
    if "\\" in text:
        backslashes = "; in a path write a slash (/) for each backslash, or two backslashes"
    try:
        value = json_of(_TYPED.sub(lambda path: path[0].replace("\\", "\\\\"), text))
        _check_texts(value)
    except ValueError as error:
        form = '{"root": "DIR", "depth_scale": 0.001}'
        raise argparse.ArgumentTypeError(
            f"{text!r} is no JSON such as {form}: {error}{backslashes}"
        ) from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f'{text!r} is no JSON object such as {{"frames": 100}}')
    return value


# A Windows path as it is typed: JSON would read \\n in it as a newline.
_TYPED = re.compile(r'"[A-Za-z]:\\(?!\\)[^"]*"')


def _check_texts(value) -> None:
    """Raise a `ValueError` for strings with control characters, which names and paths lack."""
    if isinstance(value, str) and any(character < " " for character in value):
        raise ValueError(f"{value!r} has control characters")
    for each in (*value, *value.values()) if isinstance(value, dict) else ():
        _check_texts(each)
    for each in value if isinstance(value, list) else ():
        _check_texts(each)


def add_domain_options(parser: argparse.ArgumentParser, text: str) -> None:
    """Add `--domain-options`, a JSON object, with its help text."""
    parser.add_argument("--domain-options", type=json_object, default={}, metavar="JSON", help=text)
