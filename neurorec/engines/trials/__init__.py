"""One network over several processes: each has all of it, runs some trials of a batch, and the changes are summed once a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn, final

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings
from neurorec.engines.numba import NumbaEngine
from neurorec.engines.trials.division import Division, of_trials, tree_sum
from neurorec.errors import NotOffered
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights
from neurorec.process.rank import beside_each_other
from neurorec.process.team import AbstractTeam, Alone

AXES = {"states": 2, "drives": 2, "emitted": 2, "readout": 1}  # of activity, that of trials


@final
class TrialsEngine(AbstractEngine):
    """The numba engine's loops on up to 16 parts of a batch, the leaves, whose changes are added by one binary tree.

    Over ranks each has some leaves; the bits are those of one process, which has all. A batch of one trial is the numba engine's.

    Parameters
    ----------
    dtype : str
        As of the numba engine.
    threads : int, optional
        In each process; None: as many as there are cores, divided by the ranks on this machine.
    """

    offers = frozenset({"trial"})
    sparse = True
    shares_trials = True

    def __init__(self, dtype: str = "float32", threads: int | None = None) -> None:
        self._requested, self._team = (dtype, threads), Alone()
        self._begin(NumbaEngine(dtype=dtype, threads=threads))

    def __reduce__(self) -> tuple[type, tuple]:
        return TrialsEngine, self._requested

    @property
    def workers(self) -> int:
        """Of the loops."""
        return self._loops.workers

    @property
    def settings(self) -> dict[str, Any]:
        """What was requested, where it is not the usual."""
        dtype, threads = self._requested
        return NumbaEngine(dtype=dtype, threads=threads).settings

    def alone(self) -> TrialsEngine:
        """As the contract says."""
        engine = TrialsEngine(*self._requested)
        engine._begin(self._loops.alone())
        return engine

    def over(self, team: AbstractTeam) -> TrialsEngine:
        """The engine with the same settings for one of several ranks, which all call it alike."""
        dtype, threads = self._requested
        engine = TrialsEngine(dtype, threads)
        engine._begin(NumbaEngine(dtype=dtype, threads=threads or max(1, self.workers // beside_each_other())))
        engine._team = team
        return engine

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says; over ranks readouts and last states are those of all trials, the rest is 0 but for this rank's, until `completed`."""
        division = self._division(stimulus.inputs.shape[1])
        own = self._loops.forward(network, weights, of_trials(stimulus, division.mine))
        if not division.is_shared:
            return own
        whole = self._whole(own, division.trials)
        for name in ("states", "drives", "emitted"):
            _trials(name, whole)[:, division.mine] = _trials(name, own)
        for rank, (readout, last) in enumerate(self._team.each((own.readout, own.states[-1]))):
            which = division.trials_of(rank)
            whole.readout[:, which], whole.states[-1, :, which] = readout, last
        return whole

    def completed(self, activity: Activity, which: np.ndarray) -> Activity:
        """As the contract says, by the ranks that ran them."""
        division = self._division(activity.readout.shape[1])
        if division.is_shared and len(which):
            mine = which[(which >= division.mine.start) & (which < division.mine.stop)]
            for numbers, states in self._team.each((mine, activity.states[:, :, mine])):
                activity.states[:, :, numbers] = states
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
        """That of each leaf, added by the tree of all: a branch of it here, the rest pair by pair of ranks."""
        division = self._division(error.shape[1])

        def of_leaf(number: int) -> Weights:
            which = division.trials_in(number, number + 1)
            own = _cut(activity, which)
            return self._loops.change(network, weights, of_trials(stimulus, which), own, error[:, which], rule, feedback)

        change = tree_sum(of_leaf, *division.own)
        if division.is_shared:
            self._team.sum_by_tree(change.vector)
        return change

    def error(self, readout: np.ndarray, stimulus: Stimulus, loss: AbstractLoss) -> np.ndarray:
        """By the loops."""
        return self._loops.error(readout, stimulus, loss)

    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> NoReturn:
        """Refused: it would need a sum over ranks at every step."""
        raise NotOffered("weights that change at every step have no batch to share; use engine='numba', or over ranks engine='ranks'")

    def expect(self, network: Network, update_settings: UpdateSettings, schedule: str) -> None:
        """Whatever the loops do after a trial."""
        self._loops.expect(network, update_settings, schedule)

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """By the loops."""
        return self._loops.stream(network, weights, stimuli)

    def _begin(self, loops: NumbaEngine) -> None:
        self._loops, self._room = loops, None
        self.dtype, self.tolerance = loops.dtype, loops.tolerance

    def _division(self, trials: int) -> Division:
        return Division(trials, self._team.rank, self._team.size)

    def _whole(self, own: Activity, trials: int) -> Activity:
        """Room for all trials, of which the operating system gives memory only to what is written."""
        shapes = {name: _wider(name, getattr(own, name).shape, trials) for name in AXES}
        if self._room is None or any(getattr(self._room, name).shape != shape for name, shape in shapes.items()):
            self._room = Activity(**{name: np.zeros(shape, self.dtype) for name, shape in shapes.items()})
        return self._room


def _wider(name: str, shape: tuple[int, ...], trials: int) -> tuple[int, ...]:
    return (*shape[: AXES[name]], trials, *shape[AXES[name] + 1 :])


def _trials(name: str, activity: Activity) -> np.ndarray:
    """With the axis of trials second, a view."""
    return np.moveaxis(getattr(activity, name), AXES[name], 1)


def _cut(activity: Activity, which: slice) -> Activity:
    """Of some trials, copied: loops want arrays in a row."""
    return Activity(**{name: np.ascontiguousarray(np.moveaxis(_trials(name, activity)[:, which], 1, axis)) for name, axis in AXES.items()})
