"""Everything but the readout learns."""

from __future__ import annotations

from neurorec.learning.rules.base import AbstractRule


class RecurrentOnly(AbstractRule):
    """RFLO with a fixed readout: no alignment can form, and learning fails (Murray 2019, Fig 2 supplement 2)."""

    influence = "local"
    spares = ("readout",)
