"""Real-time recurrent learning."""

from __future__ import annotations

from neurorec.learning.rules.base import AbstractRule


class RTRL(AbstractRule):
    """Real-time recurrent learning (Williams and Zipser 1989; Murray 2019, Eqs 10-12): the exact gradient, causally.

    Carries the influence of every weight on every state: N^3 numbers, N^4 operations a step. For small networks.
    """

    influence = "full"
    feedback = "symmetric"
    order = "forward"
    exact = True
