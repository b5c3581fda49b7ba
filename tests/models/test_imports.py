"""Networks take channel counts and know no task (DESIGN.md 2)."""

import ast
from pathlib import Path

import pytest

import adaat_keras

ROOT = Path(adaat_keras.__file__).parent


def imports_of(package):
    for file in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    ("package", "allowed"),
    [("layers", {"layers"}), ("models", {"layers", "models", "registry", "files"})],
)
def test_a_package_imports_only_what_is_below_it(package, allowed):
    ours = {name.split(".")[1] for name in imports_of(package) if name.startswith("adaat_keras.")}
    assert ours <= allowed
