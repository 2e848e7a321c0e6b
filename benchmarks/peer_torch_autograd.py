"""BPTT by torch autograd: the same leaky tanh network, written as one writes it in torch, eagerly.

python benchmarks/peer_torch_autograd.py [--quick] [--json]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from peer import compare
from report import main

from neurorec.timing.workload import Workload

NAME, NEEDS, RULE = "torch autograd, eager", ("torch",), "bptt"
SIZES = ((64, 1), (128, 32), (256, 1), (512, 64))


def make(work: Workload, dtype: type) -> Callable[[], np.ndarray]:
    import torch

    torch.set_num_threads(1)
    network, trials = work.network, work.trials
    w, w_in, w_out = (torch.tensor(each.astype(dtype)) for each in (network.recurrent, network.input, network.readout))
    x, target = (torch.tensor(each.astype(dtype)) for each in (trials.inputs, trials.targets))
    alpha = network.dt / network.per_unit("tau")[0]
    initial = torch.tensor(np.tile(network.initial, (trials.count, 1)).astype(dtype))
    plastic = [each.requires_grad_() for each in (w, w_in, w_out)]

    def loss() -> torch.Tensor:
        h, total = initial, torch.zeros((), dtype=x.dtype)
        for t in range(trials.steps):
            h = (1 - alpha) * h + alpha * torch.tanh(h @ w.T + x[t] @ w_in.T)
            total = total + ((target[t] - h @ w_out.T) ** 2).sum()
        return total / (2 * trials.steps * trials.count)

    return lambda: -torch.autograd.grad(loss(), plastic)[0].numpy()


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(sys.modules[__name__], quick)


if __name__ == "__main__":
    main(measure, __doc__)
