"""Reads this package's docstrings as griffe wants them: `Example:`, and `a, b: what both are`."""

import re

import griffe

_EXAMPLE = re.compile(r"^( *)Example:$", re.M)
_TOGETHER = re.compile(r"^( +)(\*{0,2}\w+(?:, \*{0,2}\w+)+): ")


class Docstrings(griffe.Extension):
    """Turns docstrings into Google style as griffe reads it; the files stay as they are.

    What griffe then still warns of breaks `mkdocs build --strict`: an argument in `Args:` that the
    signature has not.
    """

    def on_object(self, *, obj: griffe.Object, **kwargs) -> None:
        """Called for every object, once it is loaded."""
        if obj.docstring is not None:
            text = _EXAMPLE.sub(r"\1Examples:", obj.docstring.value)
            obj.docstring.value = "\n".join(_one_each(text.split("\n")))


def _one_each(lines: list[str]) -> list[str]:
    """Lines with an entry for several arguments as one each: the others refer to the first."""
    done, others, margin = [], [], 0
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if others and indent <= margin:
            done, others = done + others, []
        if found := _TOGETHER.match(line):
            margin, (first, *rest) = len(found[1]), found[2].split(", ")
            others = [f"{found[1]}{name}: As `{first}`." for name in rest]
            line = f"{found[1]}{first}: {line[found.end() :]}"
        done.append(line)
    return done + others
