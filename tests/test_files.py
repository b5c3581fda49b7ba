"""Names of users as names of files, and files that are written as a whole or not at all."""

import errno
import hashlib
import os
from pathlib import Path

import pytest
import tensorflow as tf

from adaat_keras.files import slug, written_whole

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("name", ["streets_real", "my frames", "Köln-2.1", "a+b=c", "x" * 128])
def test_a_name_that_is_fine_stays_as_it_is(name):
    assert slug(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("/tmp/elsewhere", "../up", "a/b", "a\\b", "..", ".", "", ".hidden", "C:name", "a\0b"),
        *("a\nb", "end.", " ", "~", "what?", "x" * 129, "ö" * 200, "\udcff/"),
    ],
)
def test_another_one_becomes_a_single_part_of_a_path_with_a_hash(name, tmp_path):
    made = slug(name)
    digest = hashlib.sha256(name.encode(errors="backslashreplace")).hexdigest()
    assert made.endswith(f"~{digest[:8]}")
    assert Path(made).name == made
    assert not made.startswith(".")
    (tmp_path / made).mkdir()
    assert [each.name for each in tmp_path.iterdir()] == [made]


def test_no_two_names_have_one():
    names = ["a/b", "a_b", "a\\b", "a:b", "a//b", "/a_b", "x" * 129, "x" * 130]
    names += [slug(name) for name in names[:1]]
    assert len({slug(name) for name in names}) == len(names)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOTDIR])
@pytest.mark.parametrize(
    "kind", [tf.errors.PermissionDeniedError, tf.errors.FailedPreconditionError]
)
def test_what_tensorflow_cannot_write_is_told_as_what_python_cannot(kind, number, tmp_path):
    words = os.strerror(number)
    told = rf"^{tmp_path} cannot be made or written to \({words}\); choose another folder$"
    for wrong in (
        lambda path: OSError(number, words, str(path)),
        lambda path: kind(None, None, f"{path}; {words}"),
        lambda path: kind(None, None, f"{{{{function_node x}}}} {path}/variables; {words} [Op:S]"),
    ):
        with pytest.raises(OSError, match=told), written_whole(tmp_path / "a") as temporary:
            raise wrong(temporary)
    with pytest.raises(kind, match="elsewhere"), written_whole(tmp_path / "a"):
        raise kind(None, None, f"elsewhere; {words}")


def test_the_folder_that_one_is_in_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match=f"^{tmp_path} cannot be"), written_whole("a") as temporary:
        raise PermissionError(errno.EACCES, "Permission denied", str(temporary))


def test_a_block_that_writes_nothing_is_told_so(tmp_path):
    with (
        pytest.raises(RuntimeError, match=f"^nothing was written to become {tmp_path / 'a'}$"),
        written_whole(tmp_path / "a"),
    ):
        pass
    assert not [*tmp_path.iterdir()]
