"""Only the readout learns."""

from __future__ import annotations

from neurorec.learning.rules.base import AbstractRule


class ReadoutOnly(AbstractRule):
    """The delta rule on the readout; the recurrent network stays a reservoir (Murray 2019, Fig 2 supplement 2, with ``parametrisation="output_fed_back"``)."""

    influence = "local"
    changes = ("readout",)
