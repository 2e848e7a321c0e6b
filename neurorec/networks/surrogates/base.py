"""The interface of a surrogate: how the slope that is put in the place of a spike's falls off around the threshold."""

from __future__ import annotations

from abc import ABC, abstractmethod

import sympy


class AbstractSurrogate(ABC):
    """The shape of a spike's surrogate slope over the distance of the potential from its threshold.

    Cells that spike take it from ``Network(surrogate=...)``; height and width are parameters of theirs: with threshold th the slope is
    ``gamma / th * shape(abs(v - th(t)) / (width * th))``, so that `gamma` and `width` are in units of the threshold, as in e-prop (Bellec et al. 2020).
    """

    @staticmethod
    @abstractmethod
    def shape(y: sympy.Expr) -> sympy.Expr:
        """Over sympy; y is zero or positive. 1 at the threshold, and nowhere above."""
