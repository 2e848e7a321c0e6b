"""What a task is: it makes trials and scores a network's outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.errors import ValueRefused
from neurorec.process.memory import expect_memory
from neurorec.random_numbers.seeds import TASK, entropy, generators
from neurorec.tasks.base.recommended import GENERAL, Recommended
from neurorec.tasks.base.trials import Trial, Trials


class AbstractTask(ABC):
    """A task makes trials and scores a network's outputs.

    A task is one file with one final dataclass whose fields are its settings, `dt` first. Attributes every task has:

    Attributes
    ----------
    n_inputs, n_outputs : int
        Channels.
    dt : float
        Time step in seconds.
    loss : str
        From ``nr.names("losses")``.
    clock : str
        ``"seconds"``: durations are settings in seconds, and a smaller `dt` makes more steps of them. ``"steps"``: one
        symbol, pixel or word comes at each step; lengths are settings in steps, and `dt` only says how long a step is
        to a cell with a time constant.
    output_channels : tuple of str
        Names of the outputs; empty: their numbers.
    note : str
        What it read and took for what, in a line, where its settings alone do not say so.
    needs : tuple of str
        Modules of optional packages without which it cannot make trials.
    recommended : Recommended
        Network and training with which it is learnt, the defaults of ``neurorec train``; ``task.recommended.network``
        and ``task.recommended.training`` are keyword arguments of `nr.Network.random` and `nr.train`.

    Examples
    --------
    A task of your own makes one trial from a random generator:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import neurorec as nr
    >>> from neurorec.tasks.base import Trial
    >>> @dataclass(frozen=True)
    ... class Integrator(nr.AbstractTask):
    ...     dt: float = 0.01
    ...     n_inputs = n_outputs = 1
    ...
    ...     def trial(self, rng):
    ...         inputs = rng.standard_normal((50, 1))
    ...         return Trial(inputs, np.cumsum(inputs, axis=0) * self.dt)
    ...
    ...     def score(self, outputs, trials):
    ...         return (np.abs(outputs - trials.targets)[-1, :, 0] < 0.1).astype(float)
    >>> task = Integrator()
    >>> trials = task.trials(3, seed=0)
    >>> task.score(trials.targets, trials)
    array([1., 1., 1.])
    """

    n_inputs: int
    n_outputs: int
    dt: float
    loss: str = "mse"
    clock: str = "seconds"
    output_channels: tuple[str, ...] = ()
    note: str = ""
    needs: ClassVar[tuple[str, ...]] = ()
    recommended: ClassVar[Recommended] = GENERAL

    @abstractmethod
    def trial(self, rng: np.random.Generator) -> Trial:
        """One trial drawn from `rng` and nothing else.

        Every trial of a task has the same number of steps; a shorter one is padded and its mask is zero there.
        """

    @abstractmethod
    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """How well each trial was answered.

        Parameters
        ----------
        outputs : (T, B, O)
            The network's answers (before a softmax).
        trials : Trials
            Whose targets they are compared with.

        Returns
        -------
        (B,) array
            In [0, 1]; the targets themselves score 1 (for classes: any outputs that rank the right one first).
        """

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """Trials number `first` to `first + n - 1` of a seed.

        Trial k is the same trial whatever `n` and `first`.
        """
        return self._stacked([self.trial(rng) for rng in generators(entropy(seed), TASK, first, whole("n", n))])

    def _stacked(self, trials: Sequence[Trial]) -> Trials:
        """Single trials of equal length as one batch."""
        return Trials(
            inputs=np.stack([each.inputs for each in trials], axis=1),
            targets=np.stack([each.targets for each in trials], axis=1),
            mask=np.stack([np.ones(len(each.targets)) if each.mask is None else each.mask for each in trials], axis=1),
            conditions={name: np.array([each.conditions[name] for each in trials]) for name in trials[0].conditions},
            dt=self.dt,
            loss=self.loss,
            channels=self.output_channels,
        )

    def _steps(self, name: str, seconds: float) -> int:
        """Whole time steps of a duration, refused where it is shorter than one."""
        steps = round(seconds / positive("dt", self.dt, "seconds"))
        if steps < 1:
            raise ValueRefused(f"{name} = {seconds:g} s is shorter than a time step of {self.dt:g} s; lengthen it or choose a smaller dt")
        size = 8 * steps * (self.n_inputs + self.n_outputs)
        expect_memory(size, f"a trial with {name} = {seconds:g} s in steps of {self.dt:g} s", "shorten it, or choose a larger dt")
        return steps
