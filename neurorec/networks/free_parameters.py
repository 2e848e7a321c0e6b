"""The free parameters from which a parametrisation computes `recurrent`: checked in a new network, followed while it is trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from neurorec.arrays import real_array
from neurorec.discovery import resolve
from neurorec.errors import NotOffered, ValueRefused, expect_known
from neurorec.networks.on_pattern import OnPattern, fitting
from neurorec.networks.parametrisations.base import AbstractParametrisation
from neurorec.networks.pattern import strengths, with_strengths

if TYPE_CHECKING:
    from neurorec.learning.rules.base import AbstractRule
    from neurorec.networks.abstract_network import AbstractNetwork
    from neurorec.networks.network import Network
    from neurorec.networks.weights import Weights

CLOSE = 1e-4  # relative: weights that went through float32, and maps that magnify its rounding


class AbstractFreeParameters(ABC):
    """What a training does so that `recurrent` stays a value of the network's parametrisation.

    Attributes
    ----------
    none : bool
        Whether `recurrent` is learnt itself, so that there is nothing to do.
    """

    none: ClassVar[bool] = False

    @abstractmethod
    def expect_schedule(self, schedule: str) -> None:
        """Refuse a schedule (``"step"``, ``"trial"``) of weight changes that the parametrisation cannot follow."""

    @abstractmethod
    def pull_back(self, weights: Weights, change: Weights, rule: AbstractRule) -> None:
        """Write the change of the free parameters that a rule's change of `recurrent` means into `change`."""

    @abstractmethod
    def recompute(self, weights: Weights) -> None:
        """Compute `recurrent` from the free parameters after an update."""


@final
class NoFreeParameters(AbstractFreeParameters):
    """`recurrent` itself is learnt: nothing to do."""

    none = True

    def expect_schedule(self, schedule: str) -> None:
        """Any."""

    def pull_back(self, weights: Weights, change: Weights, rule: AbstractRule) -> None:
        """Nothing."""

    def recompute(self, weights: Weights) -> None:
        """Nothing."""


@final
class FreeParameters(AbstractFreeParameters):
    """`recurrent` is computed, in float64, from the free parameters, once per update."""

    def __init__(self, network: AbstractNetwork):
        self.network = network
        made: Any = network.parametrisation_class
        self.parametrisation: Any = made if network.pattern is None else OnPattern(made, network.pattern)

    def expect_schedule(self, schedule: str) -> None:
        """Not after every step."""
        if schedule == "step" and {"recurrent", *self.parametrisation.reads} & set(self.network.plastic):
            raise NotOffered(
                f"update='step' changes recurrent weights after every time step; those of {self.network.parametrisation!r} are computed "
                "once per update: use update='trial', or a network without parametrisation"
            )

    def pull_back(self, weights: Weights, change: Weights, rule: AbstractRule) -> None:
        """By the parametrisation's vector-Jacobian product; a local rule neglects other weights that `recurrent` depends on."""
        for name, derivative in self.parametrisation.pull(self._free(weights), change.recurrent.astype(np.float64)).items():
            if name in self.parametrisation.learnt:
                change.view(name)[...] = derivative
            elif rule.through_units:
                change.view(name)[...] += derivative.astype(change.vector.dtype)

    def recompute(self, weights: Weights) -> None:
        """Unless training has diverged, which the caller detects."""
        free = self._free(weights)
        if all(np.isfinite(array).all() for array in free.values()):
            weights.recurrent[...] = self.parametrisation.map(free)

    def _free(self, weights: Weights) -> dict[str, np.ndarray]:
        optimised = (*self.network.learnt, *self.parametrisation.reads)
        return {**self.network.free, **{name: weights.view(name).astype(np.float64) for name in optimised}}


def free_parameters_of(network: AbstractNetwork) -> AbstractFreeParameters:
    """The free parameters of a network's recurrent weights."""
    return NoFreeParameters() if network.parametrisation is None else FreeParameters(network)


def checked_free(
    parametrisation: Any, free: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray], own_names: Sequence[str]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Free parameters and fixed arrays of a new network, and `recurrent` as computed from them.

    Parameters
    ----------
    parametrisation : str, class, instance or None
        As it was passed: an instance with settings has other free parameters than its class.
    free : mapping
        Its arrays; empty: those of the weights.
    weights : mapping
        Checked weights of the network, `recurrent` among them.
    own_names : sequence of str
        What else a name stands for in the network.

    Raises
    ------
    ShapeError, ValueRefused
        If names or shapes are others, or `recurrent` is no value of the parametrisation, or that of other free parameters.
    NotOffered
        If `recurrent` is sparse.
    """
    if parametrisation is None:
        if free:
            raise ValueRefused(f"free holds {', '.join(free)}, but there is no parametrisation to make recurrent of it; name one")
        return {}, weights["recurrent"]
    chosen = resolve("parametrisations", parametrisation)
    if clash := [name for name in chosen.learnt if name in own_names]:
        raise ValueRefused(f"{clash[0]!r} is a free parameter of {type(chosen).__name__} and a name of the network's own; rename one")
    recurrent, read = weights["recurrent"], {name: weights[name] for name in chosen.reads}
    law = fitting(chosen, recurrent)
    arrays = _arrays(law, recurrent.shape, free) if free else law.of(recurrent, **read)
    value = law.map({**arrays, **read})
    _expect_close(value, strengths(recurrent), chosen, "the free parameters give" if free else "the nearest value is")
    return arrays, with_strengths(recurrent, value)


def _expect_close(value: np.ndarray, recurrent: np.ndarray, parametrisation: AbstractParametrisation, stated: str) -> None:
    off = float(np.abs(value - recurrent).max(initial=0) / max(1.0, np.abs(recurrent).max(initial=0)))
    if off > CLOSE or not np.isfinite(off):
        raise ValueRefused(
            f"recurrent is not what {type(parametrisation).__name__} makes, {parametrisation.range}: {stated} one that differs by {off:.2g}; "
            "leave one of recurrent and free to the other (replace(free=...), Network.random), or take a parametrisation that has it"
        )


def recurrent_after(network: Network, parametrisation: Any, changes: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """`recurrent` of a network whose free parameters, or what else its parametrisation reads, are among the changes; else nothing.

    Raises
    ------
    ShapeError, ValueRefused
        If names or shapes are others.
    """
    chosen = fitting(resolve("parametrisations", parametrisation), network.recurrent)
    if not changes.get("free") and not {*chosen.reads} & changes.keys():
        return {}
    read = {name: np.asarray(changes.get(name, getattr(network, name)), float) for name in chosen.reads}
    free = _arrays(chosen, network.recurrent.shape, changes.get("free") or network.free)
    return {"recurrent": with_strengths(network.recurrent, chosen.map({**free, **read}))}


def _arrays(parametrisation: Any, shape: tuple[int, ...], free: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    names = (*parametrisation.learnt, *parametrisation.fixed)
    expect_known(f"array of {_name(parametrisation)} (in free)", free, names)
    if missing := [name for name in names if name not in free]:
        raise ValueRefused(f"free lacks {', '.join(missing)}; {_name(parametrisation)} takes {', '.join(names)}")
    return {name: real_array(name, free[name], wanted) for name, wanted in parametrisation.shapes((shape[0], shape[1]), free).items()}


def _name(parametrisation: Any) -> str:
    return type(getattr(parametrisation, "law", parametrisation)).__name__
