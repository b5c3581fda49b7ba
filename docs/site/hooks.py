"""What the site takes from the repository as it is built, so that nothing stands twice.

Pages may have these lines, which show nothing where the page is read as a file:

- `<!-- include README.md until ## Results -->`: a document, up to a heading if one is named.
- `<!-- source adaat_keras/methods/dan.py DanTrainer.train_step -->`: code as it is in the file.
- `<!-- api adaat_keras.domains -->`: a package's public objects from their docstrings, by
  mkdocstrings.

A link to a file that is no page of the site gets a page that shows the file.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "adaat_keras"
# Documents outside docs/ that a page of the site includes whole.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
}
LANGUAGES = {".py": "python", ".toml": "toml", ".cff": "yaml", ".json": "json", ".csv": "csv"}
_LINE = re.compile(r"^<!-- (include|source|api) (.+) -->$")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_LINK = re.compile(r"(\]\()([^)\s]+)((?: \"[^\"]*\")?\))")
# The headings of what a page is about stand below the page's own.
_OPEN = {"show_root_heading": False, "show_root_toc_entry": False, "heading_level": 2}
_NAMED = re.compile(r"\[([\w/]+\.md)\]\((\1)(#[^)]*)?\)")
_PICTURE = re.compile(r"^(!\[[^\]]*\]\(([^)\s]+)\))$")
# What the repository's documents say of pages that are made by `on_files`: page -> document.
_made: dict[str, str] = {}


def links(text: str) -> Iterator[str]:
    """The targets of a document's links and pictures, those in code left out."""
    for line, code in lines(text):
        if not code:
            yield from (found[2] for found in _LINK.finditer(_without_code(line)))


def render(text: str, document: str, page: str) -> str:
    """A document's text as a page of the site: its lines for the site done, its links led right.

    Args:
        text: Markdown.
        document: Where it is in the repository; its links are relative to that.
        page: The page's path in the site.
    """
    done = []
    for line, code in lines(text):
        directive = None if code else _LINE.match(line)
        if directive is None:
            led = line
            if not code:
                titled = _NAMED.sub(lambda m: _titled(m, document), line)
                led = _LINK.sub(lambda m: _led(m, document, page), titled)
            # A picture opens at its full size: some are too wide for a phone.
            done.append(led if code else _PICTURE.sub(r"[\1](\2)", led))
        elif directive[1] == "include":
            included, _, end = directive[2].partition(" until ")
            done.append(render(_until(included, end), included, page))
        elif directive[1] == "source":
            done.append(source_of(*directive[2].split()))
        else:
            done.append(api_of(directive[2]))
    return "\n".join(done)


def lines(text: str) -> Iterator[tuple[str, bool]]:
    """Lines, and whether each is code."""
    fence = None
    for line in text.split("\n"):
        found = _FENCE.match(line)
        yield line, bool(fence or found)
        if fence is None:
            fence = found[1] if found else None
        elif found and found[1].startswith(fence) and line.strip() == found[1]:
            fence = None


def _without_code(line: str) -> str:
    # Code in a link's own words, [`layers.py`](layers.py), leaves the brackets that tell the link.
    return re.sub(r"`[^`]*`", "", line)


def _until(document: str, heading: str) -> str:
    text = (ROOT / document).read_text()
    if not heading:
        return text
    before, found, _ = text.partition(f"\n{heading}\n")
    if not found:
        raise ValueError(f"{document} has no heading {heading!r}, which ends what a page includes")
    return before


def _led(link: re.Match, document: str, page: str) -> str:
    """A link of a document as a link of the page that shows it."""
    target, mark, anchor = link[2].partition("#")
    if not target or "://" in target or target.startswith("mailto:"):
        return link[0]
    there = page_of(posixpath.normpath(posixpath.join(posixpath.dirname(document), target)))
    relative = posixpath.relpath(there, posixpath.dirname(page) or ".")
    return f"{link[1]}{relative}{mark}{anchor}{link[3]}"


def _titled(link: re.Match, document: str) -> str:
    """A link that names a file, as one that names the page: the site has no file names."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(document), link[2]))
    title = next(
        (line[2:] for line in (ROOT / path).read_text().split("\n") if line[:2] == "# "), link[1]
    )
    return f"[{title}]({link[2]}{link[3] or ''})"


def page_of(path: str) -> str:
    """The page of the site that shows a file or folder of the repository."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/") and not path.endswith(".py") and not (ROOT / path).is_dir():
        return path.removeprefix("docs/")
    if (ROOT / path).is_dir():
        return f"source/{path}/index.md"
    return f"source/{path}" if path.endswith(".md") else f"source/{path}.md"


def source_of(path: str, name: str) -> str:
    """A function or class of a file as a block of code, its docstring included."""
    text = (ROOT / path).read_text()
    nodes = ast.parse(text).body
    for part in name.split("."):
        found = [node for node in nodes if getattr(node, "name", None) == part]
        if not found:
            raise ValueError(f"{path} has no {name}")
        nodes = found[0].body
    first = min([found[0].lineno, *(each.lineno for each in found[0].decorator_list)])
    lines = text.split("\n")[first - 1 : found[0].end_lineno]
    margin = len(lines[0]) - len(lines[0].lstrip())
    code = "\n".join(line[margin:] for line in lines)
    return f'```{{ .python title="{path}, line {first}" }}\n{code}\n```'


