"""The influence of real-time recurrent learning (Murray 2019, Eqs 10-12), for any cell."""

from __future__ import annotations

import numpy as np

from neurorec.engines.reference.forward import blocks
from neurorec.engines.reference.trace import immediate
from neurorec.engines.reference.unit import Linear
from neurorec.networks.weights import Weights


class Influence:
    """ds/dW, whole: every weight's effect on every state of every unit, of one trial.

    P(t) = (D(t) + F(t) W O) P(t-1) + F(t) pre(t)
    """

    def __init__(self, weights: Weights, states: int, plastic: int):
        units, drives = weights.parameters.shape[1], len(weights.bias) // weights.parameters.shape[1]
        self.shape = (states, drives, units, weights.recurrent.shape[1] + weights.input.shape[1] + 1)
        self.synaptic = np.zeros((states, units, *self.shape[1:]))  # [state j of unit n; weight (d, a, c)]
        self.intrinsic = np.zeros((states, units, plastic, units))

    def advance(self, linear: Linear, weights: Weights, pre: np.ndarray, trial: int) -> None:
        """One step of the recursion."""
        units = np.arange(self.shape[2])
        self.synaptic = self._carried(linear, weights, self.synaptic, trial)
        self.synaptic[:, units, :, units] += immediate(linear, pre, trial, self.shape).transpose(2, 0, 1, 3)
        self.intrinsic = self._carried(linear, weights, self.intrinsic, trial)
        self.intrinsic[:, units, :, units] += linear.partial[:, :, trial].transpose(2, 0, 1)

    def _carried(self, linear: Linear, weights: Weights, influence: np.ndarray, trial: int) -> np.ndarray:
        by_output = np.einsum("klm,lm...->km...", linear.emission[:, :, trial], influence)
        through_units = np.einsum("dnkm,km...->dn...", blocks(weights.recurrent, self.shape[2]), by_output)
        own = np.einsum("jln,ln...->jn...", linear.decay[:, :, trial], influence)
        return own + np.einsum("jdn,dn...->jn...", linear.recurrent[:, :, trial], through_units)

    def change(self, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """dW = signal P."""
        return np.einsum("jn,jndac->dac", signal, self.synaptic), np.einsum("jn,jnqa->qa", signal, self.intrinsic)
