"""The command line's options are the fields of the dataclasses, and `--help` tells them."""

import argparse
import contextlib
import dataclasses
import io
import re
import subprocess
import sys

import pytest

from adaat_keras import domains, methods, tasks
from adaat_keras.cli import build_parser, main, study
from adaat_keras.cli.options import GROUPS, run_options, where
from adaat_keras.cli.train import default_directory
from adaat_keras.report.run_page import option_name, run_command
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.options import Where

pytestmark = pytest.mark.quick
FIELDS = [each for kinds in GROUPS.values() for kind in kinds for each in dataclasses.fields(kind)]


def parsers(parser, name="adaat-keras"):
    """Every command's parser by name."""
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, child in action.choices.items():
                yield from parsers(child, f"{name} {command}")


@pytest.fixture
def shown(monkeypatch):
    """Gives what a command prints when it is asked for help, on a terminal of 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")

    def text(*arguments):
        with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit) as exit:
            main([*arguments])
        assert exit.value.code == 0
        return out.getvalue()

    return text


def parsed(*arguments):
    return build_parser().parse_args(arguments)


# === Help ===


@pytest.mark.parametrize(("name", "parser"), parsers(build_parser(all_options=True)))
def test_help_explains_every_option(name, parser):
    text = parser.format_help()
    for action in parser._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), action
        assert all(option in text for option in action.option_strings)


@pytest.mark.parametrize(("name", "parser"), parsers(build_parser()))
def test_no_option_is_guessed_from_its_first_letters(name, parser):
    assert not parser.allow_abbrev


@pytest.mark.parametrize("command", ["train", "benchmark", "study"])
def test_help_of_a_run_fits_a_screen_and_says_how_to_see_the_rest(command, shown):
    text = shown(command, "--help")
    assert len(text.splitlines()) <= 30
    assert max(map(len, text.splitlines())) <= 100
    assert "--help-all shows all options" in " ".join(text.split())
    assert "--teacher-weight" not in text


def test_the_rest_is_every_field_with_what_it_does_and_its_default(shown):
    text = " ".join(shown("train", "--help-all").split())
    for each in FIELDS:
        told = f"--{option_name(each.name)} "
        assert told in text, each.name
        assert " ".join(each.metadata["help"].split()) in text, each.name
        if each.default not in (None, dataclasses.MISSING):
            # Of this option, not of the next.
            own = text[text.index(told, text.index("options:")) :]
            assert f"(default: {each.default})" in own.split(" --", 2)[0] + own[:600], each.name


def test_help_names_every_task_domain_and_method(shown):
    text = " ".join(shown("train", "--help").split())
    for name in (*tasks.names(), *domains.names(), *methods.names()):
        assert name in text


def test_the_common_options_are_in_the_groups_that_their_fields_are_in(shown):
    text = shown("train", "--help")
    places = [text.index(f"\n{title}:\n") for title in GROUPS]
    assert places == sorted(places)
    for number, (title, kinds) in enumerate(GROUPS.items()):
        part = text[places[number] : (*places, len(text))[number + 1]]
        common = [each for kind in kinds for each in dataclasses.fields(kind)]
        for each in (each for each in common if each.metadata["common"]):
            assert f"--{option_name(each.name)} " in part, (title, each.name)


def test_help_does_not_wait_for_tensorflow():
    code = "import sys; from adaat_keras.cli import main; sys.argv = {}\n"
    code += (
        "try: main()\nexcept SystemExit: assert not {{'tensorflow', 'keras'}} & {{*sys.modules}}"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code.format(["adaat-keras", *words, "--help"])],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for words in ([], ["train"])
    ]
    for command in ("train", "evaluate", "predict", "benchmark", "data", "table"):
        assert re.search(rf"^ +{command} ", outputs[0], re.MULTILINE)
    assert "--epochs INT" in outputs[1]


# === Options are fields ===

OTHERS = {
    str: ("word", "word"),
    int: ("3", 3),
    float: ("0.25", 0.25),
    dict: ('{"root": "/my data"}', {"root": "/my data"}),
    list: ("adversarial,transfer", ["adversarial", "transfer"]),
}


def kind_of(each):
    for kind in (float, int, dict, list):
        if kind.__name__ in str(each.type) and "str |" not in str(each.type):
            return kind
    return str


@pytest.mark.parametrize("each", FIELDS, ids=lambda each: each.name)
def test_every_field_is_an_option_of_its_type(each):
    text, value = OTHERS[kind_of(each)]
    options = parsed("train", f"--{option_name(each.name)}", text)
    assert getattr(options, each.name) == value
    if each in dataclasses.fields(Where):
        assert run_options(options) == {}
    elif each.name != "weights":
        assert run_options(options) == {each.name: value}


def test_without_options_it_is_the_default_configuration():
    options = parsed("train")
    assert run_options(options) == {}
    assert where(options) == Where()
    assert RunConfig.of(**run_options(options)) == RunConfig()


@pytest.mark.parametrize("command", ["benchmark", "study"])
def test_other_commands_have_the_same_options_but_those_that_they_choose(command):
    known = {each.name for each in FIELDS}
    given = {
        action.dest
        for name, parser in parsers(build_parser())
        for action in parser._actions
        if name == f"adaat-keras {command}"
    }
    missing = known - given
    assert (
        missing
        == {
            "benchmark": {"method", "seed", "stages", "freeze", "deterministic", "callbacks"},
            "study": {
                *("method", "alpha", "adversarial_loss", "stages", "freeze", "base_1_weight"),
                *("deterministic", "callbacks"),
            },
        }[command]
    )


def test_a_studys_defaults_are_told_and_taken(shown):
    text = shown("study", "--help")
    for name, value in study.USUAL.items():
        told = re.escape(f"--{option_name(name)} ")
        assert re.search(rf"{told}.*\(default: {value}\)", text), name
    assert run_options(parsed("study"), study.USUAL) == study.USUAL
    assert run_options(parsed("study", "--epochs", "3"), study.USUAL)["epochs"] == 3


@pytest.mark.parametrize(
    ("command", "usual", "semantic", "depth"),
    [
        ("train", {}, "to_task", "from_task"),
        ("benchmark", {}, "to_task", "from_task"),
        ("study", study.USUAL, "from_task", "to_task"),
    ],
)
def test_classes_are_those_of_the_semantic_task_on_either_side(command, usual, semantic, depth):
    given = run_options(parsed(command, "--classes", "cityscapes"), usual)
    assert tasks.get(given[semantic]) == tasks.get("semantic", classes="cityscapes")
    assert given[depth] == "depth"


@pytest.mark.parametrize(
    "options",
    [
        {"source": "carla", "target": "kitti", "from_task": "semantic", "to_task": "depth"},
        {"method": "dan", "recipe": "paper", "seed": 3, "target_options": {"root": "/my data"}},
        {"stages": ["adversarial", "transfer"], "freeze": ["decoder_1"], "alpha": 0.25},
        {"height": 64, "width": 96, "learning_rate": 0.001, "cache": "memory"},
        {"to_task": {"place": "semantic", "config": {"classes": "cityscapes"}}},
    ],
)
def test_the_command_in_a_runs_readme_gives_its_configuration_again(options):
    import shlex

    config = RunConfig.of(**options)
    words = shlex.split(run_command("runs/mine", config.chosen()).replace("\\\n", " "))
    again = parsed(*words[1:])
    assert RunConfig.of(**run_options(again)) == config
    assert where(again).directory == "runs/mine"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "streets_sim-streets_real-depth-semantic-ada_atdt"),
        ({"method": "dan", "to_task": "normals"}, "streets_sim-streets_real-depth-normals-dan"),
        ({"source": "{0}:Mine"}, "Mine-streets_real-depth-semantic-ada_atdt"),
        ({"method": "{0}:OwnMethod"}, "streets_sim-streets_real-depth-semantic-OwnMethod"),
    ],
)
def test_a_run_without_a_directory_has_a_folder_that_tells_what_it_is(options, name, tmp_path):
    """One folder, even where a domain or a method is a class in a file."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from adaat_keras.methods import Dan\nfrom adaat_keras.domains import Domain\n"
        "class OwnMethod(Dan): pass\nclass Mine(Domain): pass\n"
    )
    config = RunConfig.of(**{key: value.format(file) for key, value in options.items()})
    assert default_directory(config) == f"runs/{name}"
