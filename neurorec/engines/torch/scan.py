"""Local influence at the end of a trial: a scan against time over (trial, unit), one product over trials x time."""

from __future__ import annotations

import numpy as np
import torch

from neurorec.engines.base import Activity, Stimulus
from neurorec.engines.torch.change import put_together
from neurorec.engines.torch.place import Place
from neurorec.engines.torch.unit import Unit, pull
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


def local_change(
    place: Place, network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, feedback: AbstractFeedback
) -> Weights:
    """R(t) = O^T B eps(t) + D(t+1)^T R(t+1);  dW = sum_t F^T R(t) pre(t)^T."""
    w, eps, inputs = place.weights(weights), place.tensor(error), place.tensor(stimulus.inputs)
    states, drives, emitted = (place.tensor(each).movedim(1, 0) for each in (activity.states, activity.drives, activity.emitted))
    unit, matrix = Unit(network, w.parameters), place.tensor(feedback.element(weights.readout.T, weights.feedback))
    linear, signal = unit.linear(states[:, :-1].unbind(), drives.unbind()), (eps @ matrix.T).unflatten(-1, (len(emitted), -1))
    adjoint = scanned(pull(unit.emission(states[:, 1:].unbind()), signal.movedim(2, 0)), linear.decay)
    by_drive = pull(linear.recurrent, adjoint), pull(linear.external, adjoint)
    recurrent_post, external_post, presynaptic = (_columns(each) for each in (*by_drive, emitted))
    change = put_together(
        network,
        w,
        recurrent=recurrent_post.T @ presynaptic[: -eps.shape[1]],
        input=external_post.T @ inputs.flatten(0, 1),
        bias=external_post.sum(dim=0),
        readout=eps.flatten(0, 1).T @ presynaptic[eps.shape[1] :],
        plastic=pull(linear.partial, adjoint).sum(dim=(1, 2)),
    )
    return weights.like(place.array(change.vector))


def scanned(direct: torch.Tensor, decay: torch.Tensor) -> torch.Tensor:
    """R(t) = direct(t) + D(t+1)^T R(t+1), (k, T, B, N), from ``direct`` of that shape and ``decay (k, k, T, B, N)``."""
    found = [direct[:, -1]]
    for t in range(direct.shape[1] - 2, -1, -1):
        found.append(direct[:, t] + pull(decay[:, :, t + 1], found[-1]))
    return torch.stack(found[::-1], dim=1)


def _columns(rows: torch.Tensor) -> torch.Tensor:
    """(rows, T, B, N) to (T B, rows N), stacked as in the weights."""
    return rows.permute(1, 2, 0, 3).flatten(2).flatten(0, 1)
