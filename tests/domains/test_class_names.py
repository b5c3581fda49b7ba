"""How the names of ids find their class, in every data set."""

import warnings

import numpy as np
import pytest
from cityscapesscripts.helpers.labels import labels as cityscapes_labels
from format_kit import FRAME, carla, color, write

from adaat_keras import domains
from adaat_keras.domains import Carla, Cityscapes, Domain, Packed, Streets
from adaat_keras.domains.cache import cached
from adaat_keras.domains.class_names import (
    ID_SETS,
    IGNORED,
    REST,
    UNKNOWN,
    check_groups,
    group_of,
    group_table,
    label_entries,
    names_of,
)
from adaat_keras.domains.resize import Resized
from adaat_keras.domains.shards import pack
from adaat_keras.streets.classes import NAMES
from adaat_keras.tasks import semantic
from adaat_keras.tasks.semantic import PAPER, Semantic

OWN = Semantic({"road": "road", "vehicle": ["car", "truck", "bus"], "person": ["person", "rider"]})
NINETEEN = Semantic("cityscapes")


@pytest.fixture
def quiet():
    """No warning is expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    return Streets(
        "streets_sim", "val", frames=4, height=32, width=64, cache=tmp_path_factory.mktemp("cache")
    )


def test_the_signs_of_loaders_are_those_of_the_task():
    assert (IGNORED, REST) == (semantic.IGNORED, semantic.REST)


@pytest.mark.parametrize(
    ("entry", "groups", "group"),
    [
        # The group with the first name, failing that the one with the next.
        ("vehicle", {"a": ["car"], "b": ["vehicle"]}, "b"),
        ("vehicle", {"a": ["truck"], "b": ["car"]}, "b"),
        ("pedestrian", {"a": ["person"], "b": ["pedestrian"]}, "b"),
        ("pedestrian", {"a": ["sky"], "b": ["person"]}, "b"),
        ("person", {"a": ["sky"], "b": ["Pedestrian"]}, "b"),
        (("rider", "person"), {"a": ["person"], "b": ["rider"]}, "b"),
        (("rider", "person"), {"a": ["person"], "b": ["car"]}, "a"),
        # Other words, capitals and spaces make no difference; a category comes last.
        ("roads", {"a": ["Road"], "b": ["sky"]}, "a"),
        ("road lines", {"a": ["road"], "b": ["RoadLine"]}, "b"),
        ("road line", {"a": ["road"], "b": ["sky"]}, "a"),
        ("truck", {"a": ["car"], "b": ["sky"]}, None),
        ("truck", {"a": ["vehicle"], "b": ["sky"]}, "a"),
        ("fence", {"a": ["construction"], "b": ["fences"]}, "b"),
        ("rider", {"a": ["person"], "b": ["human"]}, "b"),
        # The rest is what has a name, but no group.
        ("tree", {"a": ["road"], "b": ["*"]}, "b"),
        ("road", {"b": ["*"], "a": ["road"]}, "a"),
        ("unlabelled", {"a": ["road"], "b": ["*"]}, None),
        ("ego vehicle", {"a": ["vehicle"], "b": ["*"]}, None),
    ],
)
def test_an_id_belongs_to_the_group_of_its_first_name_that_is_in_one(entry, groups, group):
    expected = IGNORED if group is None else list(groups).index(group)
    assert group_of(entry, groups) == expected


def test_an_ids_own_name_comes_first():
    assert names_of("buildings")[:2] == ("buildings", "building")
    assert names_of(("vehicle", "truck"))[:2] == ("vehicle", "truck")


def test_nineteen_classes_are_cityscapes_train_ids_by_its_own_scripts():
    table = ID_SETS["cityscapes"].table(NINETEEN.groups)
    for label in cityscapes_labels:
        if label.id >= 0:
            assert table[label.id] == (label.trainId if label.trainId >= 0 else IGNORED), label
    trained = ID_SETS["cityscapes_train"].table(NINETEEN.groups)
    assert trained[:19].tolist() == [*range(19)]
    assert (trained[19:-1] == UNKNOWN).all()


@pytest.mark.parametrize("layout", ["synthia_sf", "carla_28"])
def test_simulators_have_cityscapes_classes_by_name(layout):
    table = ID_SETS[layout].table(NINETEEN.groups)
    # Both number them from 1 on in the order of Cityscapes' train ids.
    assert table[1:20].tolist() == [*range(19)]
    assert table[{"synthia_sf": 20, "carla_28": 24}[layout]] == 0
    assert table[0] == IGNORED


def test_the_papers_rule_differs_from_the_other_reading_in_riders_and_trucks_alone():
    names = ID_SETS["cityscapes"].names
    plain, more = (ID_SETS["cityscapes"].table(PAPER, other) for other in (False, True))
    changed = {names[number] for number in np.flatnonzero(plain != more)}
    assert changed == {"rider", "truck", "bus", "train", "bicycle"}


def test_riders_and_trucks_that_have_a_class_of_their_own_keep_it():
    plain, more = (ID_SETS["cityscapes"].table(NINETEEN.groups, r) for r in (False, True))
    np.testing.assert_array_equal(plain, more)
    own = ID_SETS["cityscapes"].table(OWN.groups, riders_and_trucks=True)
    # The bicycle is a vehicle now, which here is a car.
    assert own[[24, 25, 26, 27, 33]].tolist() == [2, 2, 1, 1, 1]


def test_none_of_the_classes_is_an_error_that_lists_what_there_is():
    with pytest.raises(ValueError, match=r"mine has none of the classes lawn: .* is road, sky"):
        check_groups(["road", "sky"], {"lawn": ("lawn",)}, "mine")


def test_some_of_the_classes_are_a_warning_in_one_line():
    with pytest.warns(UserWarning, match=r"^mine has no lawn, hill: such a class never .* here$"):
        check_groups(["road"], {"lawn": ("lawn",), "hill": ("hill",), "road": ("road",)}, "mine")


@pytest.mark.quick
def test_a_misspelt_name_is_told_with_the_one_that_is_meant():
    names = ["road", "car", "traffic sign", "terrain"]
    groups = {"road": ("raod",), "car": ("car",), "train": ("train",), "rest": ("*",)}
    told = (
        r"^mine has no road, train: .* never occurs here; it has no label 'raod', listed for road "
        r"\(did you mean 'road'\?\)"
    )
    with pytest.warns(UserWarning, match=told):
        check_groups(names, groups, "mine")
    groups = {"car": ("car",), "signs": ("Traffic_Sing", "lamp")}
    told = r"no label 'Traffic_Sing', listed for signs \(.* 'traffic sign'\?\), no 'lamp', listed"
    with pytest.warns(UserWarning, match=told):
        check_groups(names, groups, "mine")
    with pytest.raises(ValueError, match=r"none of the classes x, y: .*'raod'.*mean 'road'.*'cra'"):
        check_groups(names, {"x": ("raod",), "y": ("cra",)}, "mine")


@pytest.mark.quick
@pytest.mark.parametrize("names", [["road", "hills"], ["road", "hillside"]])
def test_what_another_class_or_data_set_has_is_not_misspelt(names):
    """A train is no terrain, which nobody has, and hills are a class's own."""
    groups = {"train": ("train",), "hill": ("hill",), "road": ("road",), names[1]: (names[1],)}
    with pytest.warns(UserWarning, match="^mine has no train, hill: such a .* occurs here$"):
        check_groups([*names, "terrain"], groups, "mine")


