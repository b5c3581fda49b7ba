"""Names of users as names of files."""

import hashlib
from pathlib import Path

import pytest

from adaat_keras.files import slug

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
