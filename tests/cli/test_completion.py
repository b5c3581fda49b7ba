"""A shell completes commands and options, by a script that shtab makes of the parser."""

import subprocess

import pytest

from adaat_keras.cli import build_parser

COMPLETE = """source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); {function}; echo "${{COMPREPLY[@]}}"
"""


@pytest.mark.quick
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("adaat-keras pre", "predict preset"),
        ("adaat-keras train --targ", "--target --target-options"),
        ("adaat-keras data check --js", "--json"),
    ],
)
def test_bash_completes_commands_and_options(words, offered, tmp_path):
    shtab = pytest.importorskip("shtab")
    script = tmp_path / "adaat-keras"
    script.write_text(shtab.complete(build_parser(), "bash"))
    function = "_shtab_adaat_keras"
    code = COMPLETE.format(script=script, words=words, function=function)
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == offered.split(), done.stderr
