"""The rows of a network that one of several processes holds: some units, with the weights that they receive."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neurorec.discovery import name_of
from neurorec.display import Rows
from neurorec.errors import NotOffered, ValueRefused
from neurorec.formula.derive import Formula
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.cell_with_filter import formula_of
from neurorec.networks.checks import WEIGHTS
from neurorec.networks.network import Network
from neurorec.process.team import team
from neurorec.trust import Trusted

if TYPE_CHECKING:
    import h5py

BY_UNIT = ("recurrent", "input", "bias")  # their rows are divided, those of each drive; readout and feedback every rank has whole
ROWS = 16  # a rank's units are a multiple of it: then all of a compiled loop is its vectors' part, whose numbers depend on no neighbour
BESIDE = ("cell", "filter", "surrogate")  # classes of what a unit is


@dataclass(frozen=True, eq=False, repr=False)
class Block(AbstractNetwork):
    """Units `first` to before ``first + n`` of a `Network` of `of` units.

    What they receive is theirs: ``recurrent (D n, K N)``, ``input (D n, I)``, ``bias (D n,)``, ``initial (k n,)`` and parameters ``(n,)``.
    Readout and feedback are small, and whole: from the same outputs of all units every rank makes the same outputs, errors and changes of them.
    """

    recurrent: np.ndarray
    input: np.ndarray
    readout: np.ndarray
    feedback: np.ndarray
    bias: np.ndarray
    initial: np.ndarray
    parameters: Mapping[str, np.ndarray]
    classes: Mapping[str, Any]
    formula: Formula
    dt: float
    noise: float
    plastic: tuple[str, ...]
    first: int
    of: int
    axes: ClassVar[Mapping[str, tuple[str, ...]]] = Network.axes
    attributes: ClassVar[tuple[str, ...]] = (*BESIDE, "dt", "noise", "plastic", "first", "units", "of")

    @property
    def units(self) -> int:
        """Those of this block, n."""
        return self.initial.size // len(self.formula.states)

    @property
    def inputs(self) -> int:
        """Number of input channels I."""
        return self.input.shape[1]

    @property
    def learnable(self) -> int:
        """Of the numbers here."""
        return sum(getattr(self, name).size if name in WEIGHTS else self.units for name in self.plastic)

    @property
    def component_classes(self) -> tuple[type, ...]:
        """Of its cell, filter and surrogate."""
        return tuple(each for each in self.classes.values() if each is not None)

    @property
    def own_states(self) -> tuple[str, ...]:
        """Names of the cell's states."""
        return tuple(self.classes["cell"].states)

    cell = property(lambda self: self._name("cell"))
    filter = property(lambda self: self._name("filter"))
    surrogate = property(lambda self: self._name("surrogate"))

    def _name(self, field: str) -> str | None:
        return None if self.classes[field] is None else name_of(self.classes[field])

    def expect(self, rule: AbstractRule, schedule: str) -> None:
        """A cell learns by every local rule."""

    def parts(self) -> dict[str, np.ndarray]:
        """As those of a `Network`, of these units."""
        rows = [self.parameters[name] for name in self.formula.parameters]
        return {**{name: getattr(self, name) for name in WEIGHTS}, "parameters": np.array(rows).reshape(len(rows), self.units)}

    def with_parts(self, parts: Mapping[str, np.ndarray]) -> Block:
        """The block with others in their place."""
        rows = zip(self.formula.parameters, parts["parameters"], strict=True)
        changed = {name: row for name, row in rows if name in self.plastic}
        weights: Any = {name: parts[name] for name in WEIGHTS}
        return dataclasses.replace(self, **weights, parameters={**self.parameters, **changed})

    def stored(self) -> dict[str, np.ndarray]:
        """As the contract says."""
        return {**{name: getattr(self, name) for name in self.axes}, **{f"parameters/{name}": row for name, row in self.parameters.items()}}

    @classmethod
    def from_group(cls, group: h5py.Group, trust: Trusted = False) -> Block:
        """As the contract says."""
        from neurorec.hdf5.values import number
        from neurorec.networks import stored

        fields = stored.cell_fields(group, cls.axes, trust)
        classes = {name: fields[name] for name in BESIDE}
        arrays: dict[str, Any] = {name: fields[name] for name in (*cls.axes, "parameters", "dt", "noise", "plastic")}
        first, of = (int(number(group, name)) for name in ("first", "of"))
        return cls(**arrays, first=first, of=of, classes=classes, formula=_formula(classes, fields["plastic"]))

    @classmethod
    def random(cls, inputs: int, units: int, outputs: int, **others: Any) -> Block | Network:
        """Of the network that `Network.random` draws, the rows of this rank, without the others; in a process that is alone, the network.

        Parameters
        ----------
        inputs, units, outputs : int
            Sizes I, N, O of the whole network.
        **others
            As for `Network.random`; the same in all ranks.

        Raises
        ------
        ValueRefused, NotOffered
            If the ranks do not divide the units, or something is asked for that is of the whole matrix, such as a spectral radius.
        """
        from neurorec.networks.random_block import random_block

        here = team()
        if here.size == 1:
            return Network.random(inputs, units, outputs, **others)
        return random_block(here.rank, here.size, inputs, units, outputs, **others)

    def _display(self) -> tuple[str, Rows]:
        return f"units {self.first} to {self.first + self.units - 1} of {self.of}", [("sizes", self.sizes)]


