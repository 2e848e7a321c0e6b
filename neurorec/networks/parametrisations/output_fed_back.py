"""The output is fed back as an input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurorec.errors import ShapeError
from neurorec.networks.parametrisations.base import AbstractParametrisation, Arrays


@dataclass(frozen=True)
class OutputFedBack(AbstractParametrisation):
    """Every unit receives the output of the step before: u(t) = W o(t-1) + B y(t-1) + ..., which is recurrent = W + B readout.

    Exactly so, as y is linear in o. B is the network's ``feedback``, through which the error also reaches the units under a local rule (Murray 2019,
    Figure 2, supplement 2). Free is ``inner`` W, shaped as `recurrent`. When the readout learns, `recurrent` changes with it; this
    dependence is part of the change of BPTT and RTRL and neglected by local rules: to ``readout_only`` the loop is part of a reservoir.
    Before the first step the output counts as that of the initial state.
    """

    learnt = ("inner",)
    reads = ("readout", "feedback")
    range = "a square matrix"

    def start(self, recurrent: np.ndarray, units: int, rng: np.random.Generator, **read: np.ndarray) -> Arrays:
        """Ordinary weights, to which the loop is added."""
        _expect_square(recurrent)
        return {"inner": recurrent}

    def of(self, recurrent: np.ndarray, **read: np.ndarray) -> Arrays:
        """`recurrent` less the loop."""
        _expect_square(recurrent)
        return {"inner": recurrent - read["feedback"] @ read["readout"]}

    @staticmethod
    def shapes(shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """Of ``inner``."""
        return {"inner": shape}

    @staticmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """Direct connections plus those through the output."""
        return free["inner"] + free["feedback"] @ free["readout"]

    @staticmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """The readout's change is that through the loop."""
        return {"inner": change, "readout": free["feedback"].T @ change}


def _expect_square(recurrent: np.ndarray) -> None:
    if recurrent.shape[0] != recurrent.shape[1]:
        raise ShapeError(
            f"the output is fed back to cells with as many drives as outputs, recurrent has shape {recurrent.shape}; use e.g. cell='leaky_tanh'"
        )
