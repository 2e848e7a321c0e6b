"""Where `recurrent` comes from: it is learnt itself, or computed from a parametrisation's free parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np

from neurorec.arrays import only, real_array
from neurorec.errors import NotOffered, ValueRefused
from neurorec.networks.parametrisations.base import AbstractParametrisation

if TYPE_CHECKING:
    from neurorec.learning.rules.base import AbstractRule
    from neurorec.networks.abstract_network import AbstractNetwork
    from neurorec.networks.weights import Weights

CLOSE = 1e-4  # relative: weights that went through float32, and maps that magnify its rounding


class AbstractMapping(ABC):
    """What a training does so that `recurrent` stays a value of the network's map."""

    @abstractmethod
    def check(self, schedule: str) -> None:
        """Refuse a schedule (``"step"``, ``"trial"``) of weight changes that the map cannot follow."""

    @abstractmethod
    def pull(self, weights: Weights, change: Weights, rule: AbstractRule) -> None:
        """Put into a rule's `change` what its change of `recurrent` means for the free parameters."""

    @abstractmethod
    def renew(self, weights: Weights) -> None:
        """Compute `recurrent` from the free parameters that have moved."""


@final
class Direct(AbstractMapping):
    """`recurrent` itself is learnt: nothing to do."""

    def check(self, schedule: str) -> None:
        """Any."""

    def pull(self, weights: Weights, change: Weights, rule: AbstractRule) -> None:
        """Nothing."""

    def renew(self, weights: Weights) -> None:
        """Nothing."""


@final
class Parametrised(AbstractMapping):
    """`recurrent` is computed, in float64, from the free parameters, once per update."""

    def __init__(self, network: AbstractNetwork):
        self.network = network
        self.law: Any = network.law

    def check(self, schedule: str) -> None:
        """Not after every step."""
        if schedule == "step" and {"recurrent", *self.law.reads} & set(self.network.plastic):
            raise NotOffered(
                f"update='step' changes recurrent weights after every time step; those of {self.network.parametrisation!r} are computed "
                "once per update: use update='trial', or a network without parametrisation"
            )

    def pull(self, weights: Weights, change: Weights, rule: AbstractRule) -> None:
        """By the map's vector-Jacobian product; a local rule does not know of other weights that `recurrent` depends on."""
        for name, found in self.law.pull(self._free(weights), change.recurrent.astype(np.float64)).items():
            if name in self.law.learnt:
                change.view(name)[...] = found
            elif rule.through_units:
                change.view(name)[...] += found.astype(change.vector.dtype)

    def renew(self, weights: Weights) -> None:
        """Unless training has diverged, which the caller sees."""
        free = self._free(weights)
        if all(np.isfinite(array).all() for array in free.values()):
            weights.recurrent[...] = self.law.map(free)

    def _free(self, weights: Weights) -> dict[str, np.ndarray]:
        moving = (*self.network.learnt, *self.law.reads)
        return {**self.network.free, **{name: weights.view(name).astype(np.float64) for name in moving}}


def mapping_of(network: AbstractNetwork) -> AbstractMapping:
    """How the recurrent weights of a network are made."""
    return Direct() if network.parametrisation is None else Parametrised(network)


def checked(
    law: AbstractParametrisation, recurrent: np.ndarray, free: Mapping[str, np.ndarray] | None, read: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The arrays of a parametrisation, and `recurrent` as computed from them.

    Parameters
    ----------
    law : AbstractParametrisation
    recurrent : (D N, K N) array
    free : mapping or None
        Its free parameters and fixed arrays; None: those of `recurrent`.
    read : mapping
        Other weights that it reads.

    Raises
    ------
    ShapeError, ValueRefused
        If names or shapes are others, or `recurrent` is no value of the map, or that of other free parameters.
    """
    found = law.of(recurrent, **read) if free is None else _arrays(law, recurrent.shape, free)
    value = law.map({**found, **read})
    off = float(np.abs(value - recurrent).max() / max(1.0, np.abs(recurrent).max()))
    if off > CLOSE or not np.isfinite(off):
        name, word = type(law).__name__, "the free parameters give" if free is not None else "the nearest value is"
        raise ValueRefused(
            f"recurrent is not what {name} makes, {law.range}: {word} one that differs by {off:.2g}; "
            "leave one of recurrent and free to the other (replace(free=...), Network.random), or take a parametrisation that has it"
        )
    return found, value


def value_of(
    law: AbstractParametrisation, shape: tuple[int, ...], free: Mapping[str, np.ndarray], read: Mapping[str, np.ndarray]
) -> np.ndarray:
    """`recurrent` of a shape, from free parameters and what else the map reads.

    Raises
    ------
    ShapeError, ValueRefused
        If names or shapes are others.
    """
    return law.map({**_arrays(law, shape, free), **read})


def _arrays(law: AbstractParametrisation, shape: tuple[int, ...], free: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    names = (*law.learnt, *law.fixed)
    only(f"array of {type(law).__name__} (in free)", free, names)
    if missing := [name for name in names if name not in free]:
        raise ValueRefused(f"free lacks {', '.join(missing)}; {type(law).__name__} takes {', '.join(names)}")
    return {name: real_array(name, free[name], wanted) for name, wanted in law.shapes((shape[0], shape[1]), free).items()}
