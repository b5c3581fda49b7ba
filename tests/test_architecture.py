"""The arrows between the parts of the package run one way, without exception."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "adaat_keras"
# What each part may import, besides itself.
ORDER = {
    "registry": (),
    "files": (),
    "layers": (),
    "models": ("layers", "registry", "files"),
    "training": ("layers", "models", "files", "registry"),
    "tasks": ("registry",),
    "streets": ("domains", "files", "registry"),
    "domains": ("tasks", "streets", "registry", "files"),
    "report": ("layers", "models", "tasks", "domains", "files", "registry"),
    "presets": ("models", "tasks", "files"),
    "inference": ("layers", "models", "tasks", "files", "registry"),
    "export": ("models",),
    "build": ("models", "tasks", "presets"),
}
ORDER["methods"] = tuple(ORDER)
ORDER["runs"] = tuple(ORDER)
ORDER["fit"] = tuple(ORDER)
ORDER["cli"] = tuple(ORDER)
ORDER["__init__"] = ORDER["__main__"] = tuple(ORDER)

MODULES = {str(file.relative_to(PACKAGE)): file for file in sorted(PACKAGE.rglob("*.py"))}


def imports(file: Path) -> set[str]:
    """Dotted names of all that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_a_module_imports_only_what_comes_before_it():
    wrong = {}
    for module, file in MODULES.items():
        part = module.split("/")[0].removesuffix(".py")
        ours = {name.split(".")[1] for name in imports(file) if name[:12] == "adaat_keras."}
        if more := ours - {"__version__", "_require_tensorflow", part, *ORDER[part]}:
            wrong[module] = more
    assert not wrong


def test_the_renderer_needs_no_tensorflow():
    for module in (name for name in MODULES if name.startswith("streets/")):
        roots = {name.split(".")[0] for name in imports(MODULES[module])}
        assert "tensorflow" not in roots, module
