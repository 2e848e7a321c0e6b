"""What a sweep is to train: settings that all points share, and those in which they differ."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from neurorec.display import short_repr
from neurorec.errors import UnknownName, ValueRefused
from neurorec.sweeps.settings import SECTIONS, expect_keys, key_paths, name_of_point, plain, replaced
from neurorec.training.settings import ANGLE_COLUMN, COLUMNS

POINT = "point"  # the one dimension of a list of points
WEIGHTS = ("recurrent", "input", "readout", "bias")  # that `Sweep.final` has
TAKEN = {
    POINT,
    "trial",
    "state",
    "done",
    "error",
    "path",
    *WEIGHTS,
    "post",
    "pre",
    "output",
    *COLUMNS,
    *ANGLE_COLUMN,
}  # names that results have
MOST = 1_000_000  # points


@dataclass(frozen=True)
class Point:
    """One training of a sweep.

    Attributes
    ----------
    index : int
        Its place in the sweep, from 0; the last of the sweep's dimensions runs fastest.
    name : str
        Of its run file, without ``.h5``.
    settings : mapping
        By section: task, network, training, record, seed.
    differs : mapping
        What it has of its own, by dotted key.
    """

    index: int
    name: str
    settings: Mapping[str, Any]
    differs: Mapping[str, Any]

    def __str__(self) -> str:
        said = ", ".join(f"{key} {json.dumps(value)}" for key, value in self.differs.items())
        return f"point {self.index} ({said})" if said else f"point {self.index}"


@dataclass(frozen=True)
class Plan:
    """A sweep's points: the product of some axes, or a list.

    Parameters
    ----------
    settings : mapping
        That all points share, by section.
    over : mapping of str to sequence
        Values by dotted key: ``{"training.rate": [0.01, 0.03], "seed": range(20)}``.
    points : sequence of mapping, optional
        In the place of `over`: what each point has of its own.

    Raises
    ------
    ValueRefused, UnknownName
        If there is no point, one comes twice, or a setting is misspelt.
    """

    settings: Mapping[str, Any]
    over: Mapping[str, Sequence[Any]]
    points_listed: Sequence[Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 - the one place where a frozen value is filled
        put("settings", plain({name: value for name, value in self.settings.items() if value is not None}))
        put("over", {key: _values(key, values) for key, values in key_paths(self.over).items()})
        if self.points_listed is not None:
            put("points_listed", [plain(key_paths(each)) for each in _listed(self.points_listed)])
        if self.over and self.points_listed is not None:
            raise ValueRefused("a sweep has a grid (over) or a list (points), not both; write the product into the list")
        for key in self.keys:
            if key.split(".")[0] not in SECTIONS:
                raise UnknownName.among("setting to sweep over", key.split(".")[0], SECTIONS)
        if not 0 < self.count <= MOST:
            raise ValueRefused(f"a sweep of {self.count} points; expected 1 to {MOST:,}: every list of a grid needs a value")

    @property
    def keys(self) -> tuple[str, ...]:
        """What points differ in, as dotted keys."""
        return tuple(self.over) if self.points_listed is None else tuple(dict.fromkeys(key for each in self.points_listed for key in each))

    @property
    def count(self) -> int:
        """Number of points."""
        return math.prod(map(len, self.over.values())) if self.points_listed is None else len(self.points_listed)

    @property
    def names_others(self) -> bool:
        """Whether it names classes that are not the library's own: ``module:Class``."""
        return any(name_others(each) for each in (self.settings, self.over, self.points_listed))

    @property
    def shape(self) -> dict[str, int]:
        """Sizes of the sweep's dimensions, by name."""
        if self.points_listed is not None:
            return {POINT: len(self.points_listed)}
        return {self.dimension(key): len(values) for key, values in self.over.items()}

    def dimension(self, key: str) -> str:
        """What a setting is called in xarray: by its last word, unless that is taken."""
        last = key.rpartition(".")[2]
        return key if last in TAKEN or [each.rpartition(".")[2] for each in self.keys].count(last) > 1 else last

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """All of them.

        Raises
        ------
        ValueRefused, UnknownName
            If two are the same, or a setting is misspelt.
        """
        made = tuple(self._point(index, own) for index, own in enumerate(self._differences()))
        first: dict[str, Point] = {}
        for point in made:
            if (other := first.setdefault(point.name, point)) is not point:
                raise ValueRefused(f"{other} and point {point.index} have the same settings; leave one out")
        return made

    @cached_property
    def by_name(self) -> dict[str, Point]:
        """Points by the name of their run file."""
        return {point.name: point for point in self.points}

    def as_dict(self) -> dict[str, Any]:
        """For a file."""
        said = {name: self.settings[name] for name in SECTIONS if name in self.settings}
        listed = None if self.points_listed is None else [dict(each) for each in self.points_listed]
        return said | ({"over": dict(self.over)} if self.over else {}) | ({} if listed is None else {"points": listed})

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Plan:
        """The plan that `as_dict`, or a user's file, describes."""
        known = (*SECTIONS, "over", "points")
        for name in said:
            if name not in known:
                raise UnknownName.among("section of a sweep", name, known)
        over = said.get("over", {})
        if not isinstance(over, Mapping):
            raise ValueRefused(f"over must be lists of values by setting, got {short_repr(over)}")
        return cls({name: value for name, value in said.items() if name in SECTIONS}, over, said.get("points"))

    def _differences(self) -> Sequence[Mapping[str, Any]]:
        if self.points_listed is not None:
            return self.points_listed
        return [dict(zip(self.over, values, strict=True)) for values in itertools.product(*self.over.values())]

    def _point(self, index: int, own: Mapping[str, Any]) -> Point:
        settings = {"seed": 0} | replaced(self.settings, own)
        expect_keys(settings)
        return Point(index, name_of_point(settings), settings, own)


def name_others(value: Any) -> bool:
    """Whether a word in a setting, however deep, may be a class of somebody's own."""
    if isinstance(value, Mapping):
        return any(map(name_others, value.values()))
    return any(map(name_others, value)) if isinstance(value, list) else isinstance(value, str) and ":" in value


def _values(key: str, values: Any) -> list[Any]:
    found = plain(values)
    if not isinstance(found, list):
        raise ValueRefused(
            f"over {key}: expected a list of values, got {short_repr(values)}; a setting that all points share stands in its section"
        )
    return found


def _listed(points: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(points, Sequence) or not all(isinstance(each, Mapping) for each in points):
        raise ValueRefused("points must be a list of settings, such as [{'training.rate': 0.01, 'seed': 1}]")
    return points
