"""Every example in a docstring runs and gives what it says."""

import doctest
import importlib
import pkgutil

import pytest

import adaat_keras

MODULES = [module.name for module in pkgutil.walk_packages(adaat_keras.__path__, "adaat_keras.")]


@pytest.mark.usefixtures("eagerly")
def test_the_examples_of_every_module_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed = []
    # `__main__` is the command line itself.
    for name in (name for name in MODULES if not name.endswith("__main__")):
        tried = doctest.testmod(importlib.import_module(name), optionflags=flags)
        if tried.failed:
            failed.append(f"{name}: {tried.failed} of {tried.attempted}")
    assert not failed, "\n".join([*failed, capsys.readouterr().out])
