"""A network: weights, cell, parameters and time step; a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neurorec.display import Rows
from neurorec.formula.derive import Formula
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.checks import AROUND, CLASSES, checked_fields, expect_nothing_around
from neurorec.networks.free_parameters import recurrent_after
from neurorec.networks.parametrisations.base import AbstractParametrisation
from neurorec.networks.parts import changes_for, learnable_of, parts_of, stored_of
from neurorec.networks.pattern import Pattern, is_sparse
from neurorec.networks.random_start import AbstractRandomStart
from neurorec.networks.summary import network_rows
from neurorec.trust import Trusted

if TYPE_CHECKING:
    import h5py

_OWN: Any = None  # "the default", which __post_init__ fills in: a field's type is what it holds afterwards


@dataclass(frozen=True, eq=False, repr=False)
class Network(AbstractRandomStart):
    """A recurrent network with a linear readout, y = readout o.

    With N units, I inputs, O outputs, and a cell of D drives, K outputs and k states:

    Parameters
    ----------
    recurrent : (D N, K N) array_like or scipy.sparse matrix
        Recurrent weights, (post, pre); drive after drive, as torch stacks gates. Sparse ones stay a `csr_array` of the same synapses.
    input : (D N, I) array_like
        Input weights.
    readout : (O, K N) array_like
        Output weights.
    feedback : (K N, O) array_like, optional
        Fixed weights through which the error reaches the units under a local rule. None: ``readout.T``.
    cell : str or class
        A name from ``nr.names("cells")``, or a cell class of your own.
    dt : float
        Time step in seconds.
    bias : (D N,) array_like, optional
        None: zeros.
    initial : float or (k N,) array_like, optional
        State before the first step, states stacked. None: the cell's own.
    parameters : mapping, optional
        Values that differ from the cell's defaults: a number, or one a unit. Times in seconds.
    noise : float
        Strength of the white noise that every unit receives on its drive, private to it, in drive
        units times sqrt(s): each step adds ``noise / sqrt(dt)`` times a standard normal number. A leaky
        linear unit then fluctuates with standard deviation ``noise / sqrt(2 tau - dt)``, which hardly depends on ``dt``.
    filter : str or class, optional
        An input filter, from ``nr.names("filters")``.
    surrogate : str or class, optional
        Of a cell that spikes, the shape of the slope that is learnt through, from ``nr.names("surrogates")``. None: ``"piecewise_linear"``.
    readout_tau : float
        Time constant of a filter behind the readout, in seconds, 0 for none: ``y(t) = k y(t-1) + (1 - k) readout o(t)``,
        ``k = exp(-dt / readout_tau)``, as e-prop reads spikes. What learns sees the error as it was before the filter.
    activity_cost, activity_target : float
        Training lowers, beside the loss, ``activity_cost / 2 * sum over units of (mean output in the trial - activity_target)^2``: e-prop's
        regularisation of firing rates, f* Hz being ``activity_target = f* dt``. Its signal reaches each unit from itself, not through the
        feedback; the logged loss is without it.
    plastic : sequence of str, optional
        Which weights (and per-unit parameters) training changes. None: recurrent, input, readout, the cell's
        own plastic parameters, and bias where one was given or the cell is usually trained with one.
    parametrisation : str, class or instance, optional
        A map from free parameters to `recurrent`, from ``nr.names("parametrisations")``: training changes those in its place.
    free : mapping of str to array_like, optional
        Free parameters of the parametrisation, and the fixed arrays it needs. None: those of `recurrent`.

    Attributes
    ----------
    formula : Formula
        The symbolic model of a unit, its derivatives by the plastic parameters included.

    Raises
    ------
    ShapeError, ValueRefused, UnknownName
        Each says what was expected and the way out.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> recurrent = np.random.default_rng(0).standard_normal((5, 5))
    >>> nr.Network(recurrent, input=np.ones((5, 2)), readout=np.ones((1, 5)), parameters={"tau": 0.2})
    Network: 5 units, 2 inputs, 1 output
      cell        leaky_tanh; states h
      dt          0.01 s
      parameters  tau 0.2 s
      weights     recurrent 5 x 5, input 5 x 2, readout 1 x 5, feedback 5 x 1
      recurrent   gain 1.91
      plastic     40 numbers: recurrent, input, readout
    """

    recurrent: np.ndarray  # or a csr_array
    input: np.ndarray
    readout: np.ndarray
    feedback: np.ndarray = _OWN
    cell: Any = "leaky_tanh"  # a name, whatever was passed
    dt: float = 0.01
    bias: np.ndarray = _OWN
    initial: np.ndarray = _OWN
    parameters: Mapping[str, Any] = _OWN
    noise: float = 0.0
    filter: Any = None
    plastic: tuple[str, ...] = _OWN
    parametrisation: Any = None
    free: Mapping[str, np.ndarray] = _OWN
    surrogate: Any = None
    readout_tau: float = 0.0
    activity_cost: float = 0.0
    activity_target: float = 0.0
    formula: Formula = field(init=False)
    axes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "recurrent": ("post", "pre"), "input": ("post", "input"), "readout": ("output", "pre"), "feedback": ("pre", "output"),
        "bias": ("post",), "initial": ("state",),
    }  # fmt: skip
    attributes: ClassVar[tuple[str, ...]] = ("cell", "dt", "noise", "filter", "parametrisation", "plastic", "surrogate", *AROUND)
    _classes: Mapping[str, Any] = field(init=False)
    _units: int = field(init=False)

    def __post_init__(self) -> None:
        vars(self).update(checked_fields(vars(self)))

    @property
    def units(self) -> int:
        """Number of units N."""
        return self._units

    @property
    def inputs(self) -> int:
        """Number of input channels I."""
        return self.input.shape[1]

    @property
    def pattern(self) -> Pattern | None:
        """Which synapses there are, where `recurrent` is sparse."""
        return Pattern.of(self.recurrent) if is_sparse(self.recurrent) else None

    @property
    def component_classes(self) -> tuple[type, ...]:
        """Of its cell, filter, parametrisation and surrogate."""
        return tuple(each for each in self._classes.values() if each is not None)

    @property
    def parametrisation_class(self) -> type[AbstractParametrisation] | None:
        """Of what `recurrent` is computed by, if it is."""
        return self._classes["parametrisations"]

    @property
    def learnable(self) -> int:
        """Number of numbers that training changes; free parameters, less those of absent synapses, count in the place of `recurrent`."""
        return learnable_of(self)

    def replace(self, **changes: Any) -> Network:
        """A new network with some fields changed; of `recurrent` and `free`, the one that is left out follows from the other."""
        if "free" not in changes and {"recurrent", "parametrisation"} & changes.keys():
            changes["free"] = None
        elif "recurrent" not in changes and (chosen := changes.get("parametrisation", self.parametrisation_class)):
            changes |= recurrent_after(self, chosen, changes)
        return super().replace(**{name: self._classes[kind] for name, kind in CLASSES.items()} | changes)

    def _display(self) -> tuple[str, Rows]:
        return network_rows(self)

    def per_unit(self, parameter: str) -> np.ndarray:
        """A parameter's values, one a unit, (N,)."""
        return np.broadcast_to(np.asarray(self.parameters[parameter], float), (self.units,)).copy()

    @property
    def own_states(self) -> tuple[str, ...]:
        """Names of the cell's states."""
        return tuple(self._classes["cells"].states)

    def expect(self, rule: AbstractRule, schedule: str) -> None:
        """A cell learns by every rule, at all times; but what is around the recurrence needs whole trials."""
        if schedule == "step":
            expect_nothing_around({name: getattr(self, name) for name in AROUND})

    def parts(self) -> dict[str, np.ndarray]:
        """Weights (of sparse ones the strengths, (S,)), parameters of the cell and its filter, (Q, N), and free parameters of `recurrent`."""
        return parts_of(self)

    def with_parts(self, parts: Mapping[str, np.ndarray]) -> Network:
        """The network with others in their place."""
        return self.replace(**changes_for(self, parts))

    def stored(self) -> dict[str, np.ndarray]:
        """As the contract says."""
        return stored_of(self)

    @classmethod
    def from_group(cls, group: h5py.Group, trust: Trusted = False) -> Network:
        """As the contract says."""
        from neurorec.networks import stored

        return cls(**stored.cell_fields(group, cls.axes, trust))
