"""The engine that evaluates a recurrence in time as `neurorec.simulation.unroll` can: by sweeps over all steps at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from neurorec.discovery import load, name_of, resolve
from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings, in_turn
from neurorec.engines.unrolled._backends import TOLERANCES, backend
from neurorec.engines.unrolled._settled import Settled, settled
from neurorec.engines.unrolled.base import AbstractRecurrence, AbstractUnroll
from neurorec.errors import NotOffered, expect_known
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


class UnrolledEngine(AbstractEngine):
    """States by an unroll, and every rule's change at the end of a trial by the way back through it.

    On NumPy arrays in float64 cells have the Jacobians that are derived from their formulas; on torch tensors, on any device, cells
    and architectures have those of autograd.

    Under a local rule, only a unit's own part of each Jacobian is gone back through. With ``how=Jacobi(sweeps=K)`` states and changes are
    those of the K sweeps, not the reference's.

    Parameters
    ----------
    how : str, class or AbstractUnroll
        From ``nr.names("unroll")``, or one of your own.
    given : mapping, optional
        Settings of an unroll that is given by its name: ``UnrolledEngine("jacobi", {"sweeps": 4})``.
    device : str, optional
        As torch names it: ``"cpu"``, ``"cuda"`` ... None: NumPy for cells, and torch on the CPU for architectures.
    dtype : str
        ``"float64"``, or, with a device, ``"float32"``; a tolerance below 64 roundings of it is taken for these.

    Raises
    ------
    ValueRefused, NotOffered
        If there is no such device or float type, or this machine lacks it.

    Attributes
    ----------
    last : tuple or None
        Activity, recurrence and answer of the last call.
    """

    dtype = np.float64
    tolerance = TOLERANCES["float64"]
    offers = frozenset({"trial"})
    takes = (Network, ModuleNetwork)

    def __init__(
        self,
        how: str | AbstractUnroll = "newton",
        given: Mapping[str, Any] | None = None,
        device: str | None = None,
        dtype: str = "float64",
    ) -> None:
        self.how, self._backend = _made(how, given), backend(device, dtype)
        self.device, self.dtype, self.tolerance = device, np.dtype(dtype).type, TOLERANCES[dtype]
        self.last: tuple[Activity, AbstractRecurrence, Settled] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The unroll by its name, what it was made with, and where it computes."""
        given = {"how": name_of(self.how), "given": dict(vars(self.how))}  # of which `_made` makes it again
        return given | {"device": self.device, "dtype": np.dtype(self.dtype).name}

    def forward(self, network: AbstractNetwork, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says; warns where the unroll did not converge."""
        return self.solve(network, weights, stimulus)[0]

    def solve(self, network: AbstractNetwork, weights: Weights, stimulus: Stimulus) -> tuple[Activity, AbstractRecurrence, Settled]:
        """`forward`, with how it went."""
        with self._backend.turn():
            recurrence = self._backend.recurrence(network, weights, stimulus)
            found = settled(self.how, recurrence)
            answer = recurrence.activity(found.solution.states), recurrence, found
        self.last = answer
        return answer

    def change(
        self,
        network: AbstractNetwork,
        weights: Weights,
        stimulus: Stimulus,
        activity: Activity,
        error: np.ndarray,
        rule: AbstractRule,
        feedback: AbstractFeedback,
    ) -> Weights:
        """As the contract says."""
        last = self.last  # looked at once: another thread may put its own there meanwhile
        _, recurrence, found = last if last and last[0] is activity else self.solve(network, weights, stimulus)
        kept, states = recurrence if rule.through_units else recurrence.local(), found.solution.states
        with self._backend.turn():
            signal = recurrence.signal(states, error, feedback.element(weights.readout.T, weights.feedback))
            return recurrence.change(states, error, found.how.pull(kept, found.solution, signal))

    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> NoReturn:
        """Refused: all steps are evaluated together."""
        raise NotOffered(
            "the unrolled engine evaluates all steps of a trial together and cannot change weights between them; engine='numba' can"
        )

    def expect(self, network: AbstractNetwork, update_settings: UpdateSettings, schedule: str) -> None:
        """It can run all that it offers."""

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says."""
        return in_turn(self, network, weights, stimuli)


def _made(how: object, given: Mapping[str, Any] | None) -> AbstractUnroll:
    """By its name: one of ours, or of a module that is imported; a file may have given it, so nothing is imported here."""
    if given is None:
        return resolve("unroll", load("unroll", how) if isinstance(how, str) else how)
    if not isinstance(how, str):
        raise NotOffered(f"settings are for an unroll given by its name; {how!r} has its own")
    cls: Any = load("unroll", how)
    expect_known(f"setting of {how}", given, [field.name for field in dataclasses.fields(cls)])
    return cls(**given)
