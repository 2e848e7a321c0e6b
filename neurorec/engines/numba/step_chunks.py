"""Calls of the loops over a chunk of batches in which weights change at every step."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import OptimiserState, UpdateSettings
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.engines.numba.causal_loop import law_of, model_of, sizes_of_a_step
from neurorec.engines.numba.compile import loop_table, loops, tables
from neurorec.engines.numba.kept import Kept, noise_of, row
from neurorec.engines.numba.layout import constants
from neurorec.engines.numba.online import CALLED, Held
from neurorec.engines.numba.prepared import Prepared
from neurorec.formula.once import once
from neurorec.networks.weights import Weights


def step_chunk(
    way: str, own: Prepared, weights: Weights, batches: Batches, optimiser_state: OptimiserState, update_settings: UpdateSettings
) -> Learnt:
    """Learn from some batches in one of `per_step.WAYS`; weights change in place in ``weights`` and ``optimiser_state.slots``."""
    addresses = _loop_table(own.dtype.name, way, batches.noise is not None)
    states, drives, emitted = own.activity(*batches.inputs.shape[1:3])
    kept = Kept(batches, weights, update_settings, states)
    trials = (
        batches.inputs, batches.targets, batches.loss_weight, *noise_of(batches, 1, weights.bias.size), *kept.start,
        states, row(states), drives, emitted, *kept.arguments,
    )  # fmt: skip
    if way == "causal":
        return kept.learnt(_remembered(own, weights, batches, optimiser_state, update_settings, addresses, trials))
    done = _swept(way, own, weights, batches, update_settings, addresses, trials)
    kept.transpose_feedback()
    return kept.learnt(done)


def _remembered(
    own: Prepared, weights: Weights, batches: Batches, optimiser_state: OptimiserState, update_settings: UpdateSettings, addresses, trials
) -> int:
    return loops(own.dtype.name).step_chunk.remembered(
        addresses, *model_of(own.network, weights, update_settings), optimiser_state.slots, update_settings.rates, np.empty_like(weights.vector),
        batches.left.astype(own.dtype), *law_of(own.network, update_settings), weights.readout.reshape(-1), weights.feedback.reshape(-1),
        *sizes_of_a_step(update_settings), optimiser_state.count, *trials,
    )  # fmt: skip


def _swept(way: str, own: Prepared, weights: Weights, batches: Batches, update_settings: UpdateSettings, addresses, trials) -> int:
    held, (k, count, _) = Held(weights, own.recurrence), batches.initial.shape
    trace = own.recurrence.traces(held.recurrent, count if way == "fused" else 0, k)
    rates = held.rates(update_settings) * batches.left.astype(own.dtype)[:, None]
    done = loops(own.dtype.name).step_chunk.swept(
        addresses, *tables(own.formula, update_settings, own.dtype.name, CALLED), constants(own.network, weights), *held.arrays,
        *(each.reshape(-1) for each in held.arrays), *own.wiring, rates, own.dtype.type(update_settings.decay), trace, trace.reshape(-1), *trials,
    )  # fmt: skip
    held.give_back()
    return done


@once(16)
def _loop_table(dtype: str, way: str, noise: bool) -> np.ndarray:
    return loop_table(dtype, noise, **{way: getattr(getattr(loops(dtype), way), way)})
