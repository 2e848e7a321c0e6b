"""Only the readout learns."""

from __future__ import annotations

from neurorec.rules.base import AbstractRule


class ReadoutOnly(AbstractRule):
    """The delta rule on the readout; the recurrent network stays a reservoir (as in Murray 2019, Fig 2 supplement 2, but for the output fed back there)."""

    influence = "local"
    changes = ("readout",)
