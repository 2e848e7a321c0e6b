"""What a rule is: which part of the influence of a weight on the units it keeps, and how the error reaches the units.

The exact influence ``P = ds/dW`` of a weight on the states obeys ``P(t) = (D(t) + F(t) W O) P(t-1) + F(t) pre(t)``. A
*full* rule keeps it, a *local* rule drops the term with W, so that a synapse needs only what its two units know. The
error reaches the units through the transposed readout or through other weights: a feedback, see ``neurorec/learning/feedbacks``.
"""

from __future__ import annotations

from abc import ABC
from enum import StrEnum
from typing import ClassVar, Literal

from neurorec.errors import NotOffered


class Influence(StrEnum):
    """Which part of ds/dW a rule keeps; what else there may be is declared here, and each engine is taught it."""

    LOCAL = "local"  # a unit's own: P(t) = D(t) P(t-1) + F(t) pre(t)
    FULL = "full"  # that by way of other units too: P(t) = (D(t) + F(t) W O) P(t-1) + F(t) pre(t)


INFLUENCES = tuple(each.value for each in Influence)


class AbstractRule(ABC):
    """A learning rule, declared; engines know how to evaluate every point on its axes.

    A rule with settings is a frozen dataclass: they are stored with a run, which is resumed with them.

    Attributes
    ----------
    influence : "local" or "full"
        Which part of ds/dW is kept, an `Influence`.
    feedback : str
        How the error reaches the units unless the user chooses another, from ``nr.names("feedbacks")``.
    order : "backward" or "forward"
        How engines evaluate it at the end of a trial: a scan against time (the same numbers, far cheaper; it is an
        acausal order of evaluation, which no brain could use) or causally, carrying P along.
    schedules : frozenset of str
        When weights may change: ``"trial"``, ``"step"``.
    changes : tuple of str or None
        Weights it changes; None: all plastic ones but those it `spares`.
    spares : tuple of str
        Weights it leaves alone.
    exact : bool
        Whether its change equals -dL/dW.
    """

    influence: ClassVar[str]
    feedback: ClassVar[str] = "random"
    order: ClassVar[Literal["backward", "forward"]] = "backward"
    schedules: ClassVar[frozenset[str]] = frozenset({"trial", "step"})
    changes: ClassVar[tuple[str, ...] | None] = None
    spares: ClassVar[tuple[str, ...]] = ()
    exact: ClassVar[bool] = False

    @property
    def through_units(self) -> bool:
        """Whether it keeps what a weight does to a unit by way of other units, the term with W: what engines ask of its influence.

        Raises
        ------
        NotOffered
            If it declares an influence that there is not.
        """
        declared = getattr(self, "influence", None)
        if declared not in INFLUENCES:
            ways = " or ".join(map(repr, INFLUENCES))
            raise NotOffered(f"{type(self).__name__} declares the influence {declared!r}, which no engine can evaluate; it must be {ways}")
        return declared == Influence.FULL

    def may_change(self, weight: str) -> bool:
        """Whether the rule changes this weight (or per-unit parameter) at all."""
        return (self.changes is None or weight in self.changes) and weight not in self.spares
