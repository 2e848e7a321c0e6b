"""The error that every step sends back, computed on the GPU, where the readout is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda

from neurorec.engines.cuda import compile
from neurorec.engines.cuda.bench import Bench
from neurorec.engines.cuda.kernels import flat
from neurorec.engines.cuda.layouts import blocks
from neurorec.engines.numba.compile import bound
from neurorec.errors import NotOffered
from neurorec.formula.once import once
from neurorec.learning.law import elementwise
from neurorec.learning.losses.base import AbstractLoss


@once(64)
def kernel_of(loss: AbstractLoss) -> Any:
    """The kernel that computes a loss's error; None where the host has to.

    That is where the error is more than a law of single numbers, such as a sum over outputs, or calls what the GPU's compiler does not know.
    """
    if loss.link:
        return compile.linked_error(loss.link).error
    if elementwise(loss.error, np.float32) is None:
        return None
    one = cuda.to_device(np.zeros((1, 1, 1), np.float32))
    try:
        kernel = compile.own_error(bound(loss, "error")).error
        compile.tried(loss, lambda: kernel[1, 1](one, one, one[0], one))
    except NotOffered:  # what NumPy knows is computed on the host, batch by batch
        return None
    return kernel


def error_of(bench: Bench, loss: AbstractLoss, readout: Any, targets: Any, loss_weight: Any) -> Any:
    """Minus dL/dy, (T, B, O), of readout and targets, (T, B, O), and each step's share of the loss, (T, B); all on the GPU."""
    found = bench.memory.array("error", readout.shape)
    kernel_of(loss)[blocks(loss_weight.size), flat.THREADS, bench.stream](readout, targets, loss_weight, found)
    return found
