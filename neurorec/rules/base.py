"""What a rule is: which part of the influence of a weight on the units it keeps, and how the error reaches the units.

The exact influence ``P = ds/dW`` of a weight on the states obeys ``P(t) = (D(t) + F(t) W O) P(t-1) + F(t) pre(t)``. A
*full* rule keeps it, a *local* rule drops the term with W, so that a synapse needs only what its two units know. The
error reaches the units through the transposed readout or through other weights: a feedback, see ``neurorec/feedbacks``.
"""

from __future__ import annotations

from abc import ABC
from typing import ClassVar, Literal


class AbstractRule(ABC):
    """A learning rule, declared; engines know how to evaluate every point on its axes.

    Attributes
    ----------
    influence : "local" or "full"
        Which part of ds/dW is kept.
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

    influence: ClassVar[Literal["local", "full"]]
    feedback: ClassVar[str] = "random"
    order: ClassVar[Literal["backward", "forward"]] = "backward"
    schedules: ClassVar[frozenset[str]] = frozenset({"trial", "step"})
    changes: ClassVar[tuple[str, ...] | None] = None
    spares: ClassVar[tuple[str, ...]] = ()
    exact: ClassVar[bool] = False

    @classmethod
    def may_change(cls, weight: str) -> bool:
        """Whether the rule changes this weight (or per-unit parameter) at all."""
        return (cls.changes is None or weight in cls.changes) and weight not in cls.spares
