"""What training, recording and files need of a network, whatever its recurrence is made of."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from neurorec.arrays import only
from neurorec.display import AbstractDisplayed, some
from neurorec.errors import RunFileError, ValueRefused, one_line
from neurorec.formula.derive import Formula
from neurorec.hdf5.publish import publishing
from neurorec.trust import Trust, Trusted, trusted

if TYPE_CHECKING:
    import h5py

    from neurorec.learning.rules.base import AbstractRule


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
    draws : bool
        Whether it draws random numbers while it is trained, and only then.
    plastic : tuple of str
        What training changes.
    parametrisation : str or None
        What `recurrent` is computed by, if it is.
    law : type or None
        The class of that name.
    free : mapping of str to array
        What it is computed from.
    learnt : tuple of str
        Which of those training changes.
    least : mapping of str to float
        Smallest values of those, where they have one.
    formula : Formula
        The symbolic model of a unit; of a torch module, its states only.
    made_of : tuple of type
        Classes that it is made of, such as its cell's; with them a file of it can be read again.
    """

    inputs: int
    readout: np.ndarray
    feedback: np.ndarray
    initial: np.ndarray
    dt: float
    noise: float
    draws: bool = False
    plastic: tuple[str, ...]
    parametrisation: str | None = None
    law: type | None = None
    free: Mapping[str, np.ndarray] = MappingProxyType({})
    learnt: tuple[str, ...] = ()
    least: Mapping[str, float] = MappingProxyType({})
    formula: Formula
    made_of: tuple[type, ...]

    @property
    @abstractmethod
    def units(self) -> int:
        """Number of units N."""

    @property
    @abstractmethod
    def learnable(self) -> int:
        """How many numbers training changes."""

    @property
    @abstractmethod
    def own_states(self) -> tuple[str, ...]:
        """Names of the states without those of a filter."""

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
            Saying what can.
        """

    @abstractmethod
    def parts(self) -> dict[str, np.ndarray]:
        """All that an optimiser could change, by name: ``readout``, ``feedback``, ``parameters (Q, N)``, and what is its own."""

    @abstractmethod
    def with_parts(self, parts: Mapping[str, np.ndarray]) -> Self:
        """The network with others in the place of `parts`."""

    @abstractmethod
    def stored(self) -> dict[str, np.ndarray]:
        """What `to_group` stores as datasets, by their paths in the group."""

    @abstractmethod
    def to_group(self, group: h5py.Group) -> None:
        """Write the arrays, and the rest as attributes, into an open HDF5 group; dimensions are labelled."""

    @classmethod
    @abstractmethod
    def from_group(cls, group: h5py.Group, trust: Trusted = False) -> Self:
        """The network that `to_group` wrote; of classes that are not the library's own, those that are trusted (`neurorec.trust`)."""

    def _among_plastic(self, known: Sequence[str]) -> tuple[str, ...]:
        """Those of the known names that are plastic, in their order."""
        if isinstance(self.plastic, Mapping):
            raise ValueRefused(
                "plastic of a network is names, such as ('recurrent', 'readout'), got a mapping; which synapses of a weight change is said "
                "to a training: nr.train(network, task, plastic={'recurrent': mask})"
            )
        only("plastic weight", dict.fromkeys(self.plastic), known)
        return tuple(name for name in known if name in self.plastic)

    @property
    def sizes(self) -> str:
        """Such as "50 units, 3 inputs, 2 outputs"."""
        return ", ".join([some(self.units, "unit"), some(self.inputs, "input"), some(self.outputs, "output")])

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Of a copy: its arrays are read-only, too."""
        vars(self).update(state)
        for array in self.stored().values():
            array.setflags(write=False)

    def replace(self, **changes: Any) -> Self:
        """A new network with some fields changed."""
        fields: Any = dataclasses.fields(self)  # type: ignore[arg-type]
        only(f"field of {type(self).__name__}", changes, [f.name for f in fields if f.init])
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write the network to an HDF5 file of its own.

        Raises
        ------
        RunFileError
            If the file exists (unless `overwrite`), is being written, or cannot be written.
        """
        from neurorec.hdf5.seal import sealed

        path = Path(path)
        try:
            with publishing(path, overwrite) as aside, sealed(aside) as file:
                self.to_group(file.create_group("network"))
        except RunFileError:
            raise
        except (OSError, RuntimeError) as error:
            raise RunFileError(f"cannot write {path} ({one_line(error)}); choose a folder that can be written and has room") from error
        return path

    @classmethod
    def load(cls, path: str | Path, trust: Trust = False) -> Self:
        """Read a network from a file of `save`; or from a run file, as trained so far, whether it came to its end or was killed.

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
        from neurorec.hdf5.damage import reading
        from neurorec.hdf5.opening import opened

        path, expected = Path(path), f"a file of {cls.__name__}.save or of nr.train with such a network"
        with opened(path, "r", expected) as file, reading(path, "its network"):
            if "network" not in file:
                raise RunFileError(f"{path} holds no network; expected {expected}")
            return _as_trained(cls, path, file, trusted(trust))


def _as_trained(cls: type[AbstractNetwork], path: Path, file: h5py.File, trust: Trusted) -> Any:
    """The network of a file; of a run, with the weights of its newest state."""
    from neurorec.hdf5.states import INITIAL, state_to_read
    from neurorec.hdf5.values import fetch
    from neurorec.hdf5.wholes import expect_whole
    from neurorec.networks.weights import Weights

    if INITIAL not in file:
        return cls.from_group(file["network"], trust)
    state = state_to_read(path, file)
    newest = "network" if fetch(file, "network/trained") == state.trials else INITIAL
    expect_whole(path, file, newest)
    network, vector = cls.from_group(file[newest], trust), state.vector
    return network if newest == "network" else Weights.of(network, vector.dtype).like(vector).into(network)
