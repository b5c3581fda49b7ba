"""The names of each data set's label ids, and the mapping of names to classes."""

import difflib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adaat_keras.registry import check_name, plain_name
from adaat_keras.streets.classes import NAMES

# `tasks.semantic` has the same number and the same sign, but importing it would start TensorFlow in
# every process that writes streets.
IGNORED = 255
REST = "*"
UNKNOWN = 254
"""The entry in a table for an id that does not exist in the data set, which is an error."""

Entry = str | Sequence[str]
"""The names of an id: one, or several in order of preference."""
Groups = Mapping[str, Sequence[str]]

# Synonyms.
_SAME = (
    ("road", "roads"),
    ("sidewalk", "sidewalks", "pavement"),
    ("building", "buildings"),
    ("wall", "walls"),
    ("fence", "fences"),
    ("pole", "poles"),
    ("person", "pedestrian", "people"),
    ("car", "cars"),
    ("truck", "lorry"),
    ("motorcycle", "motorbike"),
    ("bicycle", "bike"),
    ("traffic sign", "sign"),
    ("road line", "road lines", "lane marking"),
    ("license plate", "licence plate"),
    ("unlabeled", "unlabelled", "void", "none"),
)
# What a thing is as well: a line on the road is road; where vehicles are not told apart, they are
# mostly cars; and Cityscapes' categories.
_ALSO = (
    ("road", ("road line",)),
    ("car", ("vehicle",)),
    ("flat", ("road", "sidewalk", "parking", "rail track", "road line")),
    ("human", ("person", "rider")),
    (
        "vehicle",
        ("car", "truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle"),
    ),
    ("construction", ("building", "wall", "fence", "guard rail", "bridge", "tunnel")),
    ("object", ("pole", "polegroup", "traffic light", "traffic sign")),
    ("nature", ("vegetation", "terrain")),
)
# Names for unknown content, which is not included in the rest (`"*"`).
_VOID = ("unlabeled", "ego vehicle", "rectification border", "out of roi", "license plate")
# The reading that differs from AT/DT's: a rider is a person, and these are vehicles.
_READ_AS = {"rider": "person"} | dict.fromkeys(("truck", "bus", "train", "bicycle"), "car")


def _same(name: str) -> tuple[str, ...]:
    """Synonyms of a name."""
    plain = plain_name(name)
    row = next((row for row in _SAME if plain in map(plain_name, row)), ())
    return tuple(word for word in row if plain_name(word) != plain)


def names_of(entry: Entry) -> tuple[str, ...]:
    """All names of an id in order of preference: its own, synonyms, more general ones.

    Example:
        >>> names_of("pedestrian"), names_of("road line")
        (('pedestrian', 'person', 'people', 'human'), ('road line', 'road lines', 'lane marking', \
'road', 'flat'))
    """
    own = (entry,) if isinstance(entry, str) else tuple(entry)
    words = (*own, *(word for name in own for word in _same(name)))
    plain = {*map(plain_name, words)}
    kinds = (kind for kind, members in _ALSO if plain & {*map(plain_name, members)})
    return tuple(dict.fromkeys((*words, *kinds)))


def group_of(entry: Entry, groups: Groups) -> int:
    """The index of the group that an id belongs to, or `IGNORED`.

    It is the group that has its first name, else the one that has its next, and so on, else the
    one that takes the rest.

    Example:
        >>> groups = {"road": ("road",), "car": ("car",), "vehicle": ("vehicle",)}
        >>> [group_of(entry, groups) for entry in ("road lines", "car", "bus", "vehicle", "sky")]
        [0, 1, 2, 2, 255]
    """
    return _group_by(_owners(groups), entry)


def _owners(groups: Groups) -> dict[str, int]:
    return {
        name if name == REST else plain_name(name): number
        for number, names in enumerate(groups.values())
        for name in names
    }


