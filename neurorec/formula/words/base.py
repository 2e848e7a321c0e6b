"""What a word of a formula is: a function of numbers, its slope, and how each engine evaluates it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import sympy

from neurorec.errors import NotOffered

if TYPE_CHECKING:
    import torch


class AbstractWord(sympy.Function):
    """A function that formulas of cells call, as they call sympy's own; its class is written small, as those are.

    Most take one number. Of several, ``fdiff`` says the slope by each, and the others take as many arguments.

    A subclass says the same four times, in the terms of those who use it: ``fdiff(self, argindex=1)``, its slope as an expression,
    which is what rules learn through; `on_arrays`; `on_tensors`, through which autograd finds that slope; and `compiled`.

    Attributes
    ----------
    exact : bool
        Whether the slope is the derivative; a surrogate's is not.
    binary : bool
        Whether its values are 0 and 1. A cell that sends such values only spikes, and engines may go through its events.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> class square(nr.AbstractWord):
    ...     def fdiff(self, argindex=1):
    ...         return 2 * self.args[0]
    ...
    ...     @staticmethod
    ...     def on_arrays(x):
    ...         return x * x
    ...
    ...     on_tensors = on_arrays
    ...
    ...     @staticmethod
    ...     def compiled(precision):
    ...         return lambda x: x * x
    """

    exact: ClassVar[bool] = True
    binary: ClassVar[bool] = False

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """Its values; of an array of any float type, in that type."""
        raise NotOffered(f"a word must define on_arrays, on_tensors and compiled, see {__name__}")

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """Its values; autograd goes back through them."""
        raise NotOffered(f"a word must define on_arrays, on_tensors and compiled, see {__name__}")

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """A function of one number that Numba compiles, for CPU and GPU; it is inlined.

        Parameters
        ----------
        precision : module
            ``real``, the float type of constants, and ``exp, log, log1p, tanh`` in it, which the loops vectorise.
        """
        raise NotOffered(f"a word must define on_arrays, on_tensors and compiled, see {__name__}")

    @staticmethod
    def in_brian2(*arguments: str) -> str:
        """As Brian2 writes it.

        Parameters
        ----------
        *arguments : str
            Any expressions, without parentheses around them.

        Raises
        ------
        NotOffered
            If the word does not say how.
        """
        raise NotOffered(
            f"a word of this formula has no form for Brian2 (it was to be called with {', '.join(arguments)}); define its in_brian2"
        )
