"""Random-feedback local online learning."""

from __future__ import annotations

from neurorec.learning.rules.base import AbstractRule


class RFLO(AbstractRule):
    """Random-feedback local online learning (Murray 2019, Eqs 5 and 6, doi:10.7554/eLife.43299).

    ``dW(t) = [B eps(t)] p(t)``, ``p(t) = (1 - dt/tau) p(t-1) + dt/tau phi'(u(t)) pre(t)``: the trace p is a synapse's
    own, the error comes through fixed random weights B. For cells with several states p is the trace of
    ``neurorec.learning.rules.base``, which for adaptive or spiking units is that of e-prop.
    """

    influence = "local"