def _group_by(owners: Mapping[str, int], entry: Entry) -> int:
    names = [plain_name(name) for name in names_of(entry)]
    found = next((owners[name] for name in names if name in owners), None)
    if found is None and not {*map(plain_name, _VOID)}.intersection(names):
        found = owners.get(REST)
    return IGNORED if found is None else found


def group_table(
    entries: Mapping[int, Entry], groups: Groups, unlisted: int = UNKNOWN, size: int = 256
) -> np.ndarray:
    """The class of each id, uint8 `(size,)`.

    Args:
        entries: The names of the ids.
        groups: The classes, as `Semantic.groups`.
        unlisted: The value for ids that are not among the entries.
        size: One more than the largest id.

    Example:
        >>> group_table({0: "sky", 2: "car"}, {"a": ("car",), "b": ("bus",)}, size=4).tolist()
        [255, 254, 0, 254]
    """
    table = np.full(size, unlisted, np.uint8)
    owners = _owners(groups)
    for number, entry in entries.items():
        table[number] = _group_by(owners, entry)
    return table


def check_groups(entries: Sequence[Entry], groups: Groups, where: str, stacklevel: int = 3) -> None:
    """Warn of classes that do not occur among these ids, and of ids that belong to several.

    A name in such a class that no id has may be misspelt: it is told with the one that is meant.

    Args:
        entries: The names of the ids.
        groups: The classes, as `Semantic.groups`.
        where: The domain, for messages.
        stacklevel: Of the warnings, as `warnings.warn` takes it.

    Raises:
        ValueError: None of the classes occurs; lists the names that do.
    """
    owners, classes = _owners(groups), list(groups)
    found = {_group_by(owners, entry) for entry in entries}
    names = ", ".join(dict.fromkeys(called(entry) for entry in entries))
    if not found - {IGNORED}:
        raise ValueError(
            f"{where} has none of the classes {', '.join(classes)}: what it tells apart is {names}"
            f"{_told_unknown(entries, groups, classes)}"
        )
    missing = [name for number, name in enumerate(classes) if number not in found]
    if missing:
        warnings.warn(
            f"{where} has no {', '.join(missing)}: such a class never occurs here"
            f"{_told_unknown(entries, groups, missing)}",
            stacklevel=stacklevel,
        )
    for entry in entries:
        own = (entry,) if isinstance(entry, str) else entry
        apart = {owners.get(plain_name(name)) for name in own} - {None}
        if len(apart) > 1:
            warnings.warn(
                f"{where}: {called(entry)!r} stands for {', '.join(own[1:])}, which these classes "
                f"tell apart; all of it counts as {classes[_group_by(owners, entry)]!r}",
                stacklevel=stacklevel,
            )


def _told_unknown(entries: Sequence[Entry], groups: Groups, missing: Sequence[str]) -> str:
    """What to add of names in missing classes that no id has, and of those that may be meant.

    A class's own name needs no second mention, unless another one may be meant. What some data set
    has is not misspelt: a train is no terrain.
    """
    listed = _owners(groups)
    known = {plain_name(name) for ids in ID_SETS.values() for name in ids.names}
    own = [name for entry in entries for name in ((entry,) if isinstance(entry, str) else entry)]
    # What belongs to a class by its name is not meant by another class's.
    free = {plain_name(name): name for name in own if plain_name(name) not in listed}
    told = []
    for group in missing:
        for name in groups[group]:
            plain = plain_name(name)
            close = [] if plain in known else difflib.get_close_matches(plain, free, 1)
            hint = f" (did you mean {free[close[0]]!r}?)" if close else ""
            if name != REST and (close or plain != plain_name(group)):
                told.append(f"{name!r}, listed for {group}{hint}")
    return f"; it has no label {', no '.join(told)}" if told else ""


def called(entry: Entry) -> str:
    """The first name of an id."""
    return entry if isinstance(entry, str) else entry[0]


