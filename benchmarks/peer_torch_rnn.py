"""BPTT by torch's nn.RNN, a plain tanh network without leak: other work than the leaky network of the other peers.

    python benchmarks/peer_torch_rnn.py [--quick] [--json]

So that it can be compared and checked, our network has tau = dt here: it then computes the same function, its leak
multiplied out. torch's whole loop over time is compiled; its readout is one product over all steps.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from peer import Job, Peer, compare
from report import main

from neurorec.network import Network
from neurorec.timing.workload import Workload

SIZES = ((64, 1), (128, 32), (256, 1), (512, 64))
GAIN = 0.9  # without leak, errors of rounding grow from step to step in a chaotic network, and nothing could be checked


def network(units: int) -> Network:
    return Network.random(1, units, 1, parameters={"tau": 0.01}, gain=GAIN)


def make(work: Workload, dtype: type) -> Job:
    import torch

    torch.set_num_threads(1)
    ours, trials = work.network, work.trials
    rnn = torch.nn.RNN(1, ours.units, bias=False, dtype=torch.float64 if dtype is np.float64 else torch.float32)
    readout = torch.tensor(ours.readout.astype(dtype)).requires_grad_()
    with torch.no_grad():
        rnn.weight_hh_l0[...] = torch.tensor(ours.recurrent.astype(dtype))
        rnn.weight_ih_l0[...] = torch.tensor(ours.input.astype(dtype))
    x, target = (torch.tensor(each.astype(dtype)) for each in (trials.inputs, trials.targets))
    initial = torch.tensor(np.tile(ours.initial, (1, trials.count, 1)).astype(dtype))
    plastic = [rnn.weight_hh_l0, rnn.weight_ih_l0, readout]

    def change() -> np.ndarray:
        loss = ((target - rnn(x, initial)[0] @ readout.T) ** 2).sum() / (2 * trials.steps * trials.count)
        return -torch.autograd.grad(loss, plastic)[0].numpy()

    return change


PEERS = (Peer("torch nn.RNN, plain tanh", ("torch",), "bptt", SIZES, make, beside=("bptt", "rflo"), network=network),)


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(PEERS, quick)


if __name__ == "__main__":
    main(measure, __doc__)
