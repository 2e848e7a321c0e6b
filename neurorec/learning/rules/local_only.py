"""Local influence, exact feedback."""

from __future__ import annotations

from neurorec.learning.rules.base import AbstractRule


class LocalOnly(AbstractRule):
    """Local influence with the readout's transpose as feedback (Murray 2019, Fig 2d "local approximation"; D-RTRL)."""

    influence = "local"
    feedback = "symmetric"
