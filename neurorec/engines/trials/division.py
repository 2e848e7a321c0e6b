"""How a batch is cut: into the same leaves whatever the number of processes, so that their sum is the same to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from neurorec.engines.base import Stimulus

LEAVES = 16  # of a batch, at most, and so of ranks: each is a run of neighbouring trials whose change is computed by itself


class Division(NamedTuple):
    """The leaves of a batch, and which of them one of several ranks has.

    There are as many leaves as the largest power of two that is neither more than `LEAVES` nor than there are trials. A batch of fewer leaves than
    ranks, as the last of a training may be, is computed by every rank as a whole.

    Attributes
    ----------
    trials : int
        Of the batch, B.
    rank, ranks : int
        A power of two of them.
    """

    trials: int
    rank: int
    ranks: int

    @property
    def leaves(self) -> int:
        """How many there are."""
        return 1 << (min(LEAVES, self.trials).bit_length() - 1)

    @property
    def is_shared(self) -> bool:
        """Whether ranks have different leaves."""
        return 1 < self.ranks <= self.leaves

    @property
    def own(self) -> tuple[int, int]:
        """The first of this rank's leaves, and the one behind its last."""
        return self.leaves_of(self.rank)

    def leaves_of(self, rank: int) -> tuple[int, int]:
        """As `own`, of any rank."""
        each = self.leaves // self.ranks
        return (rank * each, (rank + 1) * each) if self.is_shared else (0, self.leaves)

    def trials_in(self, first: int, last: int) -> slice:
        """Of leaves `first` to before `last`."""
        return slice(first * self.trials // self.leaves, last * self.trials // self.leaves)

    def trials_of(self, rank: int) -> slice:
        """Of a rank's leaves."""
        return self.trials_in(*self.leaves_of(rank))

    @property
    def mine(self) -> slice:
        """Trials of this rank."""
        return self.trials_of(self.rank)


def tree_sum(of_leaf: Callable[[int], Any], first: int, last: int) -> Any:
    """The sum of what leaves `first` to before `last`, 2^k of them, give: of the sum of one half and that of the other, and so on down.

    Two numbers have one sum in whatever order they come, three have not. A rank's leaves are a branch of the tree of all, and
    `AbstractTeam.sum_by_tree` goes on from there.
    """
    if last - first == 1:
        return of_leaf(first)
    half = (first + last) // 2
    one, other = tree_sum(of_leaf, first, half), tree_sum(of_leaf, half, last)
    one.vector += other.vector
    return one


def of_trials(stimulus: Stimulus, which: slice) -> Stimulus:
    """What some neighbouring trials give a network, as it would be if they were alone."""
    first, noise = which.start, stimulus.noise
    arrays = {name: getattr(stimulus, name)[:, which] for name in ("inputs", "initial", "targets", "loss_weight")}
    own = None if noise is None else replace(noise, trial=noise.trial + first, n_trials=which.stop - first)
    return Stimulus(noise=own, **arrays)
