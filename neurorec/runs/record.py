"""What to record while a network is trained or simulated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from neurorec.arrays import only, whole
from neurorec.engines.base import Activity
from neurorec.errors import UnknownName, ValueRefused
from neurorec.networks.abstract_network import AbstractNetwork

CHANNELS = ("output", "input", "target")  # recorded by channel; everything else is a state, recorded by unit
MOST_CHECKPOINTS = 100_000
REDUCTIONS = ("mean", "last", "maximum")
EVENLY_SPACED = 20  # trials that are recorded where the user does not say


@final
@dataclass(frozen=True)
class Record:
    """What to record, how often, of which units, and reduced how.

    Parameters
    ----------
    variables : str or sequence of str
        State names of the cell (``"h"``), ``"output"``, ``"input"``, ``"target"``; empty for none.
    every : int
        Every how many trials: trials k = 0, every, 2 every ..., counted from 0.
    steps : int
        Every how many time steps j: of each trial the steps j-1, 2j-1 ..., counted from 0, so that the end of each
        block of j steps is kept; what is left after the last whole block is not.
    units : sequence of int, optional
        Which units of the states, counted from 0. None: all.
    reduce : str, optional
        ``"mean"``, ``"last"`` or ``"maximum"`` over the kept steps, taken inside the loop; the time dimension then
        has length 1. None: all kept steps.
    checkpoints : int
        How many snapshots of the weights are kept, evenly spaced from the first (trial 0, the initial weights) to the
        last (all trials done); 11 gives every tenth of the training.

    Raises
    ------
    ValueRefused
        Says which setting was wrong and what was expected.

    Examples
    --------
    The states of ten units in every hundredth trial, averaged over it, and no snapshots but the initial weights::

        nr.train(net, task, record=nr.Record("h", every=100, units=range(10), reduce="mean", checkpoints=1))

    >>> import neurorec as nr
    >>> nr.Record("output", every=100).trials(0, 350)
    array([  0, 100, 200, 300])
    """

    variables: tuple[str, ...] = ("h", "output")
    every: int = 1
    steps: int = 1
    units: tuple[int, ...] | None = None
    reduce: str | None = None
    checkpoints: int = 10

    def __post_init__(self) -> None:
        """Check everything."""
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 - the one place where a frozen value is filled
        put("variables", _names(self.variables))
        put("units", None if self.units is None else _indices(self.units))
        for name in ("every", "steps", "checkpoints"):
            put(name, whole(name, getattr(self, name)))
        if self.checkpoints > MOST_CHECKPOINTS:
            raise ValueRefused(f"checkpoints must be at most {MOST_CHECKPOINTS}, got {self.checkpoints}; each is a network in the file")
        if self.reduce is not None and self.reduce not in REDUCTIONS:
            raise ValueRefused(f"reduce must be {', '.join(map(repr, REDUCTIONS))} or None, got {self.reduce!r}")

    @classmethod
    def nothing(cls) -> Record:
        """No trajectories, and no snapshot but that of the initial weights."""
        return cls(variables=(), checkpoints=1)

    def check(self, states: Sequence[str], units: int, steps: int) -> None:
        """Refuse what a network and its trials do not have.

        Parameters
        ----------
        states : sequence of str
            Names of the cell's states.
        units, steps : int
            Number of units N, and of time steps T of a trial.

        Raises
        ------
        UnknownName, ValueRefused
            Before anything was computed.
        """
        for name in self.variables:
            if name not in (*states, *CHANNELS):
                raise UnknownName.among("variable to record", name, (*states, *CHANNELS))
        if self.units is not None and max(self.units) >= units:
            raise ValueRefused(f"units to record reach {max(self.units)}, but the network has {units}, numbered 0 to {units - 1}")
        self._expect_steps(steps)

    def trials(self, first: int, total: int) -> np.ndarray:
        """Numbers of the recorded trials, counted from 0, in [first, total); none where there are no variables."""
        if not self.variables:
            return np.arange(0)
        return np.arange(min(total, -(-first // self.every) * self.every), total, min(self.every, max(total, 1)))

    def count(self, total: int) -> int:
        """How many of `total` trials are recorded, without the memory that `trials` takes."""
        return -(-total // self.every) if self.variables else 0

    def snapshots(self, total: int, batch: int = 1) -> tuple[int, ...]:
        """After how many trials the weights are kept.

        Parameters
        ----------
        total : int
            Trials of the whole training.
        batch : int
            Trials an update: weights exist only after whole batches (and at the end), so numbers are rounded up.
        """
        parts = max(1, self.checkpoints - 1)
        ends = (-(-k * total // (parts * batch)) * batch for k in range(self.checkpoints))  # in whole numbers, rounded up
        return tuple(sorted({min(end, total) for end in ends}))

    def times(self, steps: int, dt: float) -> np.ndarray:
        """Times of what is kept of a trial of T steps, (T',), in seconds: each the end of its step.

        With `reduce` it is one, that of the last kept step.
        """
        blocks = steps // self.steps
        return np.arange(1 if self.reduce is None else blocks, blocks + 1) * self.steps * dt

    def pick(self, name: str, array: np.ndarray) -> np.ndarray:
        """What is kept of some recorded trials.

        Parameters
        ----------
        name : str
            The variable.
        array : (T, B, C) array
            All steps of the trials, all units or channels.

        Returns
        -------
        (T', B, C') array
            Of the same dtype; a view where nothing had to be computed.

        Raises
        ------
        ValueRefused
            If the trial is shorter than `steps`, so that nothing of it would be kept.
        """
        self._expect_steps(len(array))
        kept = array[self._kept]
        if self.units is not None and name not in CHANNELS:
            kept = kept[..., list(self.units)]
        return kept if self.reduce is None else _reduced(self.reduce, kept)

    def as_dict(self) -> dict[str, Any]:
        """The settings, ready for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Record:
        """The record that `as_dict` described."""
        only("setting of Record", settings, [f.name for f in dataclasses.fields(cls)])
        return cls(**settings)

    @property
    def _kept(self) -> slice:
        return slice(self.steps - 1, None, self.steps)

    def _expect_steps(self, steps: int) -> None:
        if self.steps > steps:
            raise ValueRefused(
                f"steps={self.steps} keeps nothing of trials of {steps} time steps; choose steps <= {steps}, or reduce='last'"
            )


def default_record(network: AbstractNetwork, *channels: str, every: int = 1) -> Record:
    """What is recorded where the user does not say: the network's first state, and some channels."""
    return Record((*network.formula.states[:1], *channels), every=every)


def spacing(trials: int) -> int:
    """Every how many trials are recorded, so that about `EVENLY_SPACED` of them are."""
    return max(1, trials // EVENLY_SPACED)


def _names(variables: str | Iterable[str]) -> tuple[str, ...]:
    names = (variables,) if isinstance(variables, str) else tuple(variables)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ValueRefused(f"variables must be names, each once, such as ('h', 'output'), got {names!r}")
    return names


def _indices(units: Iterable[int]) -> tuple[int, ...]:
    if not np.iterable(units) or isinstance(units, str):
        raise ValueRefused(f"units must be a sequence of unit numbers such as range(10), got {units!r}")
    indices = tuple(whole("each of units", unit, least=0) for unit in units)
    if not indices or len(set(indices)) < len(indices):
        raise ValueRefused(f"units must name at least one unit, each once, got {indices!r}; pass units=None for all")
    return indices


def _reduced(how: str, kept: np.ndarray) -> np.ndarray:
    if how == "last":
        return kept[-1:]
    if how == "maximum":
        return kept.max(axis=0, keepdims=True)
    # summed in double: over thousands of steps a float32 sum would lose digits that the file could hold
    return kept.mean(axis=0, keepdims=True, dtype=np.float64).astype(kept.dtype)


def recorded(name: str, network: AbstractNetwork, activity: Activity, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """A recorded variable at every step, (T, B, channel or unit): a channel, or one of the states."""
    if name in CHANNELS:
        return {"output": activity.readout, "input": inputs, "target": targets}[name]
    return activity.states[1:, network.formula.states.index(name)]
