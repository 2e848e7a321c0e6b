"""A loop runs by itself, without exploration or learning, and what it did then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurorec.circuits.loop_state import LoopState
from neurorec.circuits.syllable_runner import SyllableRunner
from neurorec.circuits.transitions import Transitions
from neurorec.display import AbstractDisplayed, Rows, several, shape, some, span
from neurorec.engines.base import Activity
from neurorec.networks.network import Network
from neurorec.process.memory import expect_memory, free_memory

if TYPE_CHECKING:
    import xarray

    from neurorec.circuits.sequence_loop import SequenceLoop


@dataclass(frozen=True, eq=False, repr=False)
class Performance(AbstractDisplayed):
    """A sequence of syllables, end to end, with what the network did meanwhile.

    Attributes
    ----------
    syllables : tuple of str
        Their names, in order.
    outputs : (T, 1, O) array
    inputs : (T, 1, I) array
        What the readout switched on.
    states : dict of str to (T, 1, N) array
        Every state of the cell.
    dt : float
        Time step in seconds.
    right : (n - 1,) array of bool
        Whether each transition is one of the sequence's.
    """

    syllables: tuple[str, ...]
    outputs: np.ndarray
    inputs: np.ndarray
    states: dict[str, np.ndarray]
    dt: float
    right: np.ndarray

    @property
    def steps(self) -> int:
        """Time steps of a syllable, its hold included."""
        return len(self.outputs) // len(self.syllables)

    @property
    def transitions_correct(self) -> float:
        """Share of the transitions that are right; not a number where there is none."""
        return float(np.mean(self.right)) if len(self.right) else np.nan

    def _display(self) -> tuple[str, Rows]:
        arrays = {"outputs": self.outputs, "inputs": self.inputs, **self.states}
        right = f"{self.transitions_correct:.0%} of {some(len(self.right), 'transition')}" if len(self.right) else "no transition"
        rows = [("played", several(self.syllables)), ("right", right)]
        head = f"{some(len(self.syllables), 'syllable')} in {len(self.outputs) * self.dt:g} s, {some(self.steps, 'step')} each"
        return head, [*rows, *((name, f"{shape(array)}, {span(array)}") for name, array in arrays.items())]

    def to_xarray(self) -> xarray.Dataset:
        """Named dimensions (time, unit, output_channel, input_channel), time in seconds, the syllable of each step as a coordinate."""
        import xarray

        variables = {name: (("time", "unit"), values[:, 0], {"units": "1"}) for name, values in self.states.items()}
        variables |= {
            name: (("time", f"{name}_channel"), values[:, 0], {"units": "1"})
            for name, values in (("output", self.outputs), ("input", self.inputs))
        }
        time = np.arange(1, len(self.outputs) + 1) * self.dt
        attributes = {"units": "s", "long_name": "time from the start of the first syllable"}
        return xarray.Dataset(variables, {"time": ("time", time, attributes), "syllable": ("time", np.repeat(self.syllables, self.steps))})


class Takes:
    """Syllables of a performance, put together one after another.

    Parameters
    ----------
    network : Network
    inputs : (I, T, 1, I) array
        Input to the network in each syllable.
    """

    def __init__(self, network: Network, inputs: np.ndarray):
        self._network, self._inputs = network, inputs
        self._syllables: list[int] = []
        self._outputs: list[np.ndarray] = []
        self._states: list[np.ndarray] = []

    def append(self, syllable: int, activity: Activity) -> None:
        """Keep what the network did in a syllable."""
        self._syllables.append(syllable)
        self._outputs.append(activity.readout.copy())
        self._states.append(activity.states[1:].copy())

    def performance(self, names: Sequence[str], right: Sequence[bool]) -> Performance:
        """All of them, and which transitions were right."""
        network, states = self._network, np.concatenate(self._states)
        each = {name: states[:, i] for i, name in enumerate(network.formula.states) if name in network.own_states}
        inputs = np.concatenate([self._inputs[syllable] for syllable in self._syllables])
        played = tuple(names[syllable] for syllable in self._syllables)
        return Performance(played, np.concatenate(self._outputs), inputs, each, network.dt, np.array(right, bool))


def perform(loop: SequenceLoop, count: int, first: int) -> Performance:
    """Let a loop run from rest, without exploration; nothing is learnt.

    Raises
    ------
    ValueRefused
        If the performance would not fit into memory.
    """
    _expect_room(loop.runner, count)
    targets, right = Transitions(loop.sequence or (0,)), []
    state, takes = LoopState.initial(loop.runner.rest, first, loop.box), Takes(loop.network, loop.runner.inputs)
    for k in range(count):
        activity, sent = loop.runner.run(state.history[-1], state.units, k)
        state.units = activity.states[-1].copy()
        takes.append(state.history[-1], activity)
        if k + 1 < count:
            winner = loop.readout.winner(loop.readout.cells(sent, state.history), loop.readout.allowed(state))
            right.append(winner in targets.right(state.history))
            state.append(winner, loop.box)
    return takes.performance(loop.syllables, right)


def _expect_room(runner: SyllableRunner, syllables: int) -> None:
    """Refuse a performance that would not fit into memory, saying how long it may be."""
    network, width = runner.network, np.dtype(runner.engine.dtype).itemsize
    each = 2 * width * runner.steps * (len(network.formula.states) * network.units + network.inputs + network.outputs)  # kept, then joined
    what, most = f"a performance of {syllables} syllables", free_memory() // (2 * each)
    expect_memory(each * syllables, what, f"perform at most {most} at a time")
