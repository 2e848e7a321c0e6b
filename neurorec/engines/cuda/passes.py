"""The forward pass and the reverse scan of some trials on the GPU."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np

from neurorec.engines.base import Activity, Route, Stimulus
from neurorec.engines.cuda import compile
from neurorec.engines.cuda.memory import Memory, OnDevice
from neurorec.engines.cuda.products import AbstractProducts
from neurorec.engines.cuda.sizes import Shape
from neurorec.engines.cuda.sweep import SMALL, alone, sweep
from neurorec.formula.derive import EXTERNAL, RECURRENT
from neurorec.formula.unit import constants_of
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

WIDE = 1024  # blocks that fill any GPU


class Bench:
    """What passes work with: the arrangement that was asked for, products, and memory that is kept from batch to batch.

    A forward pass leaves its `constants` and what it heard from `outside` on the GPU, where a reverse scan finds them.
    """

    constants: Any
    outside: Any

    def __init__(self, asked: str | None, products: AbstractProducts):
        self.asked, self.products, self.memory = asked, products, Memory(products.stream)

    @property
    def stream(self) -> Any:
        """In whose order everything is queued."""
        return self.products.stream


class Queued(NamedTuple):
    """A forward pass that the GPU has been asked for: states, drives, what units send, and the readout, all on the GPU."""

    states: Any
    drives: Any
    emitted: Any
    readout: Any

    def activity(self, ready: Any = None) -> Activity:
        """The readout as it is; the others are copied where somebody looks."""
        states, drives, emitted, readout = (cast(Any, OnDevice(each, ready)) for each in self)  # by index, as good as arrays
        return Activity(states, drives, emitted, readout[:])


def forward(bench: Bench, network: Network, weights: Weights, stimulus: Stimulus, before: Any = None) -> Queued:
    """Queue all steps of some trials.

    Parameters
    ----------
    bench, network, weights, stimulus
    before : (k, B, N) GPU array, optional
        State before the first step, in the place of the stimulus's.
    """
    (steps, trials, _), formula, memory = stimulus.inputs.shape, network.formula, bench.memory
    states, emitted, drives = start(bench, network, stimulus, before)
    bench.outside, bench.constants = hear_outside(bench, network, weights, stimulus, drives), constants(memory, network, weights)
    shape = Shape(network.units, formula.n_drives, len(formula.emitted), trials)
    arrays = (bench.constants, drives, states, emitted)
    sweep(formula, compile.AHEAD, weights.recurrent, arrays, steps, shape, memory, bench.products, bench.asked)
    return Queued(states, drives, emitted, _read(bench, weights, emitted))


def start(bench: Bench, network: Network, stimulus: Stimulus, before: Any = None) -> tuple[Any, Any, Any]:
    """Arrays for states, with the first one filled in, for what units send, and for drives."""
    (steps, trials, _), formula, memory = stimulus.inputs.shape, network.formula, bench.memory
    states = memory.array("states", (steps + 1, len(formula.states), trials, network.units))
    emitted = states if formula.shows_state else memory.array("emitted", (steps + 1, len(formula.emitted), trials, network.units))
    states[0].copy_to_device(memory.upload("initial", stimulus.initial) if before is None else before, stream=bench.stream)
    return states, emitted, memory.array("drives", (steps, len(formula.ports), trials, network.units))


def change(
    bench: Bench, network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, route: Route
) -> Weights:
    """The reverse scan of the last forward pass, and a product over trials x time for each kind of weight."""
    formula, memory = network.formula, bench.memory
    drives, states, emitted = (cast(Any, each).array for each in (activity.drives, activity.states, activity.emitted))
    steps, _, trials, units = drives.shape
    back, partial = memory.array("back", drives.shape), memory.zeros("partial", (max(1, len(formula.plastic)), trials, units))
    errors = memory.upload("error", error)
    signal = _signal(bench, weights, route.feedback, errors)
    arrays = (bench.constants, drives, states, signal, memory.array("carried", states.shape[1:]), back, partial)
    shape = Shape(units, len(formula.emitted), formula.n_drives, trials)
    if route.rule.through_units:
        sweep(formula, compile.BACK, weights.recurrent.T, arrays, steps, shape, memory, bench.products, bench.asked)
    else:
        alone(formula, arrays, steps, shape, bench.stream)
    found = weights.zeros()
    _gather(bench, network, found, back, emitted, bench.outside, errors)
    for q, name in enumerate(formula.plastic):
        found.parameters[formula.parameters.index(name)] = partial[q].copy_to_host().sum(axis=0)
    return found


def hear_outside(bench: Bench, network: Network, weights: Weights, stimulus: Stimulus, drives: Any) -> Any:
    """Win x + b + noise, of all steps; what is returned is `outside`."""
    noise, memory = stimulus.noise, bench.memory
    key, counted = (noise.key, (noise.step, noise.trial)) if noise else ((0, 0), (0, 0))
    matrix = np.concatenate([weights.input, weights.bias[:, None]], axis=1)
    blocks = min(WIDE, -(-drives.shape[0] * drives.shape[2] * drives.shape[3] // SMALL))
    heard = outside(memory, stimulus.inputs)
    compile.external(network.formula).external[blocks, SMALL, bench.stream](
        heard, memory.upload("input", matrix), memory.upload("key", np.array(key), np.uint64),
        memory.upload("counted", np.array(counted), np.uint64), noise.scale if noise else 0.0, drives,
    )  # fmt: skip
    return heard


def outside(memory: Memory, inputs: np.ndarray) -> Any:
    """Inputs and a one, which the bias multiplies, (T, B, I + 1)."""
    return memory.upload("outside", np.concatenate([inputs, np.ones((*inputs.shape[:2], 1), inputs.dtype)], axis=2))


def constants(memory: Memory, network: Network, weights: Weights) -> Any:
    """Constants of every unit, (rows, N), at least one row."""
    found = constants_of(network.formula, weights.parameters, network.dt)
    return memory.upload("constants", found if len(found) else np.zeros((1, network.units)))


def _signal(bench: Bench, weights: Weights, feedback: AbstractFeedback, errors: Any) -> Any:
    """B eps(t) of all steps, (T, B, K N)."""
    matrix = bench.memory.upload("feedback", feedback.element(weights.readout.T, weights.feedback))
    signal = bench.memory.zeros("signal", (*errors.shape[:2], matrix.shape[0]))
    bench.products.spread(errors, matrix, signal)
    return signal


def _read(bench: Bench, weights: Weights, emitted: Any) -> Any:
    """y(t) = Wout o(t), (T, B, O)."""
    steps, outputs, trials, units = emitted.shape
    y = bench.memory.zeros("readout", (steps - 1, trials, len(weights.readout)))
    for c in range(outputs):
        part = bench.memory.upload(f"readout {c}", weights.readout[:, c * units : (c + 1) * units])
        bench.products.spread(emitted[1:, c], part, y)
    return y


def _gather(bench: Bench, network: Network, change: Weights, back: Any, emitted: Any, outside: Any, errors: Any) -> None:
    """Products of postsynaptic and presynaptic activity over trials x time, to the host."""
    formula, units = network.formula, network.units
    for d in range(formula.n_drives):
        own = slice(d * units, (d + 1) * units)
        recurrent, external = (formula.port_of(d, part) for part in (RECURRENT, EXTERNAL))
        for c in range(len(formula.emitted)):
            if recurrent >= 0:
                change.recurrent[own, c * units : (c + 1) * units] = _product(bench, "recurrent", back[:, recurrent], emitted[:-1, c])
        if external >= 0:
            rows = _product(bench, "outside change", back[:, external], outside)
            change.input[own], change.bias[own] = rows[:, :-1], rows[:, -1]
    for c in range(len(formula.emitted)):
        change.readout[:, c * units : (c + 1) * units] = _product(bench, "readout change", errors, emitted[1:, c])
    change.feedback[...] = change.readout.T


def _product(bench: Bench, name: str, post: Any, pre: Any) -> np.ndarray:
    out = bench.memory.zeros(f"{name} product", (post.shape[2], pre.shape[2]))
    bench.products.gather(post, pre, out)
    return out.copy_to_host()
