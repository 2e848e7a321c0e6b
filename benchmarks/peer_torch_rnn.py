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
import torch_tensors
from peer import Job, Peer, compare
from report import main

from neurorec.networks.network import Network
from neurorec.timing.workload import Workload

SIZES = ((64, 1), (128, 32), (256, 1), (512, 64))
GAIN = 0.9  # without leak, errors of rounding grow from step to step in a chaotic network, and nothing could be checked


def network(units: int) -> Network:
    return Network.random(1, units, 1, parameters={"tau": 0.01}, gain=GAIN)


def make(work: Workload, dtype: type, device: str = "cpu") -> Job:
    import torch

    given = torch_tensors.tensors(work, dtype, device)
    rnn = torch.nn.RNN(1, work.network.units, bias=False, dtype=given.x.dtype, device=device)
    with torch.no_grad():
        rnn.weight_hh_l0[...], rnn.weight_ih_l0[...] = given.recurrent, given.input
    plastic = [rnn.weight_hh_l0, rnn.weight_ih_l0, given.readout]

    def change() -> np.ndarray:
        states, _ = rnn(given.x, given.initial[None])
        return torch_tensors.change(((given.target - states @ given.readout.T) ** 2).sum() / (2 * given.samples), plastic)

    return change


PEERS = (Peer("torch nn.RNN, plain tanh", ("torch",), "bptt", SIZES, make, beside=("bptt", "rflo"), network=network),)


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(PEERS, quick)


if __name__ == "__main__":
    main(measure, __doc__)