@pytest.mark.filterwarnings("ignore:.*never occurs here")
def test_a_label_that_stands_for_several_classes_is_a_warning():
    groups = {"car": ("car",), "truck": ("truck",)}
    with pytest.warns(
        UserWarning, match="mine: 'vehicle' stands for car, truck, .*counts as 'car'"
    ):
        check_groups([("vehicle", "car", "truck")], groups, "mine")


def test_all_of_the_classes_are_no_word(quiet):
    check_groups(NAMES, PAPER, "mine")
    check_groups(["road", "tree"], {"road": ("road",), "rest": ("*",)}, "mine")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("kity", "unknown set of ids 'kity'; choose one of: paper, cityscapes"),
        ({"x": "road"}, "'x' is no number of a label"),
        ({"road": 0, "car": 1}, "{0: 'road', ...}, and these are turned round: {'road': 0"),
        ({-1: "road"}, "numbers from 0 to 65535"),
        ({65536: "road"}, "numbers from 0 to 65535"),
        ([], "numbers from 0 to 65535"),
        ({1: 2}, "label 1 has the name 2"),
        ({1: []}, r"label 1 has the name \[\]"),
    ],
)
def test_names_of_labels_that_are_none_are_told(names, message):
    with pytest.raises(ValueError, match=message):
        label_entries(names)


