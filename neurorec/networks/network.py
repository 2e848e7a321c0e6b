"""A network: weights, cell, parameters and time step; a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neurorec.discovery import class_of
from neurorec.display import Rows
from neurorec.errors import expect_known
from neurorec.formula.derive import Formula
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.cell_with_filter import formula_of
from neurorec.networks.checks import AROUND, CLASSES, checked_fields, expect_nothing_around
from neurorec.networks.free_parameters import recurrent_after
from neurorec.networks.parametrisations.base import AbstractParametrisation
from neurorec.networks.parts import changes_for, learnable_of, parts_of, stored_of
from neurorec.networks.pattern import Pattern, is_sparse
from neurorec.networks.random_synapses import synapses_between
from neurorec.networks.random_weights import expect_sizes, initialised, random_weights
from neurorec.networks.summary import network_rows
from neurorec.random_numbers.seeds import NETWORK, entropy, generator
from neurorec.trust import Trusted

if TYPE_CHECKING:
    import h5py

    from neurorec.tasks.base.task import AbstractTask

_OWN: Any = None  # "the default", which __post_init__ fills in: a field's type is what it holds afterwards


@dataclass(frozen=True, eq=False, repr=False)
class Network(AbstractNetwork):
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

    @classmethod
    def random(
        cls,
        inputs: int,
        units: int,
        outputs: int,
        cell: str | type = "leaky_tanh",
        dt: float = 0.01,
        parameters: Mapping[str, Any] = _OWN,
        gain: float = 1.5,
        seed: int | None = 0,
        *,
        spectral_radius: float | None = None,
        sparsity: float = 0.0,
        density: float | None = None,
        degree: int | None = None,
        readout_gain: float = 1.0,
        bias: np.ndarray = _OWN,
        initial: Any = None,
        noise: float = 0.0,
        filter: str | type | None = None,
        plastic: tuple[str, ...] = _OWN,
        parametrisation: Any = None,
        surrogate: str | type | None = None,
        readout_tau: float = 0.0,
        activity_cost: float = 0.0,
        activity_target: float = 0.0,
    ) -> Network:
        """A network with random weights, as in Murray (2019), "Simulation details".

        ``recurrent ~ N(0, gain^2 / N)``, ``input ~ U(-1, 1)``, ``readout ~ U(-1, 1) / sqrt(N)``,
        ``feedback ~ N(0, 1)``, all independent.

        Parameters
        ----------
        inputs, units, outputs : int
            Sizes I, N, O; I may be 0.
        gain : float
            Above 1 a tanh network without input is chaotic.
        seed : int
            Fixes every weight.
        spectral_radius : float, optional
            Rescale each drive's recurrent weights to this spectral radius instead (cells with one output).
        sparsity : float
            Fraction of recurrent connections that are absent at the start, in [0, 1), of an ordinary matrix; the others are stronger
            by ``1 / sqrt(1 - sparsity)``, so that a unit's input keeps its variance.
        density, degree : float or int, optional
            For a sparse matrix, to which training keeps: the probability of a connection, in (0, 1]; or how many synapses every unit
            receives, on each drive. Strengths are ``N(0, gain^2 / (density N))``.
        readout_gain : float
            Of the first readout weights; a small readout turns sooner towards the feedback, which RFLO needs.
        parametrisation : str, class or instance, optional
            As for `Network`; one with an initialisation of its own ignores `gain`, `spectral_radius` and `sparsity`.
        cell, dt, parameters, bias, initial, noise, filter, plastic, surrogate, readout_tau, activity_cost, activity_target
            As for `Network`.

        Raises
        ------
        ValueRefused
            Also if the weights would not fit into memory.

        Examples
        --------
        An LSTM with momentum has four drives, each with its rows of weights:

        >>> import neurorec as nr
        >>> net = nr.Network.random(inputs=1, units=20, outputs=2, cell="lstm", filter="momentum")
        >>> net.recurrent.shape
        (80, 20)
        """
        expect_sizes(inputs, units, outputs)
        formula = formula_of(class_of("cells", cell), None if filter is None else class_of("filters", filter), ())
        rng = generator(entropy(seed), NETWORK)
        synapses = synapses_between(formula, units, gain, spectral_radius, sparsity, density, degree)
        weights = random_weights(formula, inputs, units, outputs, rng, synapses, readout_gain)
        return cls(
            **initialised(parametrisation, weights, units, rng),
            cell=cell, dt=dt, bias=bias, initial=initial, parameters=parameters, noise=noise, filter=filter, plastic=plastic,
            surrogate=surrogate, readout_tau=readout_tau, activity_cost=activity_cost, activity_target=activity_target,
        )  # fmt: skip

    @classmethod
    def for_task(cls, task: AbstractTask, seed: int | None = 0, **chosen: Any) -> Network:
        """A random network as the task recommends it.

        Parameters
        ----------
        task : task
        seed : int
            Fixes every weight.
        **chosen
            Settings in the place of those recommended: `units`, `cell`, `gain`, `readout_gain`, `parametrisation`, as for `random`.

        Raises
        ------
        ValueRefused, UnknownName
            As `random` does.

        Examples
        --------
        >>> import neurorec as nr
        >>> net = nr.Network.for_task(nr.task("n_bit_flip_flop"), units=50)
        >>> net.inputs, net.units, net.outputs
        (3, 50, 3)
        """
        expect_known("setting of a recommended network", chosen, [*task.recommended.network])
        return cls.random(task.n_inputs, outputs=task.n_outputs, dt=task.dt, seed=seed, **task.recommended.but(**chosen).network)

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
