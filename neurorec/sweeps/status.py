"""How far a sweep is, from its folder alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurorec.display import AbstractDisplayed, Rows, briefly, some
from neurorec.sweeps.claims import Owner, claims, living
from neurorec.sweeps.folder import number_in, results
from neurorec.sweeps.plan import Plan
from neurorec.sweeps.work import DONE, FAILED

BEGUN, RUNNING, LEFT = "begun", "running", "left"


@dataclass(frozen=True, repr=False)
class Status(AbstractDisplayed):
    """How far a sweep is.

    Attributes
    ----------
    states : mapping of str to str
        Of every point by its name: "done", "failed", "running", "begun" (it has a file to go on with) or "left".
    failures : mapping of str to str
        What was said of those that failed, by the point's own settings.
    owners : mapping of str to Owner
        Who trains those that are running, and how far each is.
    seconds : float
        That the finished ones took together.
    """

    folder: Path
    states: Mapping[str, str]
    failures: Mapping[str, str]
    owners: Mapping[str, Owner]
    seconds: float

    @property
    def total(self) -> int:
        """Points of the sweep."""
        return len(self.states)

    @property
    def done(self) -> int:
        """Points that are trained."""
        return self._count(DONE)

    @property
    def running(self) -> int:
        """Points that a living process trains."""
        return self._count(RUNNING)

    @property
    def failed(self) -> int:
        """Points that failed, and are run again only where asked."""
        return self._count(FAILED)

    @property
    def left(self) -> int:
        """Points that nobody has begun, or that were begun and wait to be gone on with."""
        return self._count(LEFT) + self._count(BEGUN)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        counts = {name: getattr(self, name) for name in ("total", "done", "running", "failed", "left", "seconds")}
        return {"folder": str(self.folder), **counts, "failures": dict(self.failures)}

    def _count(self, state: str) -> int:
        return Counter(self.states.values())[state]

    def _display(self) -> tuple[str, Rows]:
        counts = ", ".join(f"{getattr(self, name):,} {name}" for name in ("done", "running", "failed", "left"))
        who = [("running", f"{owner}, {some(owner.done, 'trial')}, loss {briefly(owner.loss)}") for owner in self.owners.values()]
        return f"{self.folder}, {some(self.total, 'point')}: {counts}", [
            *who[:3],
            *(("failed", f"{p}: {said}") for p, said in self.failures.items()),
        ]


def status(folder: Path, plan: Plan) -> Status:
    """Read it."""
    ended, owned = results(folder), {name: owner for name, path in claims(folder).items() if (owner := living(path)) is not None}
    files = {path.stem for path in folder.glob("*.h5")}
    states = {point.name: _state(point.name, ended, owned, files) for point in plan.points}
    failures = {str(point): str(ended[point.name].get("error")) for point in plan.points if states[point.name] == FAILED}
    took = [number_in(each, "seconds") for name, each in ended.items() if states.get(name) == DONE]
    seconds = sum(each for each in took if each == each)
    return Status(folder, states, failures, {name: owner for name, owner in owned.items() if states.get(name) == RUNNING}, seconds)


def _state(name: str, ended: Mapping[str, Mapping[str, Any]], owned: Mapping[str, Owner], files: set[str]) -> str:
    if name in owned:
        return RUNNING
    if name in ended and (ended[name]["state"] == FAILED or name in files):
        return ended[name]["state"]
    return BEGUN if name in files else LEFT