def test_a_table_may_be_larger_than_a_byte():
    table = group_table({300: "road"}, {"road": ("road",), "a": ("b",)}, IGNORED, size=302)
    assert (table[300], table[301], len(table)) == (0, IGNORED, 302)


# What domains make of it.


def mapped(labels, names, task):
    """The labels' classes by the slow road: one name after the other."""
    table = [group_of(name, task.groups) for name in names]
    return np.array([table[label] if label != 255 else 255 for label in labels.ravel()])


@pytest.mark.filterwarnings("ignore:.*never occurs here")
@pytest.mark.parametrize("task", [OWN, NINETEEN], ids=["own", "nineteen"])
def test_the_streets_have_any_classes_that_their_names_know(streets, task):
    other = streets.with_classes(task)
    assert (other.name, other.tasks, other.dense) == (streets.name, streets.tasks, streets.dense)
    assert other.focal_length == streets.focal_length
    for index in range(4):
        before, after = streets[index], other[index]
        expected = mapped(before["semantic"], NAMES, task)
        np.testing.assert_array_equal(after["semantic"].ravel(), expected)
        assert after["semantic"].dtype == np.uint8
        np.testing.assert_array_equal(before["depth"], after["depth"])
    batch = next(iter(other.dataset(("image", "semantic"))))
    np.testing.assert_array_equal(batch["semantic"], other[0]["semantic"])
    task.check_labels(after["semantic"], "streets")


def test_streets_vehicles_are_cars_and_riders_never_occur(streets):
    with pytest.warns(UserWarning, match="streets_sim has no traffic light, terrain, rider, truck"):
        nineteen = streets.with_classes(NINETEEN)
    vehicle = streets[0]["semantic"] == NAMES.index("vehicle")
    car = NINETEEN.class_names.index("car")
    assert vehicle.any()
    np.testing.assert_array_equal(nineteen[0]["semantic"] == car, vehicle)


def test_where_nothing_changes_it_is_the_same_domain(streets, tmp_path, quiet):
    assert streets.with_classes(Semantic()) is streets
    FRAME["kitti"](tmp_path)
    kitti = domains.get("kitti", root=tmp_path)
    assert kitti.with_classes(Semantic()) is kitti
    assert cached(streets, "memory").with_classes(Semantic()).domain is streets
    resized = Resized(streets, 8, 8)
    assert resized.with_classes(Semantic()) is resized
    images = Domain.from_arrays(np.zeros((1, 8, 8, 3), np.uint8))
    assert images.with_classes(OWN) is images


@pytest.mark.filterwarnings("ignore:.*never occurs here")
def test_another_set_of_classes_is_made_of_the_domains_own_numbers(streets):
    once = streets.with_classes(OWN)
    again = once.with_classes(NINETEEN)
    np.testing.assert_array_equal(
        again[0]["semantic"], streets.with_classes(NINETEEN)[0]["semantic"]
    )
    assert once.with_classes(Semantic()) is streets


@pytest.mark.filterwarnings("ignore:.*never occurs here")
@pytest.mark.parametrize("layout", sorted(FRAME))
def test_files_are_read_straight_into_the_classes(layout, tmp_path):
    """A truck and a bus, which the paper's classes would have lost, are vehicles here."""
    truck = {"carla": 15, "cityscapes": 27, "kitti": 27, "synthia_sf": 15}[layout]
    files = FRAME[layout](tmp_path, ids=truck)
    options = {"tag_set": 28, "check_tags": False} if layout == "carla" else {}
    domain = domains.get(
        layout, root=tmp_path, split=None if layout == "carla" else "train", **options
    )
    other = domain.with_classes(OWN)
    assert (domain[0]["semantic"] == 255).all()
    assert (other[0]["semantic"] == OWN.class_names.index("vehicle")).all()
    assert other.label_names == ("road", ("vehicle", "car", "truck", "bus"), ("person", "rider"))
    assert (domain[0]["semantic"] == 255).all()
    assert other.with_classes(NINETEEN)[0]["semantic"][0, 0] == NINETEEN.class_names.index("truck")
    assert other.files[0]["semantic"] == files["semantic"]


