"""From each data set's label ids to the paper's 11 classes: the one place that knows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from adaat_keras.streets.classes import (
    BUILDING,
    FENCE,
    PERSON,
    POLE,
    ROAD,
    SIDEWALK,
    SIGN,
    SKY,
    VEGETATION,
    VEHICLE,
    WALL,
)

# `tasks.semantic` has the same number, but importing it would start TensorFlow in every process
# that writes streets.
IGNORED = 255
UNKNOWN = 254
"""What stands in a table for an id that the data set does not have: never a label, an error."""

_Ids = Mapping[int, tuple[int, ...]]


@dataclass(frozen=True)
class ClassMap:
    """The ids of one data set.

    Attributes:
        title: What to call the ids in a message.
        option: The loader's argument that chooses them, empty if there is no choice.
        last_id: Ids run from 0 to this one.
        ids: The ids of each of the 11 classes by the AT/DT rule; the first is the one written.
        riders_and_trucks: Ids that the other reading adds: a rider is a person, and a truck,
            bus, train or bicycle a vehicle. The AT/DT rule ignores them.
        void_id: One more id outside the range that is ignored.
    """

    title: str
    option: str
    last_id: int
    ids: _Ids
    riders_and_trucks: _Ids = field(default_factory=dict)
    void_id: int | None = None

    def table(self, riders_and_trucks: bool = False) -> np.ndarray:
        """Lookup table uint8 `(256,)`: 0 to 10, `IGNORED`, or `UNKNOWN` outside the data set.

        Example:
            >>> CLASS_MAPS["cityscapes"].table()[[7, 26, 25, 57]].tolist()
            [0, 7, 255, 254]
            >>> int(CLASS_MAPS["cityscapes"].table(riders_and_trucks=True)[25])
            4
        """
        table = np.full(256, UNKNOWN, np.uint8)
        table[: self.last_id + 1] = IGNORED
        if self.void_id is not None:
            table[self.void_id] = IGNORED
        for ids in (self.ids, self.riders_and_trucks if riders_and_trucks else {}):
            for label, members in ids.items():
                table[list(members)] = label
        return table

    def inverse(self) -> np.ndarray:
        """The id to write for each class, uint8 `(11,)`; 0 for a class that has no id."""
        return np.array([self.ids.get(label, (0,))[0] for label in range(11)], np.uint8)


# Cityscapes' and KITTI's columns: the rule of the AT/DT code.
_CITYSCAPES = ClassMap(
    title="Cityscapes label ids",
    option="train_ids=False",
    last_id=33,
    ids={
        ROAD: (7,),
        SIDEWALK: (8,),
        WALL: (12,),
        FENCE: (13,),
        PERSON: (24,),
        POLE: (17,),
        VEGETATION: (21,),
        VEHICLE: (26, 32),
        SIGN: (20, 19),
        BUILDING: (11,),
        SKY: (23,),
    },
    riders_and_trucks={PERSON: (25,), VEHICLE: (27, 28, 31, 33)},
    # The id of licence plates is -1, which is 255 in a byte.
    void_id=255,
)
_CITYSCAPES_TRAIN = ClassMap(
    title="Cityscapes train ids",
    option="train_ids=True",
    last_id=18,
    ids={
        ROAD: (0,),
        SIDEWALK: (1,),
        WALL: (3,),
        FENCE: (4,),
        PERSON: (11,),
        POLE: (5,),
        VEGETATION: (8,),
        VEHICLE: (13, 17),
        SIGN: (7, 6),
        BUILDING: (2,),
        SKY: (10,),
    },
    riders_and_trucks={PERSON: (12,), VEHICLE: (14, 15, 16, 18)},
    void_id=255,
)

# Inferred: the SYNTHIA-SF and CARLA columns apply the same rule; road lines are counted as road.
_SYNTHIA_SF = ClassMap(
    title="SYNTHIA-SF ids",
    option="",
    last_id=22,
    ids={
        ROAD: (1, 20),
        SIDEWALK: (2,),
        WALL: (4,),
        FENCE: (5,),
        PERSON: (12,),
        POLE: (6,),
        VEGETATION: (9,),
        VEHICLE: (14, 18),
        SIGN: (8, 7),
        BUILDING: (3,),
        SKY: (11,),
    },
    riders_and_trucks={PERSON: (13,), VEHICLE: (15, 16, 17, 19)},
)
_CARLA_13_IDS = {
    ROAD: (7, 6),
    SIDEWALK: (8,),
    WALL: (11,),
    FENCE: (2,),
    PERSON: (4,),
    POLE: (5,),
    VEGETATION: (9,),
    VEHICLE: (10,),
    SIGN: (12,),
    BUILDING: (1,),
}
# Inferred: with 13 tags the sky is tag 0 at the far plane, and `Carla` looks at the depth too.
_CARLA_13 = ClassMap("CARLA's 13 tags (up to 0.9.9)", "tag_set=13", 12, _CARLA_13_IDS)
_CARLA_23 = ClassMap(
    "CARLA's 23 tags (0.9.10 to 0.9.13)",
    "tag_set=23",
    22,
    _CARLA_13_IDS | {SIGN: (12, 18), SKY: (13,)},
)
_CARLA_28 = ClassMap(
    "CARLA's tags 0 to 28 (from 0.9.14)",
    "tag_set=28",
    28,
    _SYNTHIA_SF.ids | {ROAD: (1, 24)},
    _SYNTHIA_SF.riders_and_trucks,
)

CLASS_MAPS = {
    "cityscapes": _CITYSCAPES,
    "cityscapes_train": _CITYSCAPES_TRAIN,
    "synthia_sf": _SYNTHIA_SF,
    "carla_13": _CARLA_13,
    "carla_23": _CARLA_23,
    "carla_28": _CARLA_28,
}


# A street picture has road at its bottom and sky at its top; these shares are far below any.
_MOST_IGNORED, _LEAST_ROAD, _MARGIN = 1 / 3, 0.01, 0.3


class _Fit(NamedTuple):
    unknown: float
    ignored: float
    road: float
    sky: float

    @property
    def score(self) -> float:
        return self.road + self.sky - self.ignored - 2 * self.unknown

    @property
    def complaint(self) -> str | None:
        if self.unknown:
            return f"{self.unknown:.0%} of the pixels have an id that does not exist"
        if self.ignored > _MOST_IGNORED:
            return f"{self.ignored:.0%} of the pixels are ignored"
        if self.road < _LEAST_ROAD:
            return "there is no road in the lower third of the pictures"
        return None


def label_variant_problem(
    ids: Sequence[np.ndarray], chosen: str, choices: Sequence[str]
) -> str | None:
    """What speaks against the chosen class map, and which one fits better; `None` if nothing.

    Suspicious are ids that do not exist, more than a third of the pixels ignored, no road in the
    lower third of the pictures, or another map that fits far better.

    Args:
        ids: Some label maps as stored, uint8 `(height, width)`.
        chosen: Name in `CLASS_MAPS` of the map in use.
        choices: Names of all maps that come into question.

    Example:
        >>> ids = np.repeat(np.array([11, 3, 1], "uint8"), 5)[:, None]  # sky, building, road
        >>> label_variant_problem([ids], "carla_28", ["carla_13", "carla_28"])
        >>> label_variant_problem([ids], "carla_13", ["carla_13", "carla_28"])
        "read as CARLA's 13 tags (up to 0.9.9), there is no road in the lower third of the \
pictures; these are likely CARLA's tags 0 to 28 (from 0.9.14): pass tag_set=28"
    """
    if not ids:
        return None
    fits = {name: _fit(ids, name) for name in (chosen, *choices)}
    best = max(fits, key=lambda name: fits[name].score)
    complaint = fits[chosen].complaint
    if complaint is None:
        if fits[best].score < fits[chosen].score + _MARGIN:
            return None
        complaint = "road and sky are not where streets have them"
    message = f"read as {CLASS_MAPS[chosen].title}, {complaint}"
    if best == chosen:
        return f"{message}; no other ids that this data set comes in fit better: check its origin"
    better = CLASS_MAPS[best]
    return f"{message}; these are likely {better.title}: pass {better.option}"


def _fit(ids: Sequence[np.ndarray], name: str) -> _Fit:
    table = CLASS_MAPS[name].table()
    if name == "carla_13":
        # Tag 0 is mostly sky; the depth that would tell is not looked at here.
        table[0] = SKY
    shares = [_shares(table[picture]) for picture in ids]
    return _Fit(*np.mean(shares, axis=0).tolist())


def _shares(labels: np.ndarray) -> tuple[float, float, float, float]:
    third = -(-len(labels) // 3)
    return (
        np.mean(labels == UNKNOWN),
        np.mean(labels == IGNORED),
        np.mean(labels[-third:] == ROAD),
        np.mean(labels[:third] == SKY),
    )
