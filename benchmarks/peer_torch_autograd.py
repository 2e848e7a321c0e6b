"""BPTT by torch autograd, eagerly: the same leaky tanh network, as one writes it in torch, and as one tunes it.

    python benchmarks/peer_torch_autograd.py [--quick] [--json]

Plain: the equations in a loop, readout and error at every step. Tuned: input weights, readout and error for all steps at
once, the product and its bias in one call (``addmm``), the leak in another (``lerp``). Both add to the gradient of the
recurrent weights at every step, as autograd does. Two things that users do by mistake are left out, for both take time
that grows with the square of T: writing the state of each step into one tensor, and indexing a tensor that depends on
weights (``unbind`` is the way).

Beside BPTT is timed ours, and RFLO of ours: what learning costs here that costs BPTT there.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
import torch_tensors
from peer import Job, Peer, compare
from report import main
from torch_tensors import Tensors

from neurorec.timing.workload import Workload

SIZES = ((64, 1), (128, 32), (256, 1), (512, 64))


def plain(given: Tensors) -> Any:
    import torch

    h, total, alpha = given.initial, torch.zeros((), dtype=given.x.dtype, device=given.x.device), given.alpha
    for x, target in zip(given.x.unbind(0), given.target.unbind(0), strict=True):
        h = (1 - alpha) * h + alpha * torch.tanh(h @ given.recurrent.T + x @ given.input.T)
        total = total + ((target - h @ given.readout.T) ** 2).sum()
    return total / (2 * given.samples)


def tuned(given: Tensors) -> Any:
    import torch

    h, states, columns = given.initial, [], given.recurrent.T
    for heard in (given.x @ given.input.T).unbind(0):
        h = torch.lerp(h, torch.tanh(torch.addmm(heard, h, columns)), given.alpha)
        states.append(h)
    return ((given.target - torch.stack(states) @ given.readout.T) ** 2).sum() / (2 * given.samples)


def make(work: Workload, dtype: type, loss: Any, device: str = "cpu") -> Job:
    given = torch_tensors.tensors(work, dtype, device)

    def change() -> np.ndarray:
        return torch_tensors.change(loss(given), given.plastic)

    return change


PEERS = tuple(
    Peer(f"torch autograd, eager, {loss.__name__}", ("torch",), "bptt", SIZES, partial(make, loss=loss), beside=("bptt", "rflo"))
    for loss in (plain, tuned)
)


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(PEERS, quick)


if __name__ == "__main__":
    main(measure, __doc__)
