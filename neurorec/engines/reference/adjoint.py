"""Backpropagation through time (Murray 2019, Eqs 20-23), for any cell."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity, Stimulus
from neurorec.engines.reference.forward import blocks
from neurorec.engines.reference.unit import Unit
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


def adjoint_change(
    network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, feedback: AbstractFeedback
) -> Weights:
    """z(t) = O^T [B eps(t) + W^T F^T z(t+1)] + D^T z(t+1);  dW = sum_t F^T z(t) pre(t)^T."""
    unit, change = Unit(network, weights), weights.zeros()
    carried, returned = np.zeros_like(activity.states[0]), np.zeros_like(activity.emitted[0])
    signal = learning_signal(weights, feedback, error, activity)
    for t in reversed(range(len(error))):
        z = np.einsum("kjbn,kbn->jbn", unit.emission(activity.states[t + 1]), signal[t] + returned) + carried
        linear = unit.linear(activity.states[t], activity.drives[t])
        recurrent, external = (np.einsum("jdbn,jbn->dbn", part, z) for part in (linear.recurrent, linear.external))
        carried = np.einsum("jlbn,jbn->lbn", linear.decay, z)
        returned = np.einsum("dakc,dba->kbc", blocks(weights.recurrent, network.units), recurrent)
        add_outer(change, recurrent, external, activity.emitted[t], stimulus.inputs[t])
        add_parameters(change, network, np.einsum("jqbn,jbn->qn", linear.partial, z))
    add_readout(change, activity, error)
    return change


def learning_signal(weights: Weights, feedback: AbstractFeedback, error: np.ndarray, activity: Activity) -> np.ndarray:
    """B eps(t), (T, K, B, N)."""
    matrix = feedback.element(weights.readout.T, weights.feedback)
    return np.einsum("kno,tbo->tkbn", matrix.reshape(*activity.emitted.shape[1::2], -1), error)


def add_outer(change: Weights, recurrent: np.ndarray, external: np.ndarray, emitted: np.ndarray, x: np.ndarray) -> None:
    """Postsynaptic (D, B, N) times presynaptic activity, summed over trials."""
    change.recurrent[...] += np.einsum("dba,kbc->dakc", recurrent, emitted).reshape(change.recurrent.shape)
    change.input[...] += np.einsum("dba,bi->dai", external, x).reshape(change.input.shape)
    change.bias[...] += external.sum(axis=1).ravel()


def add_parameters(change: Weights, network: Network, rows: np.ndarray) -> None:
    """Rows of the plastic parameters to their places among all parameters."""
    for name, row in zip(network.formula.plastic, rows, strict=True):
        change.parameters[network.formula.parameters.index(name)] += row


def add_readout(change: Weights, activity: Activity, error: np.ndarray) -> None:
    """dWout = sum_t eps(t) o(t)^T; a plastic feedback takes the transpose."""
    change.readout[...] += np.einsum("tbo,tkbn->okn", error, activity.emitted[1:]).reshape(change.readout.shape)
    change.feedback[...] = change.readout.T
