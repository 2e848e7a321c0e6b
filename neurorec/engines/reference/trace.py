"""The eligibility trace of a local rule (Murray 2019, Eqs 5 and 6), for any cell."""

from __future__ import annotations

import numpy as np

from neurorec.engines.reference.unit import Linear
from neurorec.networks.weights import Weights


class LocalTrace:
    """What each synapse remembers, of one trial.

    For a leaky tanh unit, with alpha = dt/tau (the input trace has x(t), the paper's x(t-1) is a misprint):

        p(t) = (1 - alpha) p(t-1) + alpha phi'(u(t)) h(t-1)^T
        q(t) = (1 - alpha) q(t-1) + alpha phi'(u(t)) x(t)^T
        dW(t) = [B eps(t)] p(t)          dWin(t) = [B eps(t)] q(t)
    """

    def __init__(self, weights: Weights, states: int, plastic: int):
        units, drives = weights.parameters.shape[1], len(weights.bias) // weights.parameters.shape[1]
        presynaptic = weights.recurrent.shape[1] + weights.input.shape[1] + 1
        self.synaptic = np.zeros((states, drives, units, presynaptic))  # p and q side by side, and the bias's
        self.intrinsic = np.zeros((states, plastic, units))

    def advance(self, linear: Linear, weights: Weights, pre: np.ndarray, trial: int) -> None:
        """e(t) = D e(t-1) + F pre(t)."""
        del weights  # the term with W is what a local rule drops
        decay = linear.decay[:, :, trial]
        self.synaptic = np.einsum("jla,ldac->jdac", decay, self.synaptic) + immediate(linear, pre, trial, self.synaptic.shape)
        self.intrinsic = np.einsum("jla,lqa->jqa", decay, self.intrinsic) + linear.partial[:, :, trial]

    def change(self, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """dW = signal e: (D, N, presynaptic) and (plastic, N), from the learning signal of each state, (k, N)."""
        return np.einsum("ja,jdac->dac", signal, self.synaptic), np.einsum("ja,jqa->qa", signal, self.intrinsic)


def immediate(linear: Linear, pre: np.ndarray, trial: int, shape: tuple[int, ...]) -> np.ndarray:
    """F pre(t): what this step's presynaptic activity [o(t-1), x(t), 1] does to the states at once, (k, D, N, presynaptic)."""
    from_units = shape[3] - len(pre[1]) - 1
    direct = np.empty(shape)
    direct[..., :from_units] = linear.recurrent[:, :, trial, :, None] * pre[0]
    direct[..., from_units:] = linear.external[:, :, trial, :, None] * np.append(pre[1], 1.0)
    return direct
