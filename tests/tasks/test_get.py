"""Tasks by name, place, class and entry point, and what is told where there is none."""

import pytest

from adaat_keras import registry, tasks
from adaat_keras.tasks.depth import Depth
from adaat_keras.tasks.semantic import Semantic

MODULE = """
from adaat_keras.tasks.depth import Depth
from adaat_keras.tasks.semantic import Semantic


class Height(Depth):
    name = "height"

    def __init__(self, above="ground"):
        self.above = above

    def get_config(self):
        return {"above": self.above}


def nineteen():
    return Semantic("cityscapes")


drivable = Semantic({"road": "road", "rest": "*"})
number = 3
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that declares a task as an entry point."""
    (tmp_path / "heights.py").write_text(MODULE)
    info = tmp_path / "heights-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: heights\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[adaat_keras.tasks]\nheight = heights:Height\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._declared.cache_clear()
    yield tmp_path
    registry._declared.cache_clear()


def test_a_task_and_a_class_are_taken_as_they_are():
    task = Semantic("cityscapes")
    assert tasks.get(task) is task
    assert tasks.get(Depth) == Depth()
    assert tasks.get("semantic", classes="cityscapes") == task


def test_another_packages_task_has_a_name(package):
    assert "height" in tasks.names()
    task = tasks.get("height")
    assert (task.name, task.above) == ("height", "ground")
    assert tasks.get(tasks.serialize(tasks.get("height", above="sea"))).above == "sea"


def test_a_task_is_found_by_its_place(package):
    for place in ("heights:Height", f"{package}/heights.py:Height"):
        assert tasks.get(place).name == "height"
    assert tasks.get("heights:nineteen") == Semantic("cityscapes")
    assert tasks.get(f"{package}/heights.py:drivable").class_names == ("road", "rest")


def test_a_task_of_a_file_is_written_down_and_read_back(package):
    task = tasks.get(f"{package}/heights.py:Height", above="sea")
    written = tasks.serialize(task)
    assert written["config"] == {"above": "sea"}
    assert tasks.get(written) == task


@pytest.mark.parametrize(
    ("what", "options", "message"),
    [
        ("fox", {}, "unknown task 'fox'; choose one of: depth, "),
        ("heights:number", {}, "the task 'heights:number' cannot be made"),
        ("heights:Fox", {}, "has no 'Fox'; it has: "),
        ("nowhere:Fox", {}, "'nowhere' cannot be imported"),
        ("collections:OrderedDict", {}, "is no task: a task derives from"),
        ("depth", {"classes": "paper"}, "'depth' cannot be made with {'classes': 'paper'}"),
        ({"place": "depth", "config": {"a": 1}}, {}, "cannot be made with {'a': 1}"),
        ({"name": "depth"}, {}, "has a 'place' and a 'config', not"),
        (Semantic(), {"classes": "paper"}, "is a task already"),
    ],
)
def test_what_is_no_task_is_told(package, what, options, message):
    with pytest.raises(ValueError, match=message):
        tasks.get(what, **options)


def test_a_subclass_may_set_what_a_table_shows_in_any_way():
    class One(Depth):
        columns = ("abs_rel",)

    class Other(Depth):
        def __init__(self):
            self.columns = ("rmse",)
            self.title = "other"

    assert One().columns == ("abs_rel",)
    assert (Other().columns, Other().title) == (("rmse",), "other")