def block_of(network: Network, rank: int, ranks: int) -> Block:
    """What one of several ranks holds.

    Raises
    ------
    ValueRefused
        If the ranks do not divide the units.
    NotOffered
        If something about the network needs all of its rows at once.
    """
    expect_divided(network, ranks)
    units = network.units // ranks
    mine = slice(rank * units, (rank + 1) * units)
    return of_units(network, rows_of(np.asarray(network.recurrent), network.units, mine), mine)


def of_units(network: Network, recurrent: np.ndarray, mine: slice) -> Block:
    """The block of some units; all but their recurrent weights is taken from the network."""
    rows = {name: rows_of(getattr(network, name), network.units, mine) for name in ("input", "bias", "initial")}
    parameters = {name: network.per_unit(name)[mine] for name in network.parameters}
    names = {"cell": "cells", "filter": "filters", "surrogate": "surrogates"}
    classes = {name: network._classes[kind] for name, kind in names.items()}
    return Block(
        recurrent=recurrent, **rows, readout=network.readout, feedback=network.feedback, parameters=parameters, classes=classes,
        formula=network.formula, dt=network.dt, noise=network.noise, plastic=network.plastic, first=mine.start, of=network.units,
    )  # fmt: skip


def rows_of(array: np.ndarray, units: int, mine: slice) -> np.ndarray:
    """Of rows (X N, ..), X times those of all units, those of some units, (X n, ..)."""
    apart = array.reshape(len(array) // units, units, *array.shape[1:])[:, mine]
    return np.ascontiguousarray(apart).reshape(len(apart) * apart.shape[1], *array.shape[1:])


def expect_divided(network: Network, ranks: int) -> None:
    """Refuse a network whose rows cannot be divided among so many ranks.

    Raises
    ------
    ValueRefused, NotOffered
        Saying what could be.
    """
    expect_blocks(network.units, ranks)
    if network.pattern is not None:
        raise NotOffered(
            "rows over ranks are of whole matrices, and these recurrent weights are sparse; train in one process, with engine='numba'"
        )
    expect_plain(network)


def expect_blocks(units: int, ranks: int) -> None:
    """Refuse a number of units that so many ranks do not divide."""
    each = ranks * ROWS
    if units % each:
        raise ValueRefused(
            f"{units} units cannot be divided among {ranks} ranks in blocks of {ROWS}, which give the same bits for any number of ranks; "
            f"take {-(-units // each) * each} units{_or_ranks(units)}"
        )


def expect_plain(network: Network) -> None:
    """Refuse what needs all rows at once."""
    if network.parametrisation is not None:
        raise NotOffered(
            f"recurrent weights made by {network.parametrisation!r} cannot be divided by rows; train in one process, or without parametrisation"
        )
    for what in ("readout_tau", "activity_cost"):
        if getattr(network, what):
            raise NotOffered(f"a network with {what} is not divided among ranks; train in one process, or use network.replace({what}=0)")


def _or_ranks(units: int) -> str:
    fitting = [str(ranks) for ranks in range(2, units // ROWS + 1) if units % (ranks * ROWS) == 0]
    return f", or {' or '.join(fitting[:4])} ranks" if fitting else ""


def _formula(classes: Mapping[str, Any], plastic: Sequence[str]) -> Formula:
    own = tuple(name for name in plastic if name not in WEIGHTS)
    return formula_of(classes["cell"], classes["filter"], own, classes["surrogate"])
