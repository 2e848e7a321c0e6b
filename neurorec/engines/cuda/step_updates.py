"""Weights that change at every step, on the GPU: what it cannot do, and the call of the kernel that does the rest."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from neurorec.engines.base import Activity, Stimulus, Teaching
from neurorec.engines.cuda import compile, sizes
from neurorec.engines.cuda.device import processors
from neurorec.engines.cuda.memory import Memory
from neurorec.engines.cuda.passes import Bench, Queued, constants, hear_outside, start
from neurorec.engines.cuda.sizes import AcrossChip, Shape
from neurorec.errors import NotOffered
from neurorec.learning.optimisers.sgd import SGD
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


def expect_fused(network: Network, teaching: Teaching) -> None:
    """Refuse what must know a step's whole change before it applies any of it.

    Raises
    ------
    NotOffered
        Saying what, and which engines can.
    """
    (rule, feedback), loss = teaching.route, teaching.loss
    static = inspect.getattr_static(type(feedback), "element")
    reasons = {
        f"{type(rule).__name__}, whose influence is full": rule.through_units,
        f"the optimiser {type(teaching.optimiser).__name__}": not isinstance(teaching.optimiser, SGD),
        "clipping": bool(np.isfinite(teaching.clip)),
        f"plastic {', '.join(network.formula.plastic)}": bool(network.formula.plastic),
        f"the feedback {type(feedback).__name__}, which has settings": not isinstance(static, staticmethod),
        f"the loss {type(loss).__name__}, which has no link": not loss.link,
    }
    found = [reason for reason, applies in reasons.items() if applies]
    if found:
        raise NotOffered(
            f"engine 'cuda' cannot change weights every step with {' and '.join(found)}; engine='numba' can, or update='trial'"
        )


def online(bench: Bench, network: Network, weights: Weights, stimulus: Stimulus, teaching: Teaching) -> Activity:
    """Run the kernel, and bring the weights back."""
    (_, trials, inputs), formula, memory = stimulus.inputs.shape, network.formula, bench.memory
    shape = Shape(network.units, formula.n_drives, len(formula.emitted), trials)
    layout = sizes.online(shape, processors())
    k, rows, width = len(formula.states), shape.hears * layout.SLAB, shape.columns + inputs + 1
    (states, emitted, drives), readouts = start(bench, network, stimulus), memory.array("readout", stimulus.targets.shape)
    heard = hear_outside(bench, network, weights.zeros(), stimulus, drives)
    recurrent = memory.upload("online recurrent", sizes.slabs(weights.recurrent, shape, layout))
    external = memory.upload("online external", _external(weights, shape, layout))
    readout, feedback = (
        memory.upload(f"online {name}", _copies(part, layout))
        for name, part in (("readout", weights.readout), ("feedback", weights.feedback))
    )
    kernel = compile.online(formula, layout, type(teaching.route.feedback), teaching.loss.link == "softmax", bool(teaching.uneven)).online
    kernel[layout.blocks, layout.THREADS, bench.stream](
        recurrent, external, readout, feedback, memory.array("trace", (layout.blocks, rows, trials, k, width)),
        memory.array("gains", (layout.blocks, layout.SLAB, trials, k * k + k * len(formula.ports) + k)),
        memory.array("errors", (layout.blocks, trials, len(weights.readout))), (constants(memory, network, weights), drives, states, emitted),
        memory.array("online lines", (3, trials, shape.columns)), heard, memory.upload("targets", stimulus.targets),
        memory.upload("share", stimulus.share), readouts, _rates(memory, weights, teaching, shape, layout), np.float32(teaching.decay),
    )  # fmt: skip
    weights.recurrent[...] = sizes.unslabbed(recurrent.copy_to_host(), shape, layout)
    rows_back = sizes.unslabbed(external.copy_to_host(), shape, layout)
    weights.input[...], weights.bias[...] = rows_back[:, :-1], rows_back[:, -1]
    weights.readout[...], weights.feedback[...] = readout[0].copy_to_host(), feedback[0].copy_to_host()
    return Queued(states, drives, emitted, readouts).activity()


def _external(weights: Weights, shape: Shape, layout: AcrossChip) -> np.ndarray:
    return sizes.slabs(np.concatenate([weights.input, weights.bias[:, None]], axis=1), shape, layout)


def _copies(part: np.ndarray, layout: AcrossChip) -> np.ndarray:
    return np.repeat(part[None], layout.blocks, axis=0)


def _rates(memory: Memory, weights: Weights, teaching: Teaching, shape: Shape, layout: AcrossChip) -> Any:
    """As kernels/even.py takes them; or kernels/uneven.py, where synapses have their own."""
    each = weights.like(teaching.rates.astype(np.float32))
    if not teaching.uneven:
        parts = (each.recurrent, each.input, each.bias, each.readout, each.feedback)
        return memory.upload("rates", np.array([part.flat[0] if part.size else 0 for part in parts], np.float32))
    arrays = sizes.slabs(each.recurrent, shape, layout), _external(each, shape, layout), each.readout[None], each.feedback[None]
    return tuple(memory.upload(f"rates {number}", array) for number, array in enumerate(arrays))
