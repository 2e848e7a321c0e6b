"""Calls of the loop over a chunk of batches: which trainings it can do, and what it takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurorec.engines.base import OptimiserState, UpdateSettings
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.engines.numba.compile import error_table, linked_error, loop_table, loops
from neurorec.engines.numba.kept import Kept, noise_of, row
from neurorec.engines.numba.lines import zeros
from neurorec.engines.numba.prepared import Prepared
from neurorec.formula.calls import LEARNING
from neurorec.formula.once import once
from neurorec.learning.law import Law, elementwise, optimiser_law
from neurorec.learning.losses.base import AbstractLoss
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


class Laws(NamedTuple):
    """What stands between the time loops, as lists of operations."""

    step: Law
    error: Law
    path: Law


def laws_of(update_settings: UpdateSettings, dtype: np.dtype) -> Laws | None:
    """Of a training; None where the optimiser, the loss or the feedback is more than a law of single numbers."""
    found = (
        optimiser_law(update_settings.optimiser, dtype),
        elementwise(_by_address if linked_error(update_settings.loss, dtype.name) else update_settings.loss.error, dtype),
        elementwise(update_settings.feedback.element, dtype),
    )
    return None if None in found else Laws(*found)  # pyright: ignore[reportArgumentType]


def _by_address(outputs: Any, targets: Any) -> Any:
    """In the place of an error that is called by its address: no operation."""
    del targets
    return outputs


def _error_table(loss: AbstractLoss, dtype: np.dtype) -> np.ndarray:
    """With the address of the error that its link says, or 0: it is a law."""
    own = linked_error(loss, dtype.name)
    return np.zeros(len(LEARNING), np.int64) if own is None else error_table(own, dtype.name)


def possible(network: Network, update_settings: UpdateSettings, dtype: np.dtype) -> bool:
    """Whether all of a batch is compiled: units with one output; and see `laws_of`."""
    return len(network.formula.emitted) == 1 and laws_of(update_settings, dtype) is not None


def chunk(own: Prepared, weights: Weights, batches: Batches, optimiser_state: OptimiserState, update_settings: UpdateSettings) -> Learnt:
    """Learn from some batches; weights change in place in ``weights`` and ``optimiser_state.slots``."""
    dtype, slots, rates = own.dtype, optimiser_state.slots, update_settings.rates
    (n, steps, trials, inputs), channels, units = batches.inputs.shape, batches.targets.shape[3], own.network.units
    laws = _expected(laws_of(update_settings, dtype))
    states, drives, emitted = own.activity(steps, trials)
    error, change, kept = (
        own.room.array("error", (steps, trials, channels)),
        weights.zeros(),
        Kept(batches, weights, update_settings, states),
    )
    transposed, path = np.empty_like(weights.feedback), np.empty_like(weights.feedback)
    done = loops(dtype.name).chunk.chunk(
        *_model(own, weights, change, batches.noise is not None), update_settings.rule.through_units,
        weights.vector, *_kinds(weights), change.vector, *_kinds(change), slots, rates, update_settings.lower_bounds, batches.left.astype(dtype),
        float(update_settings.clip), dtype.type(update_settings.decay), np.empty_like(weights.vector),
        *_optimiser(laws.step, optimiser_state, n), _error_table(update_settings.loss, dtype), *_law(laws.error), *_law(laws.path),
        batches.inputs, batches.inputs.reshape(n, steps * trials, inputs), batches.targets, batches.loss_weight,
        *noise_of(batches, 0, own.drives * units), *kept.start,
        states, row(states), drives, emitted, emitted.reshape(-1, units), own.back(steps, trials),
        np.empty((len(own.plastic_rows), trials, units), dtype), np.zeros((own.drives, inputs, units), dtype), *_packed(own, inputs, channels, update_settings),
        error, weights.readout.reshape(-1), weights.feedback.reshape(-1), transposed, transposed.reshape(-1), path, path.reshape(-1),
        *kept.arguments,
    )  # fmt: skip
    return kept.learnt(done)


def _model(own: Prepared, weights: Weights, change: Weights, noise: bool) -> tuple[np.ndarray, ...]:
    """Addresses of what a chunk calls, and the units' parameters with what follows from them."""
    addresses, (wide_unit, settings, wide) = _loop_table(own.dtype.name, own.recurrence.kind, noise), own.following()
    return (
        addresses, own.onward, own.backward, own.constants(weights).copy(), wide_unit, own.plastic_rows, weights.parameters, change.parameters,
        settings, wide, *own.wiring,
    )  # fmt: skip


def _kinds(weights: Weights) -> tuple[np.ndarray, ...]:
    return weights.recurrent, weights.input, weights.bias, weights.readout, weights.feedback


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
    kernels = loops(dtype, kind).kernels
    return loop_table(dtype, noise, forward=kernels.forward, reverse_scan=kernels.reverse_scan)
