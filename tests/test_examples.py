"""Every pair of domains in the paper has an example, and each can be read by Python."""

import ast
from pathlib import Path

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


def test_every_pair_of_the_paper_has_an_example():
    assert [script.stem for script in EXAMPLES if "_to_" in script.stem] == [
        "carla_to_cityscapes",
        "carla_to_kitti",
        "synthia_to_carla",
        "synthia_to_cityscapes",
    ]


def test_every_example_compiles_and_says_what_it_is():
    for script in EXAMPLES:
        assert ast.get_docstring(ast.parse(script.read_text())), script.name
