"""Full influence at the end of a trial, by torch's autograd: an oracle that knows nothing of our derivatives."""

from __future__ import annotations

import numpy as np
import torch

from neurorec.engines.base import Stimulus
from neurorec.engines.torch.forward import side_by_side, unroll
from neurorec.engines.torch.place import Place
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.weights import Weights


class Read(torch.autograd.Function):
    """y = readout o, whose error goes back to the units through B: the gradient, where B is the readout's transpose."""

    @staticmethod
    def forward(ctx, emitted, readout, feedback):
        """(T, B, O) from (T, B, K N), (O, K N) and B, (K N, O)."""
        ctx.save_for_backward(emitted, feedback)
        return emitted @ readout.T

    @staticmethod
    def backward(ctx, *adjoints):
        """B eps to the units, sum_t eps(t) o(t)^T to the readout."""
        (emitted, feedback), (error,) = ctx.saved_tensors, adjoints
        return error @ feedback.T, error.flatten(0, 1).T @ emitted.flatten(0, 1), None


def full_change(
    place: Place, network: AbstractNetwork, weights: Weights, stimulus: Stimulus, error: np.ndarray, feedback: AbstractFeedback
) -> Weights:
    """Minus dL/dW for symmetric feedback; for another, what its error makes of the same way back.

    The trials run a second time, with autograd watching: `forward` need not keep the graph of runs that nobody learns from.
    """
    w = place.weights(weights)
    w.vector.requires_grad_()
    matrix = place.tensor(feedback.element(weights.readout.T, weights.feedback))
    readout = Read.apply(side_by_side(unroll(place, network, w, stimulus).emitted[1:]), w.readout, matrix)
    (descent,) = torch.autograd.grad(readout, w.vector, place.tensor(error))
    change = weights.like(place.array(descent))
    change.parameters[[name not in network.formula.plastic for name in network.formula.parameters]] = 0
    change.feedback[...] = change.readout.T
    return change
