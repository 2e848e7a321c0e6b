"""What a loop did when left to itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurorec.circuits.player import Player
from neurorec.display import AbstractDisplayed, Rows, several, shape, some, span
from neurorec.engines.base import Activity
from neurorec.networks.network import Network
from neurorec.process.memory import expect_memory, free_memory

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False, repr=False)
class Performance(AbstractDisplayed):
    """A sequence of syllables, end to end, with what the network did meanwhile.

    Attributes
    ----------
    syllables : tuple of str
        Their names, in order.
    outputs : (T, 1, O) array
    inputs : (T, 1, I) array
        What the loop switched on.
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


class Stage:
    """Where a performance is put together, a syllable at a time.

    Parameters
    ----------
    network : Network
    inputs : (I, T, 1, I) array
        What it hears in each syllable.
    """

    def __init__(self, network: Network, inputs: np.ndarray):
        self._network, self._inputs = network, inputs
        self._played: list[int] = []
        self._outputs: list[np.ndarray] = []
        self._states: list[np.ndarray] = []
        self._right: list[bool] = []

    def keep(self, syllable: int, activity: Activity) -> None:
        """What the network did in it."""
        self._played.append(syllable)
        self._outputs.append(activity.readout.copy())
        self._states.append(activity.states[1:].copy())

    def judge(self, right: bool) -> None:
        """Whether the transition to the next was right."""
        self._right.append(right)

    def performance(self, names: Sequence[str]) -> Performance:
        """All of it."""
        network, states = self._network, np.concatenate(self._states)
        each = {name: states[:, i] for i, name in enumerate(network.formula.states) if name in network.own_states}
        inputs = np.concatenate([self._inputs[syllable] for syllable in self._played])
        played = tuple(names[syllable] for syllable in self._played)
        return Performance(played, np.concatenate(self._outputs), inputs, each, network.dt, np.array(self._right, bool))


def expect_room(player: Player, syllables: int) -> None:
    """Refuse a performance that would not fit into memory.

    Raises
    ------
    ValueRefused
        Saying how long it may be.
    """
    network, width = player.network, np.dtype(player.engine.dtype).itemsize
    each = 2 * width * player.steps * (len(network.formula.states) * network.units + network.inputs + network.outputs)  # kept, then joined
    what, most = f"a performance of {syllables} syllables", free_memory() // (2 * each)
    expect_memory(each * syllables, what, f"perform at most {most} at a time")
