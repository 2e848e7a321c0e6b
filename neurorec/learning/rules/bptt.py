"""Backpropagation through time."""

from __future__ import annotations

from neurorec.learning.rules.base import AbstractRule


class BPTT(AbstractRule):
    """Backpropagation through time (Murray 2019, Eqs 20-23): the exact gradient, by a scan against time."""

    influence = "full"
    feedback = "symmetric"
    schedules = frozenset({"trial"})
    exact = True
