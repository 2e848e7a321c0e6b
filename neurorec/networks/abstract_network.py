"""What training, recording and files need of a network, whatever its recurrence is made of."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from neurorec.display import AbstractDisplayed, some
from neurorec.errors import expect_known
from neurorec.formula.derive import Formula
from neurorec.trust import Trust, Trusted, trusted

if TYPE_CHECKING:
    import h5py

    from neurorec.learning.rules.base import AbstractRule
    from neurorec.networks.parametrisations.base import AbstractParametrisation
    from neurorec.networks.pattern import Pattern

# What engines, training and files need of a network; a shell's completion leaves it out.
NOT_FOR_USERS = frozenset(
    "attributes axes component_classes draws expect from_group lower_bounds own_states parametrisation_class parts pattern sizes stored to_group with_parts".split()
)


class AbstractNetwork(AbstractDisplayed):
    """A network with a linear readout: a frozen dataclass, all of whose arrays are read-only.

    Attributes
    ----------
    readout, feedback : (O, K N) and (K N, O) arrays
    inputs : int
        Number of input channels I.
    initial : (k N,) array
        State before the first step, states stacked.
    dt : float
        Time step in seconds.
    noise : float
        Strength of the units' private noise.
    readout_tau, activity_cost, activity_target : float
        Of what is around the recurrence, as in `Network`.
    draws : bool
        Whether it draws random numbers while it is trained, and only then.
    plastic : tuple of str
        What training changes.
    parametrisation : str or None
        What `recurrent` is computed by, if it is.
    parametrisation_class : type or None
        The class of that name.
    free : mapping of str to array
        What it is computed from: free parameters and fixed arrays.
    pattern : Pattern or None
        Which synapses there are, where `recurrent` is sparse.
    formula : Formula
        The symbolic model of a unit; of a torch module, its states only.
    component_classes : tuple of type
        Such as its cell's; with them a file of it can be read again.
    axes : mapping of str to tuple of str
        Names of the dimensions of its arrays in a file.
    attributes : tuple of str
        Fields that are attributes of its group in a file.
    """

    inputs: int
    readout: np.ndarray
    feedback: np.ndarray
    initial: np.ndarray
    dt: float
    noise: float
    readout_tau: float = 0.0
    activity_cost: float = 0.0
    activity_target: float = 0.0
    draws: bool = False
    plastic: tuple[str, ...]
    parametrisation: str | None = None
    parametrisation_class: type[AbstractParametrisation] | None = None
    free: Mapping[str, np.ndarray] = MappingProxyType({})
    pattern: Pattern | None = None
    formula: Formula
    component_classes: tuple[type, ...]
    axes: ClassVar[Mapping[str, tuple[str, ...]]]
    attributes: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def units(self) -> int:
        """Number of units N."""

    @property
    @abstractmethod
    def learnable(self) -> int:
        """Number of numbers that training changes."""

    @property
    @abstractmethod
    def own_states(self) -> tuple[str, ...]:
        """Names of the states without those of a filter."""

    @property
    def learnt(self) -> tuple[str, ...]:
        """Names of the free parameters of `recurrent`, which training changes in its place; empty without a parametrisation."""
        return () if self.parametrisation_class is None else self.parametrisation_class.learnt

    @property
    def lower_bounds(self) -> Mapping[str, float]:
        """Smallest values of the free parameters that have one."""
        return {} if self.parametrisation_class is None else self.parametrisation_class.lower_bounds

    @property
    def outputs(self) -> int:
        """Number of output channels O."""
        return self.readout.shape[0]

    @abstractmethod
    def expect(self, rule: AbstractRule, schedule: str) -> None:
        """Refuse a rule and a schedule (``"trial"``, ``"step"``) by which it cannot learn.

        Raises
        ------
        NotOffered
            Naming those by which it can.
        """

    @abstractmethod
    def parts(self) -> dict[str, np.ndarray]:
        """All that an optimiser could change, by name: ``readout``, ``feedback``, ``parameters (Q, N)``, and what is its own."""

    @abstractmethod
    def with_parts(self, parts: Mapping[str, np.ndarray]) -> Self:
        """The network with these arrays in the place of its `parts`."""

    @abstractmethod
    def stored(self) -> dict[str, np.ndarray]:
        """Arrays that `to_group` writes as datasets, by their paths in the group."""

    def to_group(self, group: h5py.Group) -> None:
        """Write the arrays, and the rest as attributes, into an open HDF5 group; dimensions are labelled."""
        from neurorec.networks import stored

        stored.write(group, self)

    @classmethod
    @abstractmethod
    def from_group(cls, group: h5py.Group, trust: Trusted = False) -> Self:
        """The network that `to_group` wrote; of classes that are not the library's own, those that are trusted (`neurorec.trust`)."""

    @property
    def sizes(self) -> str:
        """Such as "50 units, 3 inputs, 2 outputs"."""
        return ", ".join([some(self.units, "unit"), some(self.inputs, "input"), some(self.outputs, "output")])

    def __dir__(self) -> list[str]:
        """What users of a network use."""
        return [name for name in super().__dir__() if name not in NOT_FOR_USERS]

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Of a copy: its arrays are read-only, too."""
        vars(self).update(state)
        for array in self.stored().values():
            array.setflags(write=False)

    def replace(self, **changes: Any) -> Self:
        """A new network with some fields changed.

        Examples
        --------
        >>> import neurorec as nr
        >>> net = nr.Network.random(inputs=1, units=20, outputs=1)
        >>> net.replace(recurrent=0.5 * net.recurrent, noise=0.1).noise
        0.1
        """
        fields: Any = dataclasses.fields(self)  # type: ignore[arg-type]
        expect_known(f"field of {type(self).__name__}", changes, [f.name for f in fields if f.init])
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write the network to an HDF5 file of its own.

        Raises
        ------
        RunFileError
            If the file exists (unless `overwrite`), is being written, or cannot be written.

        Examples
        --------
        >>> import neurorec as nr
        >>> path = nr.Network.random(inputs=1, units=20, outputs=1).save("net.h5", overwrite=True)
        >>> nr.Network.load(path).units
        20
        """
        from neurorec.networks import stored

        stored.save(self, Path(path), overwrite)
        return Path(path)

    @classmethod
    def load(cls, path: str | Path, trust: Trust = False) -> Self:
        """Read a network from a file of `save`, or from a run file: as trained so far, whether the training ended or was killed.

        Parameters
        ----------
        path : str or Path
        trust : bool or classes
            Classes that are not neurorec's own and that the file may name, ``trust=[MyCell]``; True: import whatever it names.

        Raises
        ------
        RunFileError
            If there is no network of this class in the file, it is damaged, or names a class that is not trusted.
        """
        from neurorec.networks import stored

        return stored.load(cls, Path(path), trusted(trust))
