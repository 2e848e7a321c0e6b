"""Trials: inputs, targets, and the mask of the steps that count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from neurorec.arrays import TRIAL, expect_shape, expect_unmasked, positive, real_array, time_first
from neurorec.discovery import load, name_of
from neurorec.display import FEW, AbstractDisplayed, Rows, several, some, span
from neurorec.errors import ShapeError, ValueRefused

_OWN: Any = None  # "the default", which __post_init__ fills in: a field's type is what it holds afterwards


@dataclass(frozen=True, eq=False, repr=False)
class Trials(AbstractDisplayed):
    """Some trials of one task, time-major.

    Parameters
    ----------
    inputs : (T, B, I) array_like
        Of the network; (T, I) is taken as one trial.
    targets : (T, B, O) array_like, optional
        What its outputs should be. For ``loss="cross_entropy"`` one-hot classes (or probabilities). None: no targets, O is 0;
        such trials can be simulated, not learnt from.
    mask : (T, B) array_like, optional
        How much each time step counts, from 0; None: all the same. Every trial needs a step that counts.
    conditions : mapping of str to (B,) array_like, optional
        One value a trial: the stimulus, the delay ...
    dt : float
        Time step in seconds.
    loss : str or class
        From ``nr.names("losses")``; or a loss class of your own.
    channels : sequence of str, optional
        Names of the outputs; empty: their numbers.

    Raises
    ------
    ShapeError, ValueRefused
        If shapes do not fit one another; if numbers are NaN, infinite, complex or masked; if the loss cannot use such targets.

    Notes
    -----
    An `xarray.DataArray` with dimensions called time and trial (or batch, epoch) may have them in any order.

    Examples
    --------
    Integrate a pulse at the first step of a trial; the second half of the trial counts:

    >>> import numpy as np
    >>> import neurorec as nr
    >>> inputs, mask = np.zeros((100, 4, 1)), np.ones((100, 4))
    >>> inputs[0, :, 0] = -1, 0, 1, 2
    >>> mask[:50] = 0
    >>> nr.Trials(inputs, np.cumsum(inputs, axis=0), mask, conditions={"pulse": inputs[0, :, 0]})
    Trials: 4 trials of 1 s, 100 steps of 0.01 s
      inputs   1 channel, -1 to 2
      targets  1 channel, -1 to 2
      counted  50% of the steps, in the loss mse
      pulse    -1.0, 0.0, 1.0, 2.0
    """

    inputs: np.ndarray
    targets: np.ndarray = _OWN
    mask: np.ndarray = _OWN
    conditions: Mapping[str, Any] = _OWN
    dt: float = 0.01
    loss: Any = "mse"  # a name, whatever was passed
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        fill = vars(self).update  # a frozen value is filled here and nowhere else
        fill(targets=_with_three_axes("targets", _no_targets(self.inputs) if self.targets is None else self.targets))
        steps, n_trials, _ = self.targets.shape
        fill(inputs=_with_three_axes("inputs", self.inputs))
        expect_shape("inputs", self.inputs, (steps, n_trials, -1), "time-major (time, trial, channel), as targets")
        fill(mask=np.ones((steps, n_trials)) if self.mask is None else self._mask_of_shape((steps, n_trials)))
        if self.mask.min() < 0 or (self.mask.sum(axis=0) == 0).any():
            raise ValueRefused("mask must be zero or positive and count at least one step of every trial; drop the trials that it silences")
        fill(conditions={name: self._condition(name, value) for name, value in (self.conditions or {}).items()})
        fill(dt=positive("dt", self.dt, "seconds"), channels=self._channel_names())
        fill(loss=self.loss if isinstance(self.loss, str) else name_of(self.loss))
        loss = load("losses", self.loss)
        if self.has_targets:
            loss.expect(self.targets, self.mask)

    @classmethod
    def unchecked(
        cls,
        inputs: np.ndarray,
        targets: np.ndarray,
        mask: np.ndarray,
        conditions: Mapping[str, np.ndarray],
        dt: float,
        loss: str = "mse",
        channels: tuple[str, ...] = (),
    ) -> Trials:
        """What a task made and knows to be right: float64 arrays of the shapes above, which are neither looked at nor copied."""
        made = object.__new__(cls)
        vars(made).update(inputs=inputs, targets=targets, mask=mask, conditions=conditions, dt=dt, loss=loss, channels=channels)
        return made

    @property
    def time(self) -> np.ndarray:
        """End of each time step in seconds, (T,)."""
        return np.arange(1, self.targets.shape[0] + 1) * self.dt

    @property
    def steps(self) -> int:
        """Number of time steps T."""
        return self.targets.shape[0]

    @property
    def count(self) -> int:
        """Number of trials B."""
        return self.targets.shape[1]

    @property
    def has_targets(self) -> bool:
        """Whether there are targets."""
        return self.targets.shape[2] > 0

    @cached_property
    def weight(self) -> np.ndarray:
        """Share of each step in the loss, (T, B): mask over its sum in the trial, over the number of trials."""
        return self.mask / self.mask.sum(axis=0) / self.count

    def take(self, which: np.ndarray) -> Trials:
        """Some of the trials, by number."""
        conditions = {name: value[which] for name, value in self.conditions.items()}
        # contiguous: NumPy would lay trials first
        inputs, targets, mask = (np.ascontiguousarray(each[:, which]) for each in (self.inputs, self.targets, self.mask))
        return Trials(inputs, targets, mask, conditions, self.dt, self.loss, self.channels)

    def _mask_of_shape(self, shape: tuple[int, int]) -> np.ndarray:
        mask = real_array("mask", time_first("mask", self.mask))
        return real_array("mask", mask[:, None] if mask.ndim == 1 else mask, shape, "(time, trial)")

    def _channel_names(self) -> tuple[str, ...]:
        names, outputs = tuple(self.channels), self.targets.shape[2]
        if names and (len(set(names)) < outputs or len(names) != outputs or not all(isinstance(each, str) for each in names)):
            raise ShapeError(f"channels must name each of the {outputs} outputs, differently, got {names!r}")
        return names

    def _display(self) -> tuple[str, Rows]:
        arrays = {"inputs": self.inputs, "targets": self.targets}
        rows = [(name, f"{some(array.shape[2], 'channel')}{f', {span(array)}' if array.size else ''}") for name, array in arrays.items()]
        rows += [("outputs", several(self.channels))] if self.channels else []
        rows += [("counted", f"{np.mean(self.mask > 0):.0%} of the steps, in the loss {self.loss}")] if self.has_targets else []
        steps = f"{some(self.steps, 'step')} of {self.dt:g} s"
        conditions = [(name, _values(values)) for name, values in self.conditions.items()]
        return f"{some(self.count, 'trial')} of {self.steps * self.dt:g} s, {steps}", [*rows, *conditions]

    def _condition(self, name: str, value: Any) -> np.ndarray:
        expect_unmasked(f"condition {name!r}", value)
        column = np.atleast_1d(np.asarray(value))
        if column.shape != (self.count,):
            raise ShapeError(f"condition {name!r} must have one value a trial, ({self.count},), got {column.shape}")
        return column


class Trial(NamedTuple):
    """One trial, as a task makes it: arrays over time, and its conditions."""

    inputs: np.ndarray  # (T, I)
    targets: np.ndarray  # (T, O)
    mask: np.ndarray | None = None  # (T,)
    conditions: Mapping[str, Any] = {}


def _no_targets(inputs: Any) -> np.ndarray:
    """Targets without a channel, for as many steps and trials."""
    return np.zeros((*_with_three_axes("inputs", inputs).shape[:2], 0))


def _values(column: np.ndarray) -> str:
    """Of a condition: the different ones, or their range."""
    different = list(dict.fromkeys(column.tolist()))
    if len(different) > FEW and column.dtype.kind in "iuf":
        return f"{span(column)}, {len(different):,} values"
    return several(sorted(different, key=lambda value: (isinstance(value, str), value)))


def _with_three_axes(name: str, value: Any) -> np.ndarray:
    array = real_array(name, time_first(name, value))
    if array.ndim == 2:
        array = array[..., None] if set(TRIAL) & set(getattr(value, "dims", ())) else array[:, None, :]
    if array.ndim != 3 or 0 in array.shape[:2]:
        raise ShapeError(f"{name} must have shape (time, trial, channel) with at least one step and one trial, got {np.shape(value)}")
    return array
