"""Fixed points of one system after another, such as a network under several inputs, each search begun at the points of the one before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.dynamics._map import as_map
from neurorec.dynamics._roots import Clock
from neurorec.dynamics._starts import as_starts
from neurorec.dynamics.fixed_points import fixed_points
from neurorec.progress import Hook, Progress

if TYPE_CHECKING:
    import xarray

FRESH = 128  # starts of a stage beside the points of the one before
STATUS = ("converged", "slow", "diverged", "outlier", "unfinished")


@dataclass
class Stages:
    """What was found of each system so far.

    Attributes
    ----------
    found : list of xarray.Dataset
        Of `fixed_points`.
    tracks : list of (points,) array
        Number of the track that each point belongs to: the point that it was in the systems before.
    spans : list of [int, int]
        First and last system of each track.
    """

    found: list[xarray.Dataset] = field(default_factory=list)
    tracks: list[np.ndarray] = field(default_factory=list)
    spans: list[list[int]] = field(default_factory=list)

    @property
    def last(self) -> np.ndarray | None:
        """States of the points of the last system, (points, n)."""
        return self.found[-1]["state"].values if self.found else None

    def add(self, found: xarray.Dataset) -> None:
        """The points of another system, of whose starts the first were the points of the last one."""
        stage, numbers = len(self.found), np.full(found.sizes["point"], -1)
        for new, old in _nearest(self.last, found).items():
            numbers[new] = self.tracks[-1][old]
            self.spans[numbers[new]][1] = stage
        for new in np.flatnonzero(numbers < 0):
            numbers[new] = len(self.spans)
            self.spans.append([stage, stage])
        self.found.append(found)
        self.tracks.append(numbers)

    def together(self, dimension: str) -> xarray.Dataset:
        """All points one after another, with the number of their system (``dimension_of``) and track; starts are counted by status."""
        import xarray

        points = [each.drop_dims(["start", "slow_point"]) for each in self.found]
        joined = xarray.concat(points, "point", coords="minimal", compat="override", combine_attrs="override")
        stages = np.repeat(np.arange(len(points)), [each.sizes["point"] for each in points])
        counts = np.array([[int((each["status"] == status).sum()) for status in STATUS] for each in self.found])
        return joined.assign(
            {
                f"{dimension}_of": ("point", stages, {"units": "1", "long_name": f"number of the {dimension}"}),
                "track": ("point", np.concatenate(self.tracks), {"units": "1", "long_name": "the same point in all systems"}),
                "points": (dimension, np.array([each.sizes["point"] for each in points]), {"units": "1"}),
                "starts": ((dimension, "status"), counts, {"units": "1"}),
                "first": ("of_track", np.array([span[0] for span in self.spans], int), {"units": "1"}),
                "last": ("of_track", np.array([span[1] for span in self.spans], int), {"units": "1"}),
            }
        ).assign_coords(status=list(STATUS))


def searched(
    systems: Iterable[tuple[Any, Any]],
    total: int,
    starts: Any,
    fresh: int,
    *,
    seed: int | None,
    fibres: int | None,
    seconds: float | None,
    progress: bool | Hook,
    unit: str,
) -> tuple[Stages, bool]:
    """Points of each network and input; `fresh` starts beside those of the one before, from the second on. Whether the budget ran out."""
    stages, clock = Stages(), Clock(seconds)
    with Progress(progress, total, unit=unit) as shown:
        for done, (net, inputs) in enumerate(systems, 1):
            own, warm = as_starts(as_map(net, inputs), starts, seed), stages.last
            if warm is not None and len(warm):
                own = np.concatenate([warm, own[np.linspace(0, len(own) - 1, min(fresh, len(own))).astype(int)]])
            stages.add(fixed_points(net, inputs, own, seed, fibres=fibres, seconds=clock.left()))
            shown.advance(done, np.nan)
    return stages, clock.up() or any(each.attrs["partial"] for each in stages.found)


def _nearest(before: np.ndarray | None, found: xarray.Dataset) -> dict[int, int]:
    """Of each point that points of the system before ended in, which of these was nearest."""
    if before is None:
        return {}
    ended, state = found["point_of"].values[: len(before)], found["state"].values
    apart = {old: float(np.linalg.norm(before[old] - state[new])) for old, new in enumerate(ended) if new >= 0}
    return {int(new): min((old for old in apart if ended[old] == new), key=lambda old: apart[old]) for new in np.unique(ended[ended >= 0])}
