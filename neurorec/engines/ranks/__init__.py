"""One network over several processes: each steps and changes the rows of its own units, and hears of the others once a time step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, final

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings, in_turn
from neurorec.engines.base.residence import AbstractResidence
from neurorec.engines.numba.arguments import Change, Factors
from neurorec.engines.numba.layout import presynaptic_rows, rows
from neurorec.engines.numba.per_step import possible
from neurorec.engines.numba.prepared import Last, Prepared
from neurorec.engines.ranks.compile import loops
from neurorec.engines.ranks.online import causal, fused, room_to_show
from neurorec.engines.ranks.residence import RanksResidence
from neurorec.engines.ranks.share import own_noise, share_of
from neurorec.errors import NotOffered
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.block import Block, rows_of
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


@final
class RanksEngine(AbstractEngine):
    """Local rules by the numba engine's loops, on rows; one gather of all outputs a time step, and nothing else.

    A process that is alone, or a network that was not divided, has all rows. The bits are the same for any number of ranks.
    """

    dtype = np.float32
    tolerance = 1e-4
    offers = frozenset({"trial", "step"})
    takes: ClassVar[tuple[type, ...]] = (Network, Block)
    through_units = False

    def __init__(self) -> None:
        self._last = Last()

    def __reduce__(self) -> tuple[type, tuple]:
        return RanksEngine, ()

    def forward(self, network: Any, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says; `emitted` is that of all units."""
        own, share, activity = self._for(network), share_of(network), self._activity(network, stimulus)
        loop, emitted, shown = loops(own.dtype.name).rows, activity.emitted, room_to_show(own, stimulus)
        units, constants = network.units, own.constants(weights)
        recurrent = own.packed("rows transposed", weights, weights.recurrent, units, share.everyone)
        input_ = own.packed("input transposed", weights, weights.input, units, network.inputs)
        given = np.ascontiguousarray(stimulus.inputs), own_noise(stimulus, network, share), activity.states, activity.drives, emitted, shown
        loop.begin(own.onward, constants, activity.states, shown)
        share.team.gather(shown, emitted[0])
        for t in range(len(stimulus.inputs)):
            loop.advance(own.onward, constants, recurrent, input_, weights.bias, *own.wiring, *given, t)
            share.team.gather(shown, emitted[t + 1])
        readout = own.packed("readout transposed", weights, weights.readout, network.outputs, share.everyone)
        loop.read_all(readout, weights.readout, emitted, activity.readout)
        return activity

    def change(
        self,
        network: Any,
        weights: Weights,
        stimulus: Stimulus,
        activity: Activity,
        error: np.ndarray,
        rule: AbstractRule,
        feedback: AbstractFeedback,
    ) -> Weights:
        """By the reverse scan, of these rows: without another word from the other ranks."""
        own, share, change, kernels = self._for(network), share_of(network), weights.zeros(), loops(self.dtype.__name__).kernels
        (steps, ports, trials, units), error = activity.drives.shape, np.ascontiguousarray(error)
        matrix = rows_of(feedback.element(weights.readout.T, weights.feedback), share.everyone, share.mine)
        path = own.packed("feedback", weights, matrix, units, network.outputs)
        at_once = own.outputs == 1
        back = own.room.array("back", (ports, min(kernels.together(trials), steps) if at_once else steps, trials, units))
        input_ = own.room.array("gathered", (own.drives, network.inputs, units))
        partial = own.room.array("partial", (len(own.plastic_rows), trials, units))
        presynaptic, x = presynaptic_rows(activity.emitted), rows(np.ascontiguousarray(stimulus.inputs))
        kernels.reverse_scan(
            own.backward, own.constants(weights), own.room.array("none", (0, 0, 0, 0)), path, *own.wiring, False, error, activity.states,
            activity.drives, own.outputs, back, partial, at_once, presynaptic, x, change.recurrent, input_, change.bias, change.readout, 0, trials,
        )  # fmt: skip
        if not at_once:
            gathered = Change(change.recurrent, input_, change.bias, change.readout)
            _gather(own, kernels, gathered, back, presynaptic, x, rows(error), trials)
        _conclude(own, change, input_, partial)
        return change

    def online(
        self, network: Any, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> Activity:
        """In one sweep a step over traces and weights, where a change need not be known as a whole before it is applied."""
        own, activity = self._for(network), self._activity(network, stimulus)
        way = fused if "fused" in possible(network, update_settings) else causal
        way(own, share_of(network), weights, stimulus, activity, optimiser_state, update_settings)
        return activity

    def expect(self, network: Any, update_settings: UpdateSettings, schedule: str) -> None:
        """A clip at every step would need the norm of all rows' change before any is applied; where all are here, it is."""
        divided = share_of(network).everyone > network.units
        if divided and schedule == "step" and update_settings.clip < np.inf:
            raise NotOffered(
                "over ranks a change at every step cannot be clipped: its norm is that of all rows, which would have to be gathered before the step "
                "is over; use update='trial', or no clip"
            )

    def residence(self, network: Any, weights: Weights, update_settings: UpdateSettings) -> AbstractResidence:
        """With the answers on which all ranks must agree."""
        return RanksResidence(self, network, weights, update_settings, share_of(network))

    def stream(self, network: Any, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says."""
        return in_turn(self, network, weights, stimuli)

    def _for(self, network: Any) -> Prepared:
        """What was found of this network; arrays that loops fill are a thread's own."""
        if self._last.prepared is None or self._last.prepared.network is not network:
            self._last.prepared = Prepared(network, self.dtype)
        return self._last.prepared

    def _activity(self, network: Any, stimulus: Stimulus) -> Activity:
        """Arrays for a run, the initial state filled in."""
        own, (steps, trials, _) = self._for(network), stimulus.inputs.shape
        states = own.room.array("states", (steps + 1, own.states, trials, network.units))
        drives = own.room.array("drives", (steps, own.ports, trials, network.units))
        emitted = own.room.array("everyone", (steps + 1, own.outputs, trials, share_of(network).everyone))
        states[0] = stimulus.initial
        return Activity(states, drives, emitted, own.room.array("read", stimulus.targets.shape))


def _gather(
    own: Prepared, kernels: Any, change: Change, back: np.ndarray, emitted: np.ndarray, x: np.ndarray, error: np.ndarray, trials: int
) -> None:
    """One product over trials x time for each kind of weight of each drive, of units with several outputs."""
    for d, (post, recurrent, external) in enumerate(own.parts):
        factors = Factors(rows(back[recurrent]), rows(back[external]), error, emitted, emitted[trials:], x)
        part = Change(own.recurrence.of_drive(change.recurrent, d), change.input[d], change.bias[post], change.readout[: 0 if d else None])
        kernels.gathered(*factors, *part, trials, 0, own.network.units)


def _conclude(own: Prepared, change: Weights, inputs: np.ndarray, partial: np.ndarray) -> None:
    """What the loops leave to do; inputs (D, I, n) is dWin transposed."""
    for d, (post, recurrent, external) in enumerate(own.parts):
        change.input[post] = inputs[d].T
        if recurrent < 0:  # no such part, no change
            change.recurrent[post] = 0
        if external < 0:
            change.input[post], change.bias[post] = 0, 0
    if len(partial):
        change.parameters[own.plastic_rows] = partial.sum(axis=1)
    change.feedback[...] = change.readout.T