def group_names(groups: Groups) -> tuple[Entry, ...]:
    """The names of labels that were mapped to groups: the class's name, then the group's names.

    Example:
        >>> group_names({"road": ("road",), "vehicle": ("car", "truck")})
        ('road', ('vehicle', 'car', 'truck'))
    """
    entries = []
    for name, names in groups.items():
        others = [n for n in names if plain_name(n) not in ("", plain_name(name))]
        entries.append((name, *others) if others else name)
    return tuple(entries)


@dataclass(frozen=True)
class IdSet:
    """The ids of one data set.

    Attributes:
        title: Name of the set in messages.
        names: The names of the ids, from 0 on.
        option: The loader's argument that selects the set; empty if there is no choice.
        void_id: A further id outside the range, which is ignored.
    """

    title: str
    names: tuple[str, ...]
    option: str = ""
    void_id: int | None = None

    @property
    def last_id(self) -> int:
        """Ids run from 0 to this one."""
        return len(self.names) - 1

    def entries(self, riders_and_trucks: bool = False) -> dict[int, Entry]:
        """The names of each id; with `riders_and_trucks`, some have a second name."""
        if not riders_and_trucks:
            return dict(enumerate(self.names))
        return {
            number: (name, _READ_AS[name]) if name in _READ_AS else name
            for number, name in enumerate(self.names)
        }

    def table(self, groups: Groups, riders_and_trucks: bool = False) -> np.ndarray:
        """Lookup table uint8 `(256,)`: classes, `IGNORED`, or `UNKNOWN` outside the data set.

        Args:
            groups: The classes, as `Semantic.groups`.
            riders_and_trucks: Whether a rider is also named person, and a truck, bus, train or
                bicycle also car.

        Example:
            >>> groups = {"road": ("road",), "person": ("person",)}
            >>> ID_SETS["cityscapes"].table(groups)[[7, 24, 25, 57]].tolist()
            [0, 1, 255, 254]
            >>> int(ID_SETS["cityscapes"].table(groups, riders_and_trucks=True)[25])
            1
        """
        table = group_table(self.entries(riders_and_trucks), groups)
        if self.void_id is not None:
            table[self.void_id] = IGNORED
        return table

    def ids_of(self, names: Sequence[Entry] = NAMES) -> np.ndarray:
        """The ids for labels with these names, uint8 `(len(names),)`; 0 if there is none.

        Example:
            >>> ID_SETS["cityscapes"].ids_of(("road", "vehicle", "tree")).tolist()
            [7, 26, 0]
        """
        ids = []
        for entry in names:
            ranks = [(_rank(own, entry), number) for number, own in enumerate(self.names)]
            rank, number = min(ranks)
            ids.append(number if rank < _NEVER else 0)
        return np.array(ids, np.uint8)


_NEVER = 99
# What 16 bits hold.
_LARGEST = 65535


def _rank(own: Entry, entry: Entry) -> int:
    """The position of another entry's first name, or a synonym, among an entry's names."""
    same = {plain_name(name) for name in (called(own), *_same(called(own)))}
    names = [plain_name(name) for name in names_of(entry)]
    return next((rank for rank, name in enumerate(names) if name in same), _NEVER)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


