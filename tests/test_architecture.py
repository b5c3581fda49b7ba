"""The arrows between the parts of the package run one way, without exception."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "adaat_keras"
# What each part imports, all of which stands above it. What writes the streets as data sets knows
# the data sets' class numbers, the renderer beside it knows nothing.
ORDER = {
    "registry": "",
    "files": "",
    "lock": "files",
    "deep_images": "",
    "camera": "deep_images",
    "exif": "",
    "fused": "",
    "layers": "fused",
    "models": "layers camera registry files lock",
    "training": "layers files registry",
    "tasks": "registry",
    "streets": "",
    "domains": "tasks streets camera deep_images exif registry files lock",
    "streets.writers": "streets domains files registry",
    "report": "layers models tasks domains files",
    "presets": "models tasks files",
    "inference": "models tasks deep_images exif files registry",
    "export": "fused layers models tasks files registry",
    "build": "models tasks presets registry",
    "methods": "models training tasks domains build camera registry",
    "runs": "models training tasks streets domains report presets build methods camera files "
    "lock registry",
    "fit": "models tasks domains methods runs registry",
    "demo": "layers models tasks domains presets inference runs",
    "cli": "models training tasks streets.writers domains report presets inference export methods "
    "runs demo deep_images files registry",
    "__init__": "models report presets build fit",
    "__main__": "cli",
}
# What the package's own `__init__.py` has for all of them.
FOR_ALL = {"__version__", "_require_tensorflow"}
MODULES = {
    ".".join(file.relative_to(PACKAGE).with_suffix("").parts): file
    for file in sorted(PACKAGE.rglob("*.py"))
}


def part_of(name: str) -> str:
    """The part that a module or what is in it belongs to."""
    return max((p for p in ORDER if f"{name}.".startswith(f"{p}.")), key=len, default=name)


def imports(file: Path) -> set[str]:
    """Dotted names of all that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imported(module: str) -> set[str]:
    """The other parts that a module imports from."""
    ours = {name[12:] for name in imports(MODULES[module]) if name[:12] == "adaat_keras."}
    return {part_of(name) for name in ours - FOR_ALL} - {part_of(module)}


def test_every_module_belongs_to_a_part():
    assert {part_of(module) for module in MODULES} == set(ORDER)


def test_what_a_part_imports_stands_above_it():
    above = set()
    for part, arrows in ORDER.items():
        assert set(arrows.split()) <= above, part
        above.add(part)


def test_a_module_imports_only_what_its_part_may():
    wrong = {m: more for m in MODULES if (more := imported(m) - {*ORDER[part_of(m)].split()})}
    assert not wrong


def test_there_is_no_arrow_that_nothing_needs():
    used = {part: set() for part in ORDER}
    for module in MODULES:
        used[part_of(module)] |= imported(module)
    assert {part: sorted({*arrows.split()} - used[part]) for part, arrows in ORDER.items()} == {
        part: [] for part in ORDER
    }


def test_the_renderer_needs_no_tensorflow():
    for module in (name for name in MODULES if part_of(name) == "streets"):
        roots = {name.split(".")[0] for name in imports(MODULES[module])}
        assert not {"tensorflow", "keras"} & roots, module


def test_no_file_is_longer_than_one_reads_at_a_time():
    lines = {module: len(file.read_text().splitlines()) for module, file in MODULES.items()}
    assert {module: count for module, count in lines.items() if count > 600} == {}


def public_functions(file: Path) -> dict[str, ast.FunctionDef]:
    """A module's functions, and its classes' methods, whose names are not private."""
    nodes = ast.parse(file.read_text()).body
    owners = [("", nodes)]
    owners += [(f"{c.name}.", c.body) for c in nodes if isinstance(c, ast.ClassDef)]
    return {
        owner + node.name: node
        for owner, body in owners
        for node in body
        if isinstance(node, ast.FunctionDef)
        and owner[:1] != "_"
        and (node.name[0] != "_" or node.name == "__init__")
    }


def test_every_public_function_says_what_it_takes_and_gives():
    lacking = []
    for module, file in MODULES.items():
        for name, function in public_functions(file).items():
            given = function.args
            named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
            untyped = {each.arg for each in named if each.annotation is None} - {"self", "cls"}
            if untyped or (function.returns is None and function.name != "__init__"):
                lacking.append(f"{module}.{name}: {sorted(untyped)}")
    assert lacking == []
