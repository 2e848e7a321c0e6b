"""Calls of the loop over a chunk of batches: which trainings it can do, and what it takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numba.np.numpy_support import from_dtype

from neurorec.arrays import aligned
from neurorec.engines.base import OptimiserState, UpdateSettings
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.engines.numba.compile import loops
from neurorec.engines.numba.prepared import Prepared
from neurorec.formula.calls import LOOPS, table
from neurorec.formula.once import once
from neurorec.learning.law import Law, elementwise, optimiser_law
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights
from neurorec.random_numbers.noise import compiled_noise

NO_NOISE = (0, 0)


class Laws(NamedTuple):
    """What stands between the time loops, as lists of operations."""

    step: Law
    error: Law
    path: Law


def laws(update_settings: UpdateSettings, dtype: np.dtype) -> Laws | None:
    """Of a training; None where the optimiser, the loss or the feedback is more than a law of single numbers."""
    found = (
        optimiser_law(update_settings.optimiser, dtype),
        elementwise(update_settings.loss.error, dtype),
        elementwise(update_settings.feedback.element, dtype),
    )
    return None if None in found else Laws(*found)  # pyright: ignore[reportArgumentType]


def possible(network: Network, update_settings: UpdateSettings, dtype: np.dtype) -> bool:
    """Whether all of a batch is compiled: units with one output, whose parameters stand still; and see `laws`."""
    formula = network.formula
    return len(formula.emitted) == 1 and not formula.plastic and laws(update_settings, dtype) is not None


def chunk(own: Prepared, weights: Weights, batches: Batches, optimiser_state: OptimiserState, update_settings: UpdateSettings) -> Learnt:
    """Learn from some batches; weights change in place in ``weights`` and ``optimiser_state.slots``."""
    dtype, network, room = own.dtype, own.network, own.room
    (n, steps, trials, inputs), channels, units = batches.inputs.shape, batches.targets.shape[3], network.units
    step, error, path = _expected(laws(update_settings, dtype))
    full, noise = update_settings.rule.through_units, batches.noise
    states, drives = room.array("states", (steps + 1, own.states, trials, units)), room.array("drives", (steps, own.ports, trials, units))
    emitted = states if own.shows_state else room.array("emitted", (steps + 1, 1, trials, units))
    back = room.array("back", (own.ports, min(own.kernels.together(trials), steps), trials, units))
    offsets = np.array([span.start for span in weights.spans.values()][:6] + [weights.vector.size], np.int64)
    keep = np.where(batches.recorded, np.cumsum(batches.recorded) - 1, -1)
    plastic = bool(update_settings.rates[weights.spans["feedback"]].any())
    kept = np.empty((int(batches.recorded.sum()), *states.shape), dtype)
    readouts, ended = np.empty(batches.targets.shape, dtype), batches.initial.copy()
    readout_kept = np.empty((n, *weights.readout.shape), dtype)
    feedback_kept = np.empty((n if plastic else 1, *weights.feedback.shape), dtype)
    constants = step.values(range(optimiser_state.count + 1, optimiser_state.count + 1 + n))
    done = loops(dtype.name).chunk.chunk(
        _loop_table(dtype.name, noise is not None), own.onward, own.backward, own.constants(weights), *own.wiring, full,
        weights.vector, offsets, optimiser_state.slots, update_settings.rates, update_settings.lower_bounds, batches.left.astype(dtype),
        float(update_settings.clip), dtype.type(update_settings.decay),
        step.code, step.results, 3 + len(optimiser_state.slots), constants, _registers(step, dtype),
        error.code, error.results[0], _registers(error, dtype), path.code, path.results[0], _registers(path, dtype),
        batches.inputs, batches.targets, batches.loss_weight,
        *map(np.uint64, NO_NOISE if noise is None else noise.key), np.uint64(noise.trial if noise else 0), float(noise.scale if noise else 0),
        np.empty((steps if noise else 0, trials, own.drives * units), dtype), ended, batches.carried, states, drives, emitted, back,
        np.empty((0, trials, units), dtype), own.room_for_packed("recurrent transposed", own.drives, units, units),
        own.room_for_packed("input transposed", own.drives, units, inputs), own.room_for_packed("readout transposed", 1, channels, units),
        own.room_for_packed("recurrent", own.drives, units, units) if full else room.array("none", (0, 0, 0, 0)),
        own.room_for_packed("feedback", 1, units, channels), readouts, keep, kept, readout_kept, feedback_kept,
    )  # fmt: skip
    return Learnt(done, readouts, kept, readout_kept, feedback_kept, ended)


def _expected(found: Laws | None) -> Laws:
    assert found is not None, "a chunk was asked for that `possible` denies"
    return found


def _registers(law: Law, dtype: np.dtype) -> np.ndarray:
    """Room for a block of numbers in each register, the constants of the first update in theirs."""
    room = aligned((law.registers, loops(dtype.name).chunk.BLOCK), dtype)
    room.fill(0)
    first = law.registers - len(law.code) - len(law.constants)
    room[first : first + len(law.constants)] = law.values(range(1, 2))[0][:, None]
    return room


@once(8)
def _loop_table(dtype: str, noise: bool) -> np.ndarray:
    """Addresses of the loops that a chunk calls; that of the noise where there is any."""
    kernels = loops(dtype).kernels
    functions = SimpleNamespace(forward=kernels.forward, reverse_scan=kernels.reverse_scan, fill=compiled_noise().fill if noise else None)
    return table(functions, LOOPS, [name for name in LOOPS if getattr(functions, name)], from_dtype(np.dtype(dtype)))
