"""The documents agree with one another and with the repository; the site builds from them."""

import importlib.util
import posixpath
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "docs/site/hooks.py")
hooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hooks)

DOCUMENTS = hooks.documents() | {
    path.relative_to(ROOT).as_posix(): path.read_text() for path in ROOT.glob("weights/*.md")
}
# Not with a YAML reader, which those who only run the tests have not.
CONFIG = (ROOT / "mkdocs.yml").read_text()
NAV = re.findall(r"(\S+\.md)$", CONFIG.partition("\nnav:")[2].partition("\n\n")[0], re.M)
# What a document may speak of that the repository has not: outputs, users' files, places in others.
FOREIGN = ("runs/", "path/to/", "exported/", "drive/", "my_package/")


def anchors(text):
    """A document's headings as links name them."""
    headings = (re.match(r"#+ (.*)", line) for line, code in hooks.lines(text) if not code and line)
    words = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found[1]) for found in headings if found)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in words}


def target(document, link):
    """The file, in the repository, that a document's link leads to, and the place in it."""
    path, _, anchor = link.partition("#")
    folder = posixpath.dirname(document)
    return posixpath.normpath(posixpath.join(folder, path)) if path else document, anchor


@pytest.mark.quick
def test_every_page_is_in_the_navigation_and_the_other_way_round():
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")}
    assert sorted(NAV) == sorted(pages)


@pytest.mark.quick
@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_and_picture_leads_somewhere(document):
    wrong = []
    for link in hooks.links(DOCUMENTS[document]):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, anchor = target(document, link)
        file = ROOT / path
        there = file.exists() and not (anchor and path.endswith(".md"))
        if not there and not (file.is_file() and anchor in anchors(file.read_text())):
            wrong.append(link)
    assert not wrong


@pytest.mark.quick
@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_cites_files_that_exist(document):
    cited = re.findall(
        r"(?<![\w/.:-])((?:[\w.-]+/)+[\w.-]+\.(?:py|md|toml|ipynb))\b", _prose(document)
    )
    places = (ROOT, ROOT / "adaat_keras", (ROOT / document).parent)
    wrong = [
        path
        for path in cited
        if not path.startswith(FOREIGN) and not any((place / path).exists() for place in places)
    ]
    assert not wrong


@pytest.mark.quick
def test_code_points_to_documents_that_exist():
    cited = {
        path: file.name
        for file in ROOT.glob("adaat_keras/**/*.py")
        for path in re.findall(r"\b(?:docs|tests|benchmarks)/[\w./-]+\.(?:md|py)", file.read_text())
    }
    assert [path for path in cited if not (ROOT / path).exists()] == []


@pytest.mark.quick
def test_every_method_has_a_page_that_shows_its_steps_from_the_source():
    from adaat_keras import methods

    told = (ROOT / "docs/methods/index.md").read_text()
    for name in methods.names():
        page = re.search(rf"\[`{name}`\]\((\w+\.md)", told)
        assert page, f"docs/methods/index.md does not tell of {name}"
        text = (ROOT / "docs/methods" / page[1]).read_text()
        place = methods.METHODS[name].removeprefix("adaat_keras.methods.").replace(":", ".py ")
        assert f"<!-- source adaat_keras/methods/{place}.stages -->" in text
        assert "train_step -->" in text


@pytest.mark.quick
@pytest.mark.parametrize("page", NAV)
def test_what_a_page_takes_from_the_repository_is_there(page):
    text = hooks.render(DOCUMENTS[f"docs/{page}"], f"docs/{page}", page)
    assert not re.search(r"^<!-- (include|source|api)", text, re.M)


@pytest.mark.quick
def test_source_shown_is_the_source():
    shown = hooks.source_of("adaat_keras/methods/dan.py", "DanTrainer.train_step")
    head, *code, fence = shown.split("\n")
    text = (ROOT / "adaat_keras/methods/dan.py").read_text()
    line = int(re.search(r"line (\d+)", head)[1])
    assert code == [each[4:] for each in text.split("\n")[line - 1 : line - 1 + len(code)]]
    assert code[0] == "def train_step(self, data: Batch) -> Logs:"
    assert fence == "```"
    with pytest.raises(ValueError, match=r"dan\.py has no Dan\.gone"):
        hooks.source_of("adaat_keras/methods/dan.py", "Dan.gone")


@pytest.mark.quick
def test_links_lead_to_pages_wherever_a_document_is_shown():
    text = (
        "[own](docs/own_data.md#arrays) [file](setup.cfg) ![x](docs/pictures/a.png)\n"
        "[docs/results.md](docs/results.md)\n"
        "```\n[not a link](docs/own_data.md)\n```"
    )
    assert hooks.render(text, "README.md", "guides/home.md") == (
        "[own](../own_data.md#arrays) [file](../source/setup.cfg.md) ![x](../pictures/a.png)\n"
        "[Results](../results.md)\n"
        "```\n[not a link](docs/own_data.md)\n```"
    )


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("mkdocs", reason="pip install -e '.[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for page in tmp_path.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"([^\"]*)", page.read_text()
        )
        assert not [place for place in loaded if re.match(r"(https?:)?//", place)], page.name
    step = (tmp_path / "methods" / "dan.html").read_text()
    assert "multi_kernel_mmd" in step


def _prose(document):
    # Addresses are others' files.
    return re.sub(r"\w+://\S+", "", DOCUMENTS[document])
