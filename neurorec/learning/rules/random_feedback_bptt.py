"""Full influence, random feedback."""

from __future__ import annotations

from neurorec.learning.rules.base import AbstractRule


class RandomFeedbackBPTT(AbstractRule):
    """Backpropagation through time whose error enters through random weights (Murray 2019, Fig 2d "random feedback")."""

    influence = "full"
    schedules = frozenset({"trial"})
