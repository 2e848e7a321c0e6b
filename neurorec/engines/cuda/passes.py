"""The forward pass and the reverse scan of some trials on the GPU."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np

from neurorec.engines.base import Activity
from neurorec.engines.cuda import compile
from neurorec.engines.cuda.bench import Bench, OnGpu
from neurorec.engines.cuda.given import Given
from neurorec.engines.cuda.kernels import flat
from neurorec.engines.cuda.layouts import Layout, blocks
from neurorec.engines.cuda.memory import Memory, OnDevice
from neurorec.engines.cuda.sizes import Shape
from neurorec.engines.cuda.sweep import SMALL, alone, sweep
from neurorec.engines.numba.compile import bound
from neurorec.formula.derive import EXTERNAL, RECURRENT
from neurorec.formula.unit import for_numpy
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.network import Network

WIDE = 1024  # blocks that fill any GPU
EXTERNAL_ROWS = Layout("external", lambda w: np.concatenate([w.input, w.bias[:, None]], axis=1))
TURNED_READOUT = Layout("readout.T", lambda w: w.readout.T)


class Queued(NamedTuple):
    """A forward pass that the GPU has been requested: states, drives, what units send, and the readout, all on the GPU."""

    states: Any
    drives: Any
    emitted: Any
    readout: Any

    def activity(self, ready: Any = None) -> Activity:
        """The readout as it is; the others are copied where somebody looks."""
        states, drives, emitted, readout = (cast(Any, OnDevice(each, ready)) for each in self)  # by index, as good as arrays
        return Activity(states, drives, emitted, readout[:])

    @classmethod
    def behind(cls, activity: Activity) -> Queued:
        """The arrays of an `activity`."""
        states, drives, emitted = (cast(Any, each).array for each in (activity.states, activity.drives, activity.emitted))
        return cls(states, drives, emitted, activity.readout)


def forward(bench: Bench, network: Network, weights: OnGpu, given: Given) -> Queued:
    """Queue all steps of some trials.

    Parameters
    ----------
    bench, network
    weights : Weights
        On the GPU.
    given : Given
    """
    formula, memory = network.formula, bench.memory
    states, emitted, drives = start(bench, network, given)
    external_drive(bench, network, bench.layouts.lay("input", weights, EXTERNAL_ROWS), given, drives)
    bench.weights, bench.outside, bench.constants = weights, given.outside, constants(memory, network, weights)
    shape = Shape(network.units, formula.n_drives, len(formula.emitted), given.trials)
    arrays = (bench.constants, drives, states, emitted)
    sweep(bench, formula, compile.AHEAD, weights, arrays, given.steps, shape)
    return Queued(states, drives, emitted, _read(bench, weights, emitted))


def start(bench: Bench, network: Network, given: Given) -> tuple[Any, Any, Any]:
    """Arrays for states, with the first one filled in, for what units send, and for drives."""
    steps, trials, formula, memory = given.steps, given.trials, network.formula, bench.memory
    states = memory.array("states", (steps + 1, len(formula.states), trials, network.units))
    emitted = states if formula.shows_state else memory.array("emitted", (steps + 1, len(formula.emitted), trials, network.units))
    states[0].copy_to_device(given.initial, stream=bench.stream)
    return states, emitted, memory.array("drives", (steps, len(formula.ports), trials, network.units))


def change(bench: Bench, network: Network, queued: Queued, errors: Any, rule: AbstractRule, feedback: AbstractFeedback) -> OnGpu:
    """The reverse scan of the last forward pass, and a product over trials x time for each kind of weight; all of it is and stays on the GPU."""
    weights = bench.weights
    formula, memory = network.formula, bench.memory
    states, drives, emitted, _ = queued
    steps, _, trials, units = drives.shape
    back, partial = memory.array("back", drives.shape), memory.zeros("partial", (max(1, len(formula.plastic)), trials, units))
    signal = _signal(bench, weights, feedback, errors)
    arrays = (bench.constants, drives, states, signal, memory.array("carried", states.shape[1:]), back, partial)
    shape = Shape(units, len(formula.emitted), formula.n_drives, trials)
    if rule.through_units:
        sweep(bench, formula, compile.BACK, weights, arrays, steps, shape)
    else:
        alone(formula, arrays, steps, shape, bench.stream)
    found = weights.like(memory.zeros("change", (weights.vector.size,)))
    _gather(bench, network, found, back, emitted, bench.outside, errors)
    for q, name in enumerate(formula.plastic):
        first = weights.spans["parameters"].start + formula.parameters.index(name) * units
        flat.over_trials[blocks(units), flat.THREADS, bench.stream](partial[q], first, found.vector)
    return found


def external_drive(bench: Bench, network: Network, external: Any, given: Given, drives: Any) -> None:
    """Win x + b + noise, of all steps, by input weights and biases (D N, I + 1)."""
    grid = min(WIDE, -(-drives.shape[0] * drives.shape[2] * drives.shape[3] // SMALL))
    compile.external(network.formula).external[grid, SMALL, bench.stream](
        given.outside, external, given.key, given.counted, given.scale, drives
    )


def constants(memory: Memory, network: Network, weights: OnGpu) -> Any:
    """Constants of every unit, (rows, N), at least one row."""
    formula, units = network.formula, network.units
    found = memory.array("constants", (max(1, for_numpy(formula).N_CONSTANTS), units))
    first = weights.spans["parameters"].start
    compile.constants(formula).constants[blocks(units), flat.THREADS, memory.stream](weights.vector, first, network.dt, found)
    return found


def _signal(bench: Bench, weights: OnGpu, feedback: AbstractFeedback, errors: Any) -> Any:
    """B eps(t) of all steps, (T, B, K N)."""
    matrix = bench.memory.array("feedback", weights.shapes["feedback"])
    blend(bench.stream, feedback, weights.readout, weights.feedback, matrix)
    signal = bench.memory.zeros("signal", (*errors.shape[:2], matrix.shape[0]))
    bench.products.spread(errors, matrix, signal)
    return signal


def blend(stream: Any, feedback: AbstractFeedback, readout: Any, back: Any, matrix: Any) -> None:
    """B, (K N, O), from the readout and the feedback weights."""
    compile.blend(bound(feedback, "element")).blend[blocks(matrix.size), flat.THREADS, stream](readout, back, matrix)


def _read(bench: Bench, weights: OnGpu, emitted: Any) -> Any:
    """y(t) = Wout o(t), (T, B, O)."""
    steps, outputs, trials, units = emitted.shape
    y = bench.memory.zeros("readout", (steps - 1, trials, weights.shapes["readout"][0]))
    for c in range(outputs):
        bench.products.spread(emitted[1:, c], weights.readout[:, c * units : (c + 1) * units], y)
    return y


def _gather(bench: Bench, network: Network, change: OnGpu, back: Any, emitted: Any, outside: Any, errors: Any) -> None:
    """Products of postsynaptic and presynaptic activity over trials x time, added to a change of zeros."""
    formula, units, gather = network.formula, network.units, bench.products.gather
    external_rows = bench.memory.zeros("external change", (formula.n_drives * units, outside.shape[2]))
    for d in range(formula.n_drives):
        own = slice(d * units, (d + 1) * units)
        recurrent, external = (formula.port_of(d, part) for part in (RECURRENT, EXTERNAL))
        for c in range(len(formula.emitted)):
            if recurrent >= 0:
                gather(back[:, recurrent], emitted[:-1, c], change.recurrent[own, c * units : (c + 1) * units])
        if external >= 0:
            gather(back[:, external], outside, external_rows[own])
    bench.layouts.put(external_rows, change, EXTERNAL_ROWS)
    for c in range(len(formula.emitted)):
        gather(errors, emitted[1:, c], change.readout[:, c * units : (c + 1) * units])
    bench.layouts.lay("", change, TURNED_READOUT, out=change.feedback)
