"""BPTT by torch autograd through ``torch.compile``: the same leaky tanh network, its whole loop over time in one graph.

    python benchmarks/peer_torch_compiled.py [--quick] [--json]

The loop is unrolled by the compiler (Inductor, C++ for the CPU by the installed compiler), forwards and backwards. That
takes most of a minute a size, which is not counted, and is the fastest form of it: compiled step by step, with a call from
Python at every step, it is slower than the eager loop, and in pieces of 20 steps in between. Fixed shapes, one thread.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
import torch_tensors
from peer import Job, Peer, compare
from peer_torch_autograd import plain
from report import main

from neurorec.timing.workload import Workload

SIZES = ((128, 32), (512, 64))  # each compiles for most of a minute


def make(work: Workload, dtype: type) -> Job:
    import torch

    given = torch_tensors.tensors(work, dtype)
    loss = torch.compile(plain, dynamic=False, fullgraph=True)

    def change() -> np.ndarray:
        return torch_tensors.change(loss(given), given.plastic)

    return change


# float32 alone: another type would compile once more
PEERS = (Peer("torch autograd, compiled", ("torch",), "bptt", SIZES, make, beside=("bptt", "rflo"), dtypes=(np.float32,)),)


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(PEERS, quick)


if __name__ == "__main__":
    main(measure, __doc__)