@pytest.mark.filterwarnings("ignore:.*never occurs here")
def test_the_reading_of_riders_is_kept_with_other_classes(tmp_path):
    FRAME["cityscapes"](tmp_path, ids=25)
    people = Semantic({"road": "road", "people": "person"})
    frames = Cityscapes(tmp_path).with_classes(people)
    assert (frames[0]["semantic"] == 255).all()
    frames = Cityscapes(tmp_path, riders_and_trucks=True).with_classes(people)
    assert (frames[0]["semantic"] == 1).all()


FAR = (255, 255, 255)


def carla_13(root):
    """Sky at the far plane, what has no tag nearer, a vehicle, a road."""
    files = carla(root)
    labels, depth = color(0, 0, 0, 255), color(1, 2, 3, 255)
    labels[..., 0] = np.array([0, 0, 10, 7])[:, None]
    depth[:1, :, :3] = FAR
    write(files["semantic"], labels)
    write(files["depth"], depth)
    return files


@pytest.mark.filterwarnings("ignore:.*never occurs here")
def test_the_sky_of_13_tags_follows_the_classes(tmp_path):
    carla_13(tmp_path)
    domain = Carla(tmp_path, None, tag_set=13)

    def column(task):
        return domain.with_classes(task)[0]["semantic"][:, 0].tolist()

    assert column(Semantic()) == [10, 255, 7, 0]
    sky = Semantic({"sky": "sky", "car": "car", "way": ["road", "sidewalk"]})
    assert column(sky) == [0, 255, 1, 2]
    assert column(Semantic({"car": "car", "way": "road"})) == [255, 255, 0, 1]
    assert column(Semantic({"rest": "*", "way": "road"})) == [0, 255, 0, 1]
    assert column(NINETEEN) == [10, 255, 13, 0]


def test_the_depth_of_13_tags_is_not_read_for_classes_without_a_sky(tmp_path):
    files = carla_13(tmp_path)
    domain = Carla(tmp_path, None, tag_set=13).with_classes(Semantic({"a": "car", "b": "road"}))
    files["depth"].write_bytes(b"nothing")
    assert next(iter(domain.dataset(("semantic",))))["semantic"][2, 0] == 0


def test_13_tags_without_depth_know_of_no_sky(tmp_path):
    carla_13(tmp_path)["depth"].unlink()
    domain = Carla(tmp_path, None, tag_set=13)
    with pytest.warns(UserWarning, match="carla has no sky"):
        domain.with_classes(Semantic({"sky": "sky", "road": "road"}))


@pytest.mark.filterwarnings("ignore:.*never occurs here")
@pytest.mark.parametrize("where", ["memory", "disk"])
def test_a_cache_or_another_size_may_come_before_the_classes(streets, where, tmp_path):
    before = cached(Resized(streets, 16, 32), where, tmp_path)
    before[0]
    after = before.with_classes(OWN)
    expected = Resized(streets.with_classes(OWN), 16, 32)
    for index in range(4):
        for key, value in after[index].items():
            np.testing.assert_array_equal(value, expected[index][key])
    np.testing.assert_array_equal(before[0]["semantic"], Resized(streets, 16, 32)[0]["semantic"])
    assert after.label_names == expected.label_names


@pytest.mark.filterwarnings("ignore:.*never occurs here")
def test_a_disk_cache_keeps_images_once_and_each_set_of_classes_apart(streets, tmp_path):
    for domain in (streets, streets.with_classes(OWN), streets.with_classes(NINETEEN)):
        list(cached(domain, "disk", tmp_path).dataset(("image", "semantic")))
    kept = [path.name.split("-")[1] for path in tmp_path.iterdir()]
    assert sorted(kept) == ["image", "semantic", "semantic", "semantic"]


