"""An optimiser each for some weights, as scuRNN's paper has three: what torch calls parameter groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, final

import numpy as np

from neurorec.errors import NotOffered, ValueRefused, expect_known
from neurorec.learning.optimisers.base import AbstractOptimiser

if TYPE_CHECKING:
    from neurorec.networks.abstract_network import AbstractNetwork
    from neurorec.networks.weights import Weights

MOVED_WITH = {"feedback": "readout"}  # Kolen-Pollack: feedback follows the readout, or the two would not converge


@final
@dataclass(frozen=True, eq=False)
class ByWeight(AbstractOptimiser):
    """Weights of each name are moved by an optimiser of their own, once a trial or batch.

    Parameters
    ----------
    each : mapping of str to optimiser
        By the names that a mapping of rates has.
    groups : tuple of (optimiser, (P_k,) array of int)
        Which of all weights, flat, each moves: filled in by `among`.
    """

    each: Mapping[str, AbstractOptimiser]
    groups: tuple[tuple[AbstractOptimiser, np.ndarray], ...] = ()
    slots: tuple[str, ...] = field(init=False)  # type: ignore[misc] # of an instance: as many as the one that remembers most has

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", max((optimiser.slots for optimiser in self.each.values()), key=len, default=()))

    @property
    def laws(self) -> tuple[AbstractOptimiser, ...]:
        """Of each."""
        return tuple(self.each.values())

    def among(self, network: AbstractNetwork, weights: Weights, changing: Sequence[str], schedule: str) -> ByWeight:
        """As the contract says."""
        if schedule == "step":
            raise NotOffered(
                "an optimiser for each weight moves weights after trials, and they are to change at every step; use update='trial', or one optimiser"
            )
        expect_known("plastic weight (in optimiser)", self.each, changing)
        if missing := [name for name in changing if name not in self.each]:
            raise ValueRefused(f"no optimiser for {', '.join(missing)}; give one each, such as 'sgd', or one name for all")
        moved = {**self.each, **{name: self.each[other] for name, other in MOVED_WITH.items() if other in self.each}}
        of = {name: np.flatnonzero(weights.per_weight(network, {name: 1})) for name in moved}
        return ByWeight(self.each, tuple((optimiser, of[name]) for name, optimiser in moved.items()))

    def moves(self, weights: np.ndarray, change: np.ndarray, slots: np.ndarray, rates: np.ndarray, count: int) -> np.ndarray:
        """As the contract says."""
        moved = np.zeros_like(weights)
        for optimiser, which in self.groups:
            rows = slice(len(optimiser.slots))
            remembered = slots[rows, which]
            moved[which] = optimiser.moves(weights[which], change[which], remembered, rates[which], count)
            slots[rows, which] = remembered
        return moved

    @staticmethod
    def step(weight: Any, change: Any, slots: np.ndarray, rate: Any, count: int, settings: tuple) -> NoReturn:
        """There is no one law for all weights."""
        raise NotOffered("an optimiser for each weight is no law of single numbers; call its `moves`")
