"""Parametrisations that are laws of single synapses, such as Dale's, on the synapses of a sparse matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurorec.discovery import name_of
from neurorec.errors import NotOffered
from neurorec.networks.parametrisations.base import Arrays
from neurorec.networks.pattern import Pattern, is_sparse


class OnPattern:
    """A parametrisation's functions for the strengths of a sparse `recurrent`, (S,): free arrays are (S,), too, fixed ones (K N,) as they were.

    Parameters
    ----------
    law : class or instance
        Whose weights are each made of a number of its own and of its column's.
    pattern : Pattern

    Raises
    ------
    NotOffered
        If they are not.
    """

    def __init__(self, law: Any, pattern: Pattern):
        if not law.by_synapse:
            raise NotOffered(
                f"{name_of(law)} makes a whole matrix, and recurrent is sparse; leave the parametrisation out (the pattern of a sparse "
                "matrix stays as it is without one), or pass recurrent.toarray()"
            )
        self.law, self.pattern = law, pattern
        self.learnt, self.fixed, self.reads, self.range = law.learnt, law.fixed, law.reads, law.range

    def start(self, recurrent: Any, units: int, rng: np.random.Generator) -> Arrays:
        """As of the matrix."""
        return self._values(self.law.start(recurrent, units, rng))

    def of(self, recurrent: Any) -> Arrays:
        """As of the matrix."""
        return self._values(self.law.of(recurrent))

    def shapes(self, shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """A number a synapse, and a number a column."""
        return {**self.law.shapes(shape, free), **{name: (len(self.pattern.pre),) for name in self.learnt}}

    def map(self, free: Mapping[str, np.ndarray]) -> np.ndarray:
        """Strengths, (S,)."""
        return self.law.map(self._by_synapse(free))

    def pull(self, free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """From a change of these."""
        return self.law.pull(self._by_synapse(free), change)

    def _values(self, arrays: Mapping[str, Any]) -> Arrays:
        return {name: self.pattern.values(name, value) if name in self.learnt else value for name, value in arrays.items()}

    def _by_synapse(self, free: Mapping[str, np.ndarray]) -> Arrays:
        return {name: free[name][self.pattern.pre] if name in self.fixed else free[name] for name in (*self.learnt, *self.fixed)}


def fitting(law: Any, recurrent: Any) -> Any:
    """The parametrisation, or where `recurrent` is sparse, its form for that."""
    return OnPattern(law, Pattern.of(recurrent.tocsr())) if is_sparse(recurrent) else law
