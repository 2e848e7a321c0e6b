"""Synapses whose current decays exponentially, before any cell."""

from __future__ import annotations

import sympy

from neurorec.networks.filters.base import AbstractFilter


class ExponentialSynapse(AbstractFilter):
    """A current I(t) = exp(-dt/tau_syn) I(t-1) + u(t) in the place of the drive u: whatever comes in, from units as from outside, lasts.

    Of cells that spike these are exponential current synapses, as of NEST's ``iaf_psc_exp`` and snnTorch's ``Synaptic``: a spike raises I
    by its weight, and v hears I from that step on. Without the filter synapses are delta synapses.
    """

    states = ("i",)
    parameters = {"tau_syn": 0.005}  # seconds
    decays = ("tau_syn",)

    @staticmethod
    def step(
        external: sympy.Expr, recurrent: sympy.Expr, i: sympy.Expr, dt: sympy.Expr, tau_syn: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr]:
        """The current; the recurrent part of the drive is added to what is given for the external one."""
        current = sympy.exp(-dt / tau_syn) * i + recurrent + external
        return current - recurrent, current
