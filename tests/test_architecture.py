"""The order of the parts (DESIGN.md, section 2), and the overviews that lead through them."""

import ast
from pathlib import Path

import pytest

from adaat_keras import methods

PACKAGE = Path(__file__).parent.parent / "adaat_keras"
# What each part may import, besides itself.
ORDER = {
    "registry": (),
    "files": (),
    "layers": (),
    "models": ("layers", "registry", "files"),
    "training": ("layers", "models", "files", "registry"),
    "tasks": ("registry",),
    "domains": ("tasks", "registry", "files"),
    "evaluation": ("layers", "models", "tasks", "domains", "files", "registry"),
    "presets": ("models", "tasks", "files"),
    "build": ("models", "tasks", "presets"),
}
ORDER["methods"] = (*ORDER, "evaluation")
ORDER["fit"] = ("methods", "models")
ORDER["commands"] = tuple(ORDER)
ORDER["cli"] = ("commands",)
ORDER["__init__"] = tuple(ORDER)

MODULES = {str(file.relative_to(PACKAGE)): file for file in sorted(PACKAGE.rglob("*.py"))}
# The kinds of which one file adds one thing; an overview need not be edited for it.
FOUND_BY_NAME = {"methods": methods.names()}


def imports(file: Path) -> set[str]:
    """Dotted names of all that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_comes_before_it(module):
    part = module.split("/")[0].removesuffix(".py")
    ours = {name.split(".")[1] for name in imports(MODULES[module]) if name[:12] == "adaat_keras."}
    assert ours - {"__version__"} <= {part, *ORDER[part]}


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("domains/street_world/")])
def test_the_renderer_needs_no_tensorflow(module):
    roots = {name.split(".")[0] for name in imports(MODULES[module])}
    assert not roots & {"tensorflow", "keras"}


@pytest.mark.parametrize(
    "package",
    [
        "layers",
        "models",
        "training",
        "methods",
        "methods/steps",
        "methods/harness",
        "evaluation",
        "presets",
        "domains/pipeline",
    ],
)
def test_an_overview_explains_every_file(package):
    overview = ast.get_docstring(ast.parse((PACKAGE / package / "__init__.py").read_text()))
    things = [p for p in (PACKAGE / package).iterdir() if p.suffix == ".py" or list(p.glob("*.py"))]
    names = {p.stem + "/" * p.is_dir() for p in things} - {"__init__"}
    missing = [name for name in names if f"`{name}`" not in overview]
    assert set(missing) <= set(FOUND_BY_NAME.get(package, ()))