_CARLA_13 = _names(
    "unlabeled, building, fence, other, pedestrian, pole, road line, road, sidewalk, vegetation, "
    "vehicle, wall, traffic sign"
)
_SYNTHIA_SF = _names(
    "void, road, sidewalk, building, wall, fence, pole, traffic light, traffic sign, vegetation, "
    "terrain, sky, person, rider, car, truck, bus, train, motorcycle, bicycle, road lines, other, "
    "road works"
)
ID_SETS = {
    "paper": IdSet("the paper's eleven classes", NAMES, void_id=IGNORED),
    # The id of licence plates is -1, which is 255 in a byte.
    "cityscapes": IdSet(
        "Cityscapes label ids",
        _names(
            "unlabeled, ego vehicle, rectification border, out of roi, static, dynamic, ground, "
            "road, sidewalk, parking, rail track, building, wall, fence, guard rail, bridge, "
            "tunnel, pole, polegroup, traffic light, traffic sign, vegetation, terrain, sky, "
            "person, rider, car, truck, bus, caravan, trailer, train, motorcycle, bicycle"
        ),
        option="train_ids=False",
        void_id=255,
    ),
    "cityscapes_train": IdSet(
        "Cityscapes train ids",
        _names(
            "road, sidewalk, building, wall, fence, pole, traffic light, traffic sign, vegetation, "
            "terrain, sky, person, rider, car, truck, bus, train, motorcycle, bicycle"
        ),
        option="train_ids=True",
        void_id=255,
    ),
    "synthia_sf": IdSet("SYNTHIA-SF ids", _SYNTHIA_SF),
    # Inferred: with 13 tags the sky is tag 0 at the far plane, and `Carla` looks at the depth too.
    "carla_13": IdSet("CARLA's 13 tags (up to 0.9.9)", _CARLA_13, option="tag_set=13"),
    "carla_23": IdSet(
        "CARLA's 23 tags (0.9.10 to 0.9.13)",
        _CARLA_13
        + _names(
            "sky, ground, bridge, rail track, guard rail, traffic light, static, dynamic, water, "
            "terrain"
        ),
        option="tag_set=23",
    ),
    "carla_28": IdSet(
        "CARLA's tags 0 to 28 (from 0.9.14)",
        _names(
            "none, roads, sidewalks, buildings, walls, fences, poles, traffic light, traffic sign, "
            "vegetation, terrain, sky, pedestrian, rider, car, truck, bus, train, motorcycle, "
            "bicycle, static, dynamic, other, water, road line, ground, bridge, rail track, "
            "guard rail"
        ),
        option="tag_set=28",
    ),
}


def _number(value) -> int:
    """The integer number of a label; a `ValueError` for fractions and booleans."""
    text = isinstance(value, str) and value.isascii() and value.lstrip("-").isdigit()
    if text and len(value) < 9:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def label_entries(names: Sequence[Entry] | Mapping[int | str, Entry] | str) -> dict[int, Entry]:
    """The names of labels, by their number.

    Args:
        names: Of labels 0, 1, ...; or by number, which may be a string, as in JSON; or the name of
            a set in `ID_SETS`.

    Raises:
        ValueError: There is no such set, a number is invalid, or a name is missing.

    Example:
        >>> label_entries({"7": "road"}), label_entries(["road", ("vehicle", "car")])
        ({7: 'road'}, {0: 'road', 1: ('vehicle', 'car')})
    """
    if isinstance(names, str):
        check_name("set of ids", names, list(ID_SETS))
        return ID_SETS[names].entries()
    if not isinstance(names, Mapping | Sequence):
        raise ValueError(f"labels are called by names in order or by number, not {names!r}")
    items = names.items() if isinstance(names, Mapping) else enumerate(names)
    entries: dict[int, Entry] = {}
    for number, entry in items:
        own = (entry,) if isinstance(entry, str) else entry
        own = tuple(own) if isinstance(own, Sequence) else ()
        if not own or not all(isinstance(name, str) and plain_name(name) for name in own):
            if isinstance(number, str) and isinstance(entry, int | np.integer):
                raise ValueError(
                    f"labels are called by number, {{{entry}: {number!r}, ...}}, and these are "
                    f"turned round: {{{number!r}: {entry!r}, ...}}"
                )
            raise ValueError(f"label {number} has the name {entry!r}, it must be text")
        try:
            entries[_number(number)] = entry if isinstance(entry, str) else own
        except ValueError:
            raise ValueError(
                f"{number!r} is no number of a label; give numbers and their names, such as "
                "{7: 'road', 26: 'car'}"
            ) from None
    if not entries or min(entries) < 0 or max(entries) > _LARGEST:
        raise ValueError(f"labels are numbers from 0 to {_LARGEST} with names, not {names!r}")
    return entries
