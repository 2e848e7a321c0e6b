"""BPTT by torch autograd through ``torch.compile``: the same leaky tanh network, twenty steps of its loop in one graph.

    python benchmarks/peer_torch_compiled.py [--quick] [--json]

The compiler (Inductor, C++ for the CPU by the installed compiler) unrolls a loop, forwards and backwards, and compiles for
as long as the loop is long; that is not counted. Called for every single step it is slower than the eager loop; pieces of
20 steps compile in some 20 s a size; the whole loop of 200 steps takes minutes on a busy machine, and where it was tried (128 units,
32 trials) ran 12 % faster than pieces. Fixed shapes, one thread; all else as in the tuned eager loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
import torch_tensors
from peer import Job, Peer, compare
from report import main
from torch_tensors import Tensors

from neurorec.timing.workload import Workload

SIZES = ((128, 32), (512, 64))  # each compiles anew
PIECE = 20  # steps


def piece(h: Any, heard: Any, recurrent: Any, alpha: float) -> Any:
    """States of some steps, (steps, B, N)."""
    import torch

    states, columns = [], recurrent.T
    for each in heard.unbind(0):
        h = torch.lerp(h, torch.tanh(torch.addmm(each, h, columns)), alpha)
        states.append(h)
    return torch.stack(states)


def loss(given: Tensors, run: Callable[..., Any]) -> Any:
    import torch

    h, states = given.initial, []
    for heard in (given.x @ given.input.T).split(PIECE):
        states.append(run(h, heard, given.recurrent, given.alpha))
        h = states[-1][-1]
    return ((given.target - torch.cat(states) @ given.readout.T) ** 2).sum() / (2 * given.samples)


def make(work: Workload, dtype: type) -> Job:
    import torch

    given = torch_tensors.tensors(work, dtype)
    run = torch.compile(piece, dynamic=False, fullgraph=True)

    def change() -> np.ndarray:
        return torch_tensors.change(loss(given, run), given.plastic)

    return change


# float32 alone: another type would compile once more
PEERS = (
    Peer("torch autograd, compiled 20 steps at a time", ("torch",), "bptt", SIZES, make, beside=("bptt", "rflo"), dtypes=(np.float32,)),
)


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(PEERS, quick)


if __name__ == "__main__":
    main(measure, __doc__)
