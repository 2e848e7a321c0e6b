"""What should follow what in a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from neurorec.errors import ValueRefused


@final
class Transitions:
    """The right transitions of a sequence that is repeated without end.

    What may follow is decided by as many of the last syllables as it takes to tell all places of the sequence apart; after a
    mistake, by the longest end of what was done that occurs in the sequence.

    Parameters
    ----------
    sequence : sequence of int
        One round.

    Attributes
    ----------
    order : int
        How many syllables it takes: 1 where every syllable has one successor.
    """

    def __init__(self, sequence: Sequence[int]):
        if not sequence:
            raise ValueRefused("a sequence needs at least one syllable, got none")
        self.sequence = tuple(sequence)
        self._after: list[dict[tuple[int, ...], set[int]]] = []
        while len(self._after) < len(sequence) and not (self._after and all(len(s) == 1 for s in self._after[-1].values())):
            self._after.append(self._successors(len(self._after) + 1))
        self.order = len(self._after)

    def right(self, history: Sequence[int]) -> set[int]:
        """What may follow the syllables so far."""
        for length in range(min(self.order, len(history)), 0, -1):
            if found := self._after[length - 1].get(tuple(history[-length:])):
                return found
        return {self.sequence[0]}  # from a syllable that the sequence does not have, back to its start

    def _successors(self, length: int) -> dict[tuple[int, ...], set[int]]:
        """Of every stretch of this length."""
        found: dict[tuple[int, ...], set[int]] = {}
        unrolled, period = self.sequence * (2 + length // len(self.sequence)), len(self.sequence)
        for start in range(period):
            found.setdefault(unrolled[start : start + length], set()).add(unrolled[start + length])
        return found