def api_of(name: str) -> str:
    """mkdocstrings' blocks for a package: itself, what it exports, and its modules."""
    folder = ROOT / name.replace(".", "/")
    if not folder.is_dir():
        members = _public(folder.with_suffix(".py"))
        return _block(name, members=members, **_OPEN)
    start = folder / "__init__.py"
    exported = _exported(start) if start.exists() else {}
    blocks = []
    if start.exists():
        members = _public(start)
        blocks.append(_block(name, members=members, **_OPEN))
    elsewhere = []
    for public, place in exported.items():
        # What stands on another page is linked.
        if name == PACKAGE and (ROOT / "docs/api" / f"{place.split('.')[1]}.md").exists():
            elsewhere.append(f"[`{public}`][{place}.{public}]")
        else:
            blocks.append(_block(f"{place}.{public}", heading=public, heading_level=2))
    if elsewhere:
        blocks.insert(1, f"On pages of their own: {', '.join(elsewhere)}.\n")
    modules = [] if name == PACKAGE else sorted(folder.glob("[!_]*.py"))
    for module in modules:
        place = f"{name}.{module.stem}"
        shown = {public for public, where in exported.items() if where == place}
        if members := [member for member in _public(module) if member not in shown]:
            blocks.append(_block(place, heading=place, members=members, heading_level=2))
    return "\n".join(blocks)


def _block(place: str, **options) -> str:
    options = "".join(f"      {key}: {value!r}\n" for key, value in options.items())
    return f"::: {place}\n    options:\n{options}"


def _public(module: Path) -> list[str]:
    """What a module defines for others, in its order."""
    names = []
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            names.append(node.name)
    return [name for name in names if not name.startswith("_")]


def _exported(start: Path) -> dict[str, str]:
    """The names that an `__init__.py` takes from elsewhere, with their modules.

    They are imported in it, or stand in a dictionary of what is imported when it is asked for.
    """
    package = start.parent.relative_to(ROOT).as_posix().replace("/", ".")
    lists, imported = {}, {}
    for node in ast.parse(start.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            imported |= {alias.name: node.module for alias in node.names}
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            lists[node.targets[0].id] = node.value
    lazy = lists.get("_CLASSES") or lists.get("_PLACES")
    if lazy is not None:
        places = ast.literal_eval(lazy)
        return {
            name: place if place.startswith(PACKAGE) else f"{package}.{place}"
            for name, place in places.items()
        }
    exported = ast.literal_eval(lists["__all__"]) if "__all__" in lists else []
    return {name: imported[name] for name in exported if name in imported}


def file_page(path: str) -> str:
    """The page of a file or folder that is no document."""
    place = ROOT / path
    quiet = "---\nsearch:\n  exclude: true\n---\n\n"
    if place.is_dir():
        inside = sorted(each.name for each in place.iterdir() if each.name[0] not in "._")
        entries = "\n".join(f"- [`{name}`]({name})" for name in inside)
        return f"{quiet}# `{path}/`\n\n{entries}\n"
    text = place.read_text()
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`{3,}", text)), 3)
    language = LANGUAGES.get(place.suffix, "text")
    return f"{quiet}# `{path}`\n\n{fence}{language}\n{text.rstrip()}\n{fence}\n"


def cited(files: dict[str, str]) -> dict[str, str]:
    """Pages for all that documents link to and that is no page yet: page -> path.

    Args:
        files: Documents to begin with, path in the repository -> text.
    """
    pages, waiting = {}, list(files.items())
    while waiting:
        document, text = waiting.pop()
        for target in links(text):
            target = target.partition("#")[0]
            if not target or "://" in target or target.startswith("mailto:"):
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(document), target))
            page = page_of(path)
            if page.startswith("source/") and page not in pages and (ROOT / path).exists():
                pages[page] = path
                folder = (ROOT / path).is_dir()
                if path.endswith(".md"):
                    waiting.append((path, (ROOT / path).read_text()))
                elif folder:
                    waiting.append((f"{path}/index.md", file_page(path)))
    return pages


def documents() -> dict[str, str]:
    """The repository's documents: those at its top that the site includes, and docs/."""
    files = [*(ROOT / name for name in PAGES), *sorted((ROOT / "docs").rglob("*.md"))]
    return {file.relative_to(ROOT).as_posix(): file.read_text() for file in files}


def on_files(files, config):
    """Add the pages of files that documents link to."""
    from mkdocs.structure.files import File

    _made.clear()
    for page, path in cited(documents()).items():
        document = path.endswith(".md")
        content = (ROOT / path).read_text() if document else file_page(path)
        _made[page] = path if document else f"{path}/index.md"
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    """Do a page's lines for the site, and lead its links."""
    uri = page.file.src_uri
    return render(markdown, _made.get(uri, f"docs/{uri}"), uri)
