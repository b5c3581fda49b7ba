"""From each data set's label ids to the paper's 11 classes: the one place that knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from adaat_keras.domains.street_world.classes import (
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
