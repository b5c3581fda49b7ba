"""Whether label maps follow the ids that they are read by, and if not, which others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from adaat_keras.domains.formats.class_map import CLASS_MAPS, IGNORED, UNKNOWN
from adaat_keras.domains.street_world.classes import ROAD, SKY

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