@pytest.mark.filterwarnings("ignore:.*never occurs here")
def test_what_is_packed_keeps_its_names(streets, tmp_path):
    pack(streets.with_classes(OWN), tmp_path / "own")
    packed = Packed(tmp_path / "own")
    assert packed.label_names == {
        0: "road",
        1: ["vehicle", "car", "truck", "bus"],
        2: ["person", "rider"],
    }
    np.testing.assert_array_equal(packed[1]["semantic"], streets.with_classes(OWN)[1]["semantic"])
    assert packed.with_classes(OWN) is packed
    swapped = Semantic({"car": "car", "street": "road"})
    expected = streets.with_classes(swapped)[1]["semantic"]
    np.testing.assert_array_equal(packed.with_classes(swapped)[1]["semantic"], expected)


def test_what_was_packed_without_names_holds_the_papers_eleven(streets, tmp_path, quiet):
    import json

    pack(streets, tmp_path)
    path = tmp_path / "semantic" / "index.json"
    index = json.loads(path.read_text())
    del index["label_names"]
    path.write_text(json.dumps(index))
    packed = Packed(tmp_path)
    assert packed.label_names == NAMES
    assert packed.with_classes(Semantic()) is packed


@pytest.mark.parametrize("names", ["3", "[[0, 5]]", '[["a", "b"]]', "[[0]]"])
def test_an_index_with_names_that_are_none_is_named(streets, names, tmp_path):
    pack(streets, tmp_path)
    path = tmp_path / "semantic" / "index.json"
    head, _, _ = path.read_text().rpartition('"label_names"')
    path.write_text(f'{head}"label_names": {names}}}')
    with pytest.raises(ValueError, match=r"semantic/index\.json is no index"):
        Packed(tmp_path)


class Mine(Domain):
    """A user's class that says what its numbers are."""

    name = "mine"
    tasks = ("semantic",)
    label_names = ("sky", "road", ("van", "car"))

    def __init__(self, number=1):
        self.number = number

    def __len__(self):
        return 1

    def read(self, index, keys):
        labels = np.array([[0, 1, 2, 255, self.number]], np.uint8)
        image = np.zeros((1, 5, 3), np.uint8)
        import tensorflow as tf

        return {key: tf.constant(labels if key == "semantic" else image) for key in keys}


def test_a_users_class_names_its_numbers():
    frames = Mine().with_classes(Semantic({"car": "car", "road": "road"}))
    assert frames[0]["semantic"].tolist() == [[255, 1, 0, 255, 1]]


def test_a_number_without_a_name_is_told():
    frames = Mine(number=9).with_classes(Semantic({"car": "car", "road": "road"}))
    with pytest.raises(Exception, match="mine has a label number that has no name"):
        frames[0]


def test_a_users_class_that_says_nothing_has_the_papers_eleven():
    class Silent(Mine):
        label_names = Domain.label_names

    frames = Silent(number=7).with_classes(Semantic({"car": "car", "road": "road"}))
    assert frames[0]["semantic"].tolist() == [[1, 255, 255, 255, 0]]


def test_classes_that_a_domain_does_not_have_are_an_error_that_lists_what_it_has(streets):
    with pytest.raises(ValueError, match=r"streets_sim has none of the classes a, b: .* is road, "):
        streets.with_classes(Semantic({"a": "apple", "b": "pear"}))


def test_what_a_domain_tells_apart_is_a_task_to_look_at_it_with(streets, tmp_path):
    FRAME["kitti"](tmp_path)
    kitti = domains.get("kitti", root=tmp_path)
    assert streets.own_classes() == kitti.own_classes() == Semantic()
    assert kitti.with_classes(NINETEEN).own_classes() == NINETEEN
    assert Mine().own_classes().class_names == ("sky", "road", "van")
    one = Domain.from_arrays(np.zeros((1, 1, 1, 3), np.uint8), [[[4]]], label_names={4: "road"})
    assert one.own_classes().class_names == ("road", "all else")
