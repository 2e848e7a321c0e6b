"""Calls of the loop over a chunk of batches: which trainings it can do, and what it takes."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numba.np.numpy_support import from_dtype

from neurorec.engines.base import OptimiserState, UpdateSettings
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.engines.numba.compile import loops
from neurorec.engines.numba.lines import zeros
from neurorec.engines.numba.prepared import Prepared
from neurorec.formula.calls import LOOPS, table
from neurorec.formula.once import once
from neurorec.learning.law import Law, elementwise, optimiser_law
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights
from neurorec.random_numbers.noise import PrivateNoise, compiled_noise


class Laws(NamedTuple):
    """What stands between the time loops, as lists of operations."""

    step: Law
    error: Law
    path: Law


def laws_of(update_settings: UpdateSettings, dtype: np.dtype) -> Laws | None:
    """Of a training; None where the optimiser, the loss or the feedback is more than a law of single numbers."""
    found = (
        optimiser_law(update_settings.optimiser, dtype),
        elementwise(update_settings.loss.error, dtype),
        elementwise(update_settings.feedback.element, dtype),
    )
    return None if None in found else Laws(*found)  # pyright: ignore[reportArgumentType]


def possible(network: Network, update_settings: UpdateSettings, dtype: np.dtype) -> bool:
    """Whether all of a batch is compiled: units with one output, whose parameters stand still; and see `laws_of`."""
    formula = network.formula
    return len(formula.emitted) == 1 and not formula.plastic and laws_of(update_settings, dtype) is not None


def chunk(own: Prepared, weights: Weights, batches: Batches, optimiser_state: OptimiserState, update_settings: UpdateSettings) -> Learnt:
    """Learn from some batches; weights change in place in ``weights`` and ``optimiser_state.slots``."""
    dtype, slots, rates = own.dtype, optimiser_state.slots, update_settings.rates
    (n, steps, trials, inputs), channels, units = batches.inputs.shape, batches.targets.shape[3], own.network.units
    laws = _expected(laws_of(update_settings, dtype))
    states, drives, emitted = own.activity(steps, trials)
    error, change = own.room.array("error", (steps, trials, channels)), weights.zeros()
    transposed, path = np.empty_like(weights.feedback), np.empty_like(weights.feedback)
    kept = np.empty((int(batches.recorded.sum()), *states.shape), dtype)
    readouts, ended = np.empty(batches.targets.shape, dtype), batches.initial.copy()
    follows = bool(rates[weights.spans["feedback"]].any())
    readout_kept, feedback_kept = (
        np.empty((n, *weights.readout.shape), dtype),
        np.empty((n if follows else 1, *weights.feedback.shape), dtype),
    )
    done = loops(dtype.name).chunk.chunk(
        *_model(own, weights, batches.noise is not None), update_settings.rule.through_units,
        weights.vector, *_kinds(weights), change.vector, *_kinds(change), slots, rates, update_settings.lower_bounds, batches.left.astype(dtype),
        float(update_settings.clip), dtype.type(update_settings.decay), np.empty_like(weights.vector),
        *_optimiser(laws.step, optimiser_state, n), *_law(laws.error), *_law(laws.path),
        batches.inputs, batches.inputs.reshape(n, steps * trials, inputs), _row(batches.targets), batches.loss_weight,
        *_noise(batches.noise, (steps, trials, own.drives * units), dtype), ended.reshape(-1), batches.carried,
        states, _row(states), drives, emitted, emitted.reshape(-1, units), own.back(steps, trials),
        np.empty((0, trials, units), dtype), np.zeros((own.drives, inputs, units), dtype), *_packed(own, inputs, channels, update_settings),
        error, error.reshape(-1), weights.readout.reshape(-1), weights.feedback.reshape(-1), transposed, transposed.reshape(-1), path, path.reshape(-1),
        readouts, _row(readouts), np.where(batches.recorded, np.cumsum(batches.recorded) - 1, -1),
        kept.reshape(len(kept), steps + 1, states[0].size), _row(readout_kept), _row(feedback_kept),
    )  # fmt: skip
    return Learnt(done, readouts, kept, readout_kept, feedback_kept, ended)


def _model(own: Prepared, weights: Weights, noise: bool) -> tuple[np.ndarray, ...]:
    """Addresses of what a chunk calls, and what stands still in it."""
    return _loop_table(own.dtype.name, own.recurrence.kind, noise), own.onward, own.backward, own.constants(weights), *own.wiring


def _kinds(weights: Weights) -> tuple[np.ndarray, ...]:
    return weights.recurrent, weights.input, weights.bias, weights.readout, weights.feedback


def _row(array: np.ndarray) -> np.ndarray:
    """All dimensions but the first in one."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def _noise(noise: PrivateNoise | None, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Any, ...]:
    """Its key, first trial and scale, and room for a batch of it: no steps where there is none."""
    words, scale = ((*noise.key, noise.trial), noise.scale) if noise else ((0, 0, 0), 0.0)
    return *map(np.uint64, words), float(scale), np.empty(shape if noise else (0, *shape[1:]), dtype)


def _packed(own: Prepared, inputs: int, channels: int, update_settings: UpdateSettings) -> tuple[np.ndarray, ...]:
    """Room for weights as products take them; for the transposed recurrent ones where the rule goes through other units."""
    drives, units = own.drives, own.network.units
    return (
        own.room_for_packed("recurrent transposed", drives, units, units, own.kernels.onward_shape), own.room_for_packed("input transposed", drives, units, inputs),
        own.room_for_packed("readout transposed", 1, channels, units),
        own.room_for_packed("recurrent", drives, units, units) if update_settings.rule.through_units else own.room.array("none", (0, 0, 0, 0)),
        own.room_for_packed("feedback", 1, units, channels),
    )  # fmt: skip


def _law(law: Law) -> tuple[np.ndarray, np.int64, np.ndarray]:
    """Code, register of the result, and room for a block of numbers in each register, the constants in theirs."""
    room = zeros((law.registers, loops(law.dtype.name).chunk.BLOCK), law.dtype)
    room[law.first : law.first + len(law.constants)] = law.values(range(1, 2)).T
    return law.code, law.results[0], room


def _optimiser(law: Law, state: OptimiserState, n: int) -> tuple[Any, ...]:
    code, _, room = _law(law)
    return code, law.results, law.first, law.values(range(state.count + 1, state.count + 1 + n)), room


def _expected(found: Laws | None) -> Laws:
    assert found is not None, "a chunk was asked for that `possible` denies"
    return found


@once(8)
def _loop_table(dtype: str, kind: str, noise: bool) -> np.ndarray:
    """Addresses of the loops that a chunk calls; that of the noise where there is any."""
    kernels = loops(dtype, kind).kernels
    functions = SimpleNamespace(forward=kernels.forward, reverse_scan=kernels.reverse_scan, fill=compiled_noise().fill if noise else None)
    return table(functions, LOOPS, [name for name in LOOPS if getattr(functions, name)], from_dtype(np.dtype(dtype)))
