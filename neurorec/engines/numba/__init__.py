"""The CPU engine: compiled time loops in float32 or float64."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings, in_turn
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.engines.numba.arguments import Change, Factors
from neurorec.engines.numba.causal_loop import causal
from neurorec.engines.numba.chunks import chunk, possible
from neurorec.engines.numba.compile import linked_error
from neurorec.engines.numba.layout import given, noise_rows, presynaptic_rows, rows
from neurorec.engines.numba.online import fused, low_rank
from neurorec.engines.numba.per_step import WAYS, chosen
from neurorec.engines.numba.prepared import Last, Prepared
from neurorec.engines.numba.step_chunks import step_chunk
from neurorec.engines.numba.threads import Threads
from neurorec.errors import ValueRefused
from neurorec.learning.error import error_sent_back
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

TOLERANCES = {"float32": 1e-4, "float64": 1e-10}


class NumbaEngine(AbstractEngine):
    """Trial and batch updates of local rules and BPTT by one reverse scan and one product over trials x time.

    Threads may share one, and copies are made of what was requested alone.

    Parameters
    ----------
    per_step : str, optional
        How weights change at every step: ``"causal"``, ``"fused"`` or ``"low_rank"``, which give the same numbers but for
        rounding. None: what `neurorec.engines.numba.per_step.costs` finds cheapest.
    dtype : str
        ``"float32"`` or ``"float64"``, which takes about twice as long and agrees with the reference to 1e-10.
    threads : int, optional
        Among which the trials of a batch are shared; the numbers are the same for any. None: as many as there are cores, but one where
        a batch is too small to gain by more (`neurorec.engines.numba.threads`).
    """

    dtype = np.float32
    tolerance = TOLERANCES["float32"]
    offers = frozenset({"trial", "step"})
    sparse = True

    def __init__(self, per_step: str | None = None, dtype: str = "float32", threads: int | None = None) -> None:
        if per_step not in (None, *WAYS):
            raise ValueRefused(f"per_step must be {', '.join(WAYS)} or None, got {per_step!r}")
        if dtype not in TOLERANCES:
            raise ValueRefused(f"dtype must be {' or '.join(map(repr, TOLERANCES))}, got {dtype!r}")
        self._per_step, self._requested, self._threads = per_step, threads, Threads(threads)
        self.dtype, self.tolerance = np.dtype(dtype).type, TOLERANCES[dtype]
        self._last = Last()

    @property
    def workers(self) -> int:
        """As many as there are threads."""
        return self._threads.most

    def alone(self) -> NumbaEngine:
        """As the contract says."""
        engine = NumbaEngine(self._per_step, self.dtype.__name__, self._requested)
        engine._threads = Threads(1)
        return engine

    @property
    def settings(self) -> dict[str, Any]:
        """What was requested, where it is not the usual."""
        requested = {"per_step": self._per_step, "dtype": self.dtype.__name__, "threads": self._requested}
        return {name: value for name, value in requested.items() if value not in (None, "float32")}

    def __reduce__(self) -> tuple[type, tuple]:
        return NumbaEngine, (self._per_step, self.dtype.__name__, self._requested)

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        own, activity = self._for(network), self._activity(network, stimulus)
        arguments = (
            *own.standing(weights), np.ascontiguousarray(stimulus.inputs), _noise(stimulus, weights.bias.size),
            activity.states, activity.drives, activity.emitted, activity.readout,
        )  # fmt: skip
        steps, trials, _ = stimulus.inputs.shape
        self._threads.share(own.kernels.forward, arguments, trials, steps * weights.recurrent.size)
        return activity

    def change(
        self,
        network: Network,
        weights: Weights,
        stimulus: Stimulus,
        activity: Activity,
        error: np.ndarray,
        rule: AbstractRule,
        feedback: AbstractFeedback,
    ) -> Weights:
        """By the reverse scan; RTRL too, whose sum over a trial is BPTT's."""
        own, units, change = self._for(network), network.units, weights.zeros()
        (steps, ports, trials, _), error = activity.drives.shape, np.ascontiguousarray(error)
        full = rule.through_units
        presynaptic, x = presynaptic_rows(activity.emitted), rows(np.ascontiguousarray(stimulus.inputs))
        work = steps * weights.recurrent.size
        at_once = own.outputs == 1 and self._threads.worth(trials, work) == 1
        back = own.back(steps, trials) if at_once else own.room.array("back", (ports, steps, trials, units))
        input_ = own.room.array("gathered", (own.drives, network.inputs, units))
        partial = own.room.array("partial", (len(own.plastic_rows), trials, units))
        arguments = (
            own.backward, own.constants(weights),
            own.recurrence.backward(own, weights, full), own.path(weights, feedback), *own.wiring, full, error,
            activity.states, activity.drives, own.outputs, back, partial, at_once, presynaptic, x, own.recurrence.change(change.recurrent), input_, change.bias, change.readout,
        )  # fmt: skip
        self._threads.share(own.kernels.reverse_scan, arguments, trials, work)
        if not at_once:
            gathered = Change(change.recurrent, input_, change.bias, change.readout)
            self._gather(own, gathered, back, presynaptic, x, rows(error), trials)
        self._conclude(own, change, input_, partial)
        return change

    def error(self, readout: np.ndarray, stimulus: Stimulus, loss: AbstractLoss) -> np.ndarray:
        """As the contract says; of a loss with a softmax by the same machine code as in a chunk."""
        own = linked_error(loss, np.dtype(self.dtype).name)
        if own is None:
            return error_sent_back(readout, stimulus.targets, stimulus.loss_weight, loss)
        error, outputs = np.empty(readout.shape, readout.dtype), readout.shape[2]
        _, targets, loss_weight = given(stimulus)
        own.error(readout.reshape(-1, outputs), targets.reshape(-1, outputs), error.reshape(-1, outputs))
        error *= loss_weight[..., None]
        return error

    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> Activity:
        """As the contract says."""
        activity = self._activity(network, stimulus)
        steps, trials = stimulus.loss_weight.shape
        way = chosen(self._per_step, network, update_settings, steps, trials)
        if way == "causal":
            causal(network, weights, stimulus, activity, optimiser_state, update_settings)
        else:
            {"fused": fused, "low_rank": low_rank}[way](network, weights, stimulus, activity, update_settings)
        return activity

    def chunks(self, network: Network, update_settings: UpdateSettings, schedule: str, steps: int, trials: int) -> bool:
        """Of batches that one thread learns from: longer ones do not wait for Python."""
        if network.pattern is not None:
            return False
        alone = self._threads.worth(trials, steps * network.recurrent.size) == 1
        return schedule == "step" or alone and possible(network, update_settings, np.dtype(self.dtype))

    def chunk(
        self, network: Network, weights: Weights, batches: Batches, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> Learnt:
        """As the contract says."""
        own, (_, steps, trials, _) = self._for(network), batches.inputs.shape
        if batches.schedule == "trial":
            return chunk(own, weights, batches, optimiser_state, update_settings)
        way = chosen(self._per_step, network, update_settings, steps, trials)
        return step_chunk(way, own, weights, batches, optimiser_state, update_settings)

    def expect(self, network: Network, update_settings: UpdateSettings, schedule: str) -> None:
        """At every step, a way that was requested must be possible."""
        if schedule == "step":
            chosen(self._per_step, network, update_settings, steps=1, trials=1)

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says."""
        return in_turn(self, network, weights, stimuli)

    def _for(self, network: Network) -> Prepared:
        """What was found of this network, which usually is one of the last two: a model's, and that of its cost of activity."""
        last = self._last
        if last.prepared is None or last.prepared.network is not network:
            found = last.before if last.before is not None and last.before.network is network else Prepared(network, self.dtype)
            last.prepared, last.before = found, last.prepared
        return last.prepared

    def _activity(self, network: Network, stimulus: Stimulus) -> Activity:
        """Arrays for a run, the initial state filled in."""
        own, (steps, trials, _) = self._for(network), stimulus.inputs.shape
        states, drives, emitted = own.activity(steps, trials)
        states[0] = stimulus.initial
        return Activity(states, drives, emitted, own.room.array("read", stimulus.targets.shape))

    def _gather(
        self, own: Prepared, change: Change, back: np.ndarray, emitted: np.ndarray, x: np.ndarray, error: np.ndarray, trials: int
    ) -> None:
        """One product of postsynaptic and presynaptic activity over trials x time for each kind of weight."""
        units = own.network.units
        for d, (post, recurrent, external) in enumerate(own.parts):
            factors = Factors(rows(back[recurrent]), rows(back[external]), error, emitted, emitted[trials:], x)
            part = Change(
                own.recurrence.of_drive(change.recurrent, d), change.input[d], change.bias[post], change.readout[: 0 if d else None]
            )
            self._threads.share(
                own.kernels.gathered, (*factors, *part, trials), units, len(x) * change.recurrent.size // (units * own.drives)
            )

    def _conclude(self, own: Prepared, change: Weights, inputs: np.ndarray, partial: np.ndarray) -> None:
        """What the loops leave to do; inputs (D, I, N) is dWin transposed."""
        for d, (post, recurrent, external) in enumerate(own.parts):
            change.input[post] = inputs[d].T
            if recurrent < 0:  # no such part, no change
                own.recurrence.of_drive_alone(change.recurrent, d)[...] = 0
            if external < 0:
                change.input[post], change.bias[post] = 0, 0
        if len(partial):
            change.parameters[own.plastic_rows] = reduce(
                np.add, partial.swapaxes(0, 1)
            )  # one trial after another, however many units there are
        change.feedback[...] = change.readout.T


def _noise(stimulus: Stimulus, width: int) -> np.ndarray:
    """As the loops take it; no steps where there is none."""
    if stimulus.noise is None:
        return np.empty((0, stimulus.inputs.shape[1], width), stimulus.inputs.dtype)
    return np.ascontiguousarray(noise_rows(stimulus, width))
