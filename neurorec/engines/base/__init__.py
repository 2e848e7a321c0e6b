"""What an engine is, and what it hands back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from neurorec.engines.base.arguments import Activity as Activity
from neurorec.engines.base.arguments import Stimulus as Stimulus
from neurorec.engines.base.arguments import UpdateSettings as UpdateSettings
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.engines.base.residence import AbstractResidence, HostResidence
from neurorec.engines.base.residence import OptimiserState as OptimiserState
from neurorec.errors import NotOffered
from neurorec.learning.error import error_sent_back
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


class AbstractEngine(ABC):
    """Steps networks and evaluates rules.

    Attributes
    ----------
    dtype : type
        Float type of its arithmetic.
    tolerance : float
        Largest difference from the reference engine, relative to the largest entry, for a trial of ordinary length.
    offers : frozenset of str
        Schedules of weight changes it can run: ``"trial"``, ``"step"``.
    takes : tuple of type
        Classes of networks it can step.
    through_units : bool
        Whether it evaluates rules of full influence: what a weight does to a unit by way of other units.
    sparse : bool
        Whether it steps networks whose recurrent weights are sparse.
    shares_trials : bool
        Whether ranks that train one network have some trials of a batch each, and all of the network; then `over` gives the engine of one rank.
    needs : frozenset of str
        What the machine must have: ``"gpu"``.
    """

    dtype: Any
    tolerance: float
    offers: ClassVar[frozenset[str]]
    takes: ClassVar[tuple[type, ...]] = (Network,)
    through_units: ClassVar[bool] = True
    sparse: ClassVar[bool] = False
    shares_trials: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset()

    @property
    def workers(self) -> int:
        """How many networks it can work at in the same time, a thread each; 1: one after another."""
        return 1

    def alone(self) -> AbstractEngine:
        """The engine for one of many networks that are worked at side by side: with the same settings, and no threads of its own."""
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """What the engine was made with, as its class takes it: stored with a run, which goes on with the same."""
        return {}

    @abstractmethod
    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """Run trials with the weights standing still.

        Parameters
        ----------
        network : Network
            Cell, time step; its weights are not used.
        weights : Weights
            In the engine's float type.
        stimulus : Stimulus
        """

    def completed(self, activity: Activity, which: np.ndarray) -> Activity:
        """What `forward` gave, with the states of trials number `which` of the batch in it, should another process have run them."""
        del which
        return activity

    @abstractmethod
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
        """A rule's change of every weight, summed over time and trials.

        Parameters
        ----------
        network, weights, stimulus
            As for `forward`.
        activity : Activity
            From `forward` with the same arguments.
        error : (T, B, O) array
            Minus dL/dy: the loss's error times each step's share of the loss.
        rule : AbstractRule
        feedback : AbstractFeedback
            How the error reaches the units.

        Returns
        -------
        Weights
            The change, under the weights' names; its ``feedback`` is the transpose of the readout's.
        """

    def error(self, readout: np.ndarray, stimulus: Stimulus, loss: AbstractLoss) -> np.ndarray:
        """Minus dL/dy, (T, B, O), of a `forward`'s readout, as a training sends it back; here by the loss's own array code."""
        return error_sent_back(readout, stimulus.targets, stimulus.loss_weight, loss)

    @abstractmethod
    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> Activity:
        """Run trials while weights change after every time step, in place in ``weights`` and ``optimiser_state.slots``."""

    @abstractmethod
    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """Run one long stretch of time in windows, in bounded memory.

        Parameters
        ----------
        network, weights
            As for `forward`.
        stimuli : iterable of Stimulus
            Windows, one after another; each starts in the state in which the one before ended, the first in its own.

        Yields
        ------
        Activity
            Of each window, valid until the next one is asked for.
        """

    @abstractmethod
    def expect(self, network: Network, update_settings: UpdateSettings, schedule: str) -> None:
        """Refuse, before the first step, a training that it cannot run.

        Raises
        ------
        NotOffered
            Saying what it cannot, and which engines can.
        """

    def chunks(self, network: Network, update_settings: UpdateSettings, schedule: str, steps: int, trials: int) -> bool:
        """Whether it learns from many batches, of so many trials, in one call of `chunk`; an engine that does not is served batch by batch."""
        del network, update_settings, schedule, steps, trials
        return False

    def chunk(
        self, network: Network, weights: Weights, batches: Batches, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> Learnt:
        """Learn from many batches in a row, to the bits of `forward`, `change` and the optimiser's step for each.

        Parameters
        ----------
        network, weights
            As for `forward`; weights change in place.
        batches : Batches
        optimiser_state : OptimiserState
            Before the first; its slots change in place.
        update_settings : UpdateSettings
            With the rates of the first trial, before annealing.
        """
        raise NotImplementedError(f"{type(self).__name__} has no chunks")

    def residence(self, network: Network, weights: Weights, update_settings: UpdateSettings) -> AbstractResidence:
        """Where the weights of a training live from batch to batch: in the host's memory, if the engine has no better place.

        Parameters
        ----------
        network : Network
        weights : Weights
            Where training begins; they are the residence's from now on.
        update_settings : UpdateSettings
            With the rates of the first trial, before annealing.
        """
        return HostResidence(self, network, weights, update_settings)


def in_turn(engine: AbstractEngine, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
    """`AbstractEngine.stream` for an engine that works while its caller waits."""
    state = None
    for stimulus in stimuli:
        activity = engine.forward(network, weights, stimulus if state is None else replace(stimulus, initial=state))
        state = activity.states[-1].copy()
        yield activity


def expect_taken(engine: AbstractEngine, network: AbstractNetwork) -> None:
    """Refuse a network that the engine cannot step.

    Raises
    ------
    NotOffered
        Saying which engine can.
    """
    if not isinstance(network, engine.takes):
        raise NotOffered(f"{type(engine).__name__} steps formulas, and {type(network).__name__} holds a torch module; use engine='torch'")
    if not engine.sparse:
        expect_dense(type(engine).__name__, network)


def expect_dense(what: str, network: AbstractNetwork) -> None:
    """Refuse, for what has no sparse recurrent weights, a network whose are.

    Raises
    ------
    NotOffered
        Saying what has.
    """
    if network.pattern is not None:
        raise NotOffered(
            f"{what} has no sparse recurrent weights, and this network's are; use engine='numba', or, where they fit into memory as a "
            "whole matrix, net.replace(recurrent=net.recurrent.toarray())"
        )


def check(engine: AbstractEngine, rule: AbstractRule, schedule: str, network: AbstractNetwork) -> None:
    """Refuse what cannot work before the first step.

    Raises
    ------
    NotOffered
        Saying which of the two cannot, and what can.
    """
    full = rule.through_units  # which a rule of no known influence cannot say
    if schedule not in rule.schedules:
        way = "use rule='rtrl', which is exact and causal" if full else f"use update={min(rule.schedules)!r}"
        raise NotOffered(f"{type(rule).__name__} runs against time and cannot change weights every {schedule}; {way}, or update='trial'")
    if schedule not in engine.offers:
        raise NotOffered(f"{type(engine).__name__} cannot change weights every {schedule}; engine='reference' can")
    expect_taken(engine, network)
    if full and not engine.through_units and rule.changes != ("readout",):
        raise NotOffered(
            f"{type(engine).__name__} has local rules only, and {type(rule).__name__} needs what a weight does by way of other units; "
            "use a local rule such as 'rflo', or engine='reference' or 'numba'"
        )
    network.expect(rule, schedule)
