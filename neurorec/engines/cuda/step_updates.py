"""Weights that change at every step, on the GPU: what it cannot do, and the call of the kernel that does the rest."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import numpy as np

from neurorec.engines.base import Activity, Stimulus, UpdateSettings
from neurorec.engines.cuda import compile, sizes
from neurorec.engines.cuda.bench import Bench, OnGpu
from neurorec.engines.cuda.device import processors
from neurorec.engines.cuda.given import sent
from neurorec.engines.cuda.layouts import Layout
from neurorec.engines.cuda.passes import EXTERNAL_ROWS, Queued, constants, external_drive, start
from neurorec.engines.cuda.sizes import AcrossChip, Shape
from neurorec.errors import NotOffered
from neurorec.learning.optimisers.sgd import SGD
from neurorec.networks.network import Network


def expect_fused(network: Network, update_settings: UpdateSettings) -> None:
    """Refuse what must know a step's whole change before it applies any of it.

    Raises
    ------
    NotOffered
        Saying what, and which engines can.
    """
    rule, feedback, loss = update_settings.rule, update_settings.feedback, update_settings.loss
    static = inspect.getattr_static(type(feedback), "element")
    reasons = {
        f"{type(rule).__name__}, whose influence is full": rule.through_units,
        f"the optimiser {type(update_settings.optimiser).__name__}": not isinstance(update_settings.optimiser, SGD),
        "clipping": bool(np.isfinite(update_settings.clip)),
        f"plastic {', '.join(network.formula.plastic)}": bool(network.formula.plastic),
        f"the feedback {type(feedback).__name__}, which has settings": not isinstance(static, staticmethod),
        f"the loss {type(loss).__name__}, which has no link": not loss.link,
    }
    found = [reason for reason, applies in reasons.items() if applies]
    if found:
        raise NotOffered(
            f"engine 'cuda' cannot change weights every step with {' and '.join(found)}; engine='numba' can, or update='trial'"
        )


class Learnt(NamedTuple):
    """Learning rates on the GPU: those of the first trial, (P,), and the share of them that is left."""

    rates: Any
    left: float


def online(bench: Bench, network: Network, weights: OnGpu, stimulus: Stimulus, update_settings: UpdateSettings, learnt: Learnt) -> Activity:
    """Run the kernel on copies of the weights, and put them back; all of it on the GPU."""
    (_, trials, inputs), formula, memory, lay = stimulus.inputs.shape, network.formula, bench.memory, bench.layouts.lay
    shape = Shape(network.units, formula.n_drives, len(formula.emitted), trials)
    layout = sizes.online(shape, processors())
    k, rows, width, slabbed = len(formula.states), shape.receives * layout.SLAB, shape.columns + inputs + 1, _slabbed(shape, layout)
    given, readouts = sent(memory, stimulus), memory.array("readout", stimulus.targets.shape)
    states, emitted, drives = start(bench, network, given)
    external_drive(bench, network, memory.zeros("silent", (shape.rows, inputs + 1)), given, drives)
    recurrent, external = (lay(f"online {name}", weights, each) for name, each in zip(("recurrent", "external"), slabbed, strict=True))
    readout, feedback = (lay(f"online {name}", weights, _copies(name, layout)) for name in ("readout", "feedback"))
    kernel = compile.online(formula, layout, type(update_settings.feedback), update_settings.loss.link, bool(update_settings.uneven)).online
    kernel[layout.blocks, layout.THREADS, bench.stream](
        recurrent, external, readout, feedback, memory.array("trace", (layout.blocks, rows, trials, k, width)),
        memory.array("gains", (layout.blocks, layout.SLAB, trials, k * k + k * len(formula.ports) + k)),
        memory.array("errors", (layout.blocks, trials, weights.shapes["readout"][0])), (constants(memory, network, weights), drives, states, emitted),
        memory.array("online lines", (3, trials, shape.columns)), given.outside, memory.upload("targets", stimulus.targets),
        memory.upload("share", stimulus.loss_weight), readouts, _rates(bench, weights, update_settings, learnt, slabbed), np.float32(update_settings.decay),
    )  # fmt: skip
    for laid, each in zip((recurrent, external), slabbed, strict=True):
        bench.layouts.put(laid, weights, each)
    for part, copies in ((weights.readout, readout), (weights.feedback, feedback)):
        part.copy_to_device(copies[0], stream=bench.stream)  # all blocks have the same
    return Queued(states, drives, emitted, readouts).activity()


def _slabbed(shape: Shape, layout: AcrossChip) -> tuple[Layout, Layout]:
    """Recurrent weights; input weights and biases."""
    return (
        Layout(("online recurrent", layout), lambda w: sizes.slabs(w.recurrent, shape, layout)),
        Layout(("online external", layout), lambda w: sizes.slabs(EXTERNAL_ROWS.arrange(w), shape, layout)),
    )


def _copies(name: str, layout: AcrossChip) -> Layout:
    """One for each block."""
    return Layout((f"online {name}", layout.blocks), lambda w: np.repeat(w.view(name)[None], layout.blocks, axis=0))


def _rates(bench: Bench, weights: OnGpu, update_settings: UpdateSettings, learnt: Learnt, slabbed: tuple[Layout, Layout]) -> Any:
    """As kernels/even.py takes them; or kernels/uneven.py, where synapses have their own."""
    if not update_settings.uneven:
        spans = (weights.spans[name] for name in ("recurrent", "input", "bias", "readout", "feedback"))
        each = np.array([update_settings.rates[span].max(initial=0) for span in spans], np.float32)
        return bench.memory.upload("rates", each * np.float32(learnt.left))
    rates, single = weights.like(learnt.rates), (Layout(name, lambda w, name=name: w.view(name)[None]) for name in ("readout", "feedback"))
    return tuple(bench.layouts.lay(f"rates {n}", rates, each, learnt.left) for n, each in enumerate((*slabbed, *single)))
