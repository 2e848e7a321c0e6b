"""A network: weights, cell, parameters and time step; a frozen value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import number, only, positive, real_array, whole
from neurorec.discovery import class_of, name_of, resolve
from neurorec.display import Rows, several, shape, some, span
from neurorec.errors import RunFileError, ShapeError, ValueRefused
from neurorec.formula.derive import Formula
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.mapping import checked, value_of
from neurorec.networks.model import formula_of
from neurorec.networks.parametrisations.base import AbstractParametrisation
from neurorec.process.memory import expect_memory
from neurorec.random_numbers.seeds import NETWORK, entropy, generator
from neurorec.trust import Trusted, named

if TYPE_CHECKING:
    import h5py

    from neurorec.tasks.base.task import AbstractTask

_OWN: Any = None  # "the default", which __post_init__ fills in: a field's type is what it holds afterwards
CLASSES = {"cell": "cells", "filter": "filters", "parametrisation": "parametrisations"}  # fields that name one, and of which kind
WEIGHTS = ("recurrent", "input", "bias", "readout", "feedback")


@dataclass(frozen=True, eq=False, repr=False)
class Network(AbstractNetwork):
    """A recurrent network with a linear readout, y = readout o.

    With N units, I inputs, O outputs, and a cell of D drives, K outputs and k states:

    Parameters
    ----------
    recurrent : (D N, K N) array_like
        Recurrent weights, (post, pre); drive after drive, as torch stacks gates.
    input : (D N, I) array_like
        Input weights.
    readout : (O, K N) array_like
        Output weights.
    feedback : (K N, O) array_like, optional
        Fixed weights through which a local rule hears the error. None: ``readout.T``.
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
    plastic : sequence of str, optional
        Which weights (and per-unit parameters) training changes. None: recurrent, input, readout, the cell's
        own plastic parameters, and bias where one was given or the cell is usually trained with one.
    parametrisation : str, class or instance, optional
        A map that makes `recurrent`, from ``nr.names("parametrisations")``: then its free parameters are learnt.
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
    """

    recurrent: np.ndarray
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
    formula: Formula = field(init=False)
    _classes: Mapping[str, Any] = field(init=False)
    _units: int = field(init=False)

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 - the one place where a frozen value is filled
        given = {kind: getattr(self, name) for name, kind in CLASSES.items()}
        put("_classes", {kind: None if each is None else class_of(kind, each) for kind, each in given.items()})
        for name, kind in CLASSES.items():
            put(name, None if getattr(self, name) is None else name_of(self._classes[kind]))
        put("dt", positive("dt", self.dt, "seconds"))
        put("plastic", self._chosen_plastic())
        put("formula", formula_of(self._cell, self._filter, tuple(p for p in self.plastic if p not in WEIGHTS)))
        put("_units", self._count_units())
        weights = self._checked_weights()
        free, weights["recurrent"] = self._checked_free(weights, given["parametrisations"])
        put("free", free)
        for name, value in weights.items():
            put(name, value)
        for value in (*weights.values(), *free.values()):
            value.setflags(write=False)
        put("parameters", self._checked_parameters())
        put("noise", number("noise", self.noise, 0))

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
        readout_gain: float = 1.0,
        bias: np.ndarray = _OWN,
        initial: Any = None,
        noise: float = 0.0,
        filter: str | type | None = None,
        plastic: tuple[str, ...] = _OWN,
        parametrisation: Any = None,
    ) -> Network:
        """A network with the weights of Murray (2019), "Simulation details".

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
            Fraction of recurrent connections that are absent at the start, in [0, 1); the others are stronger
            by ``1 / sqrt(1 - sparsity)``, so that a unit's input keeps its variance.
        readout_gain : float
            Of the first readout weights; a small readout turns sooner towards the feedback, which RFLO needs.
        parametrisation : str, class or instance, optional
            A map that makes `recurrent`; one with an initialisation of its own ignores `gain`, `spectral_radius` and `sparsity`.
        cell, dt, parameters, bias, initial, noise, filter, plastic
            As for `Network`.

        Raises
        ------
        ValueRefused
            Also if the weights would not fit into memory.
        """
        for name, value, least in (("inputs", inputs, 0), ("units", units, 1), ("outputs", outputs, 1)):
            whole(name, value, least)
        if not 0 <= sparsity < 1:
            raise ValueRefused(f"sparsity must lie in [0, 1), got {sparsity}; 0.9 leaves one connection in ten")
        formula = formula_of(class_of("cells", cell), None if filter is None else class_of("filters", filter), ())
        rows, columns, rng = formula.n_drives * units, len(formula.emitted) * units, generator(entropy(seed), NETWORK)
        numbers = 2 * rows * columns + rows * inputs + 2 * columns * outputs  # recurrent weights twice: they are drawn, then scaled
        expect_memory(8 * numbers, f"a network of {units} units", "use fewer units")
        recurrent = rng.standard_normal((rows, columns)) * (gain / np.sqrt(units * (1 - sparsity)))
        recurrent *= rng.random(recurrent.shape) >= sparsity
        recurrent = recurrent if spectral_radius is None else _rescaled(recurrent, units, spectral_radius)
        others = {
            "input": rng.uniform(-1, 1, (rows, inputs)),
            "readout": readout_gain * (rng.uniform(-1, 1, (outputs, columns)) / np.sqrt(units)),
            "feedback": rng.standard_normal((columns, outputs)),
        }
        return cls(
            **_started(parametrisation, recurrent, units, rng, others), **others,
            cell=cell, dt=dt, bias=bias, initial=initial, parameters=parameters, noise=noise, filter=filter, plastic=plastic,
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
            What is to be otherwise: `units`, `cell`, `gain`, `readout_gain`, `parametrisation`, as for `random`.

        Raises
        ------
        ValueRefused, UnknownName
            As `random` does.
        """
        only("setting of a recommended network", chosen, [*task.recommended.network])
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
    def made_of(self) -> tuple[type, ...]:
        """Classes of its cell, filter and parametrisation."""
        return tuple(each for each in self._classes.values() if each is not None)

    @property
    def law(self) -> type[AbstractParametrisation] | None:
        """The map that makes `recurrent`, if there is one."""
        return self._classes["parametrisations"]

    @property
    def learnt(self) -> tuple[str, ...]:
        """Names of the free parameters of `recurrent`; empty without a parametrisation."""
        return () if self.law is None else self.law.learnt

    @property
    def least(self) -> Mapping[str, float]:
        """Smallest values of the free parameters, where their map has them."""
        return {} if self.law is None else self.law.least

    @property
    def learnable(self) -> int:
        """How many numbers training changes: what is plastic, with the free parameters (not the absent ones) in the place of `recurrent`."""
        sizes = {name: getattr(self, name).size if name in WEIGHTS else self.units for name in self.plastic}
        if self.learnt and "recurrent" in sizes:
            absent = np.count_nonzero(self.free["mask"] == 0) if "mask" in self.free else 0
            sizes["recurrent"] = sum(self.free[name].size for name in self.learnt) - absent
        return sum(sizes.values())

    def replace(self, **changes: Any) -> Network:
        """A new network with some fields changed; of `recurrent` and `free`, the one that is not given follows the other."""
        if "free" not in changes and {"recurrent", "parametrisation"} & changes.keys():
            changes["free"] = None
        elif (law := changes.get("parametrisation", self.law)) and "recurrent" not in changes:
            law = resolve("parametrisations", law)
            if changes.get("free") or {*law.reads} & changes.keys():
                read = {each: np.asarray(changes.get(each, getattr(self, each)), float) for each in law.reads}
                changes["recurrent"] = value_of(law, self.recurrent.shape, changes.get("free") or self.free, read)
        return super().replace(**{name: self._classes[kind] for name, kind in CLASSES.items()} | changes)

    def _display(self) -> tuple[str, Rows]:
        cell = self.cell if self.filter is None else f"{self.cell}, its input through {self.filter}"
        rows = [
            ("cell", f"{cell}; states {several(self.formula.states)}"),
            ("dt", f"{self.dt:g} s"),
            (
                "parameters",
                several(f"{name} {span(value)}{' s' if name.startswith('tau') else ''}" for name, value in self.parameters.items()),
            ),
            ("weights", several(f"{name} {shape(getattr(self, name))}" for name in ("recurrent", "input", "readout", "feedback"))),
            ("recurrent", f"made by {self.parametrisation} from {several(self.learnt)}" if self.parametrisation else self._spread()),
            ("plastic", f"{some(self.learnable, 'number')}: {several(self.plastic)}"),
        ]
        return self.sizes, [*rows, *([("noise", f"{self.noise:g} sqrt(s)")] if self.noise else [])]

    def _spread(self) -> str:
        """Of the recurrent weights: the gain g of N(0, g^2 / N), which says whether tanh units are chaotic, and how many there are none of."""
        absent = float(np.mean(self.recurrent == 0))
        return f"gain {self.recurrent.std() * np.sqrt(self.units):.3g}" + (f", {absent:.0%} absent" if absent else "")

    def per_unit(self, parameter: str) -> np.ndarray:
        """A parameter's values, one a unit, (N,)."""
        return np.broadcast_to(np.asarray(self.parameters[parameter], float), (self.units,)).copy()

    @property
    def own_states(self) -> tuple[str, ...]:
        """Names of the cell's states."""
        return tuple(self._cell.states)

    def expect(self, rule: AbstractRule, schedule: str) -> None:
        """A cell learns by every rule, at all times."""

    def parts(self) -> dict[str, np.ndarray]:
        """The weights, every parameter of the cell and its filter, one value a unit, and what `recurrent` is made of, if anything."""
        rows = [self.per_unit(p) for p in self.formula.parameters]
        parts = {name: getattr(self, name) for name in WEIGHTS} | {"parameters": np.array(rows).reshape(len(rows), self.units)}
        return parts | {name: self.free[name] for name in self.learnt}

    def with_parts(self, parts: Mapping[str, np.ndarray]) -> Network:
        """The network with others in their place."""
        moved = {n: row for n, row in zip(self.formula.parameters, parts["parameters"], strict=True) if n in self.plastic}
        free = {**self.free, **{name: parts[name] for name in self.learnt}}
        return self.replace(**{name: parts[name] for name in WEIGHTS}, parameters={**self.parameters, **moved}, free=free)

    def stored(self) -> dict[str, np.ndarray]:
        """As the contract says."""
        parameters, free = {f"parameters/{n}": self.per_unit(n) for n in self.parameters}, {f"free/{n}": a for n, a in self.free.items()}
        return {name: getattr(self, name) for name in AXES} | parameters | free

    def to_group(self, group: h5py.Group) -> None:
        """Write the arrays, and the rest as attributes, into an open HDF5 group; dimensions are labelled."""
        for name, labels in AXES.items():
            data = group.create_dataset(name, data=getattr(self, name))
            for axis, label in zip(data.dims, labels, strict=True):
                axis.label = label
        for name in self.parameters:
            group.create_dataset(f"parameters/{name}", data=self.per_unit(name)).dims[0].label = "unit"
        for name, array in self.free.items():
            for place, axis in enumerate(group.create_dataset(f"free/{name}", data=array).dims):
                axis.label = f"{name}_{place}"
        group.attrs.update({
            "cell": self.cell, "dt": self.dt, "noise": self.noise, "filter": self.filter or "",
            "parametrisation": self.parametrisation or "", "plastic": json.dumps(self.plastic),
        })  # fmt: skip

    @classmethod
    def from_group(cls, group: h5py.Group, trust: Trusted = False) -> Network:
        """As the contract says."""
        from neurorec.hdf5.values import fetch, number, text

        if "architecture" in group.attrs:
            raise RunFileError("there is a network of a torch module; read it with nr.ModuleNetwork.load")
        arrays = {name: fetch(group, name) for name in AXES}
        parameters, free = ({name: fetch(group, f"{part}/{name}") for name in group.get(part, ())} for part in ("parameters", "free"))
        filter, law = (text(group, name, "") or None for name in ("filter", "parametrisation"))
        return cls(
            **arrays, cell=named("cells", text(group, "cell"), trust), dt=number(group, "dt"), noise=number(group, "noise"), parameters=parameters,
            filter=filter and named("filters", filter, trust), plastic=tuple(json.loads(text(group, "plastic"))),
            parametrisation=law and named("parametrisations", law, trust), free=free,
        )  # fmt: skip

    _cell = property(lambda self: self._classes["cells"])
    _filter = property(lambda self: self._classes["filters"])

    def _chosen_plastic(self) -> tuple[str, ...]:
        cls = self._cell
        known = (
            "recurrent",
            "input",
            "readout",
            "bias",
            *cls.parameters,
            *(self._filter.parameters if self._filter else ()),
        )
        if self.plastic is None:
            bias = ("bias",) if self.bias is not None or cls.biased else ()
            return ("recurrent", "input", "readout", *bias, *cls.plastic)
        return self._among_plastic(known)

    def _count_units(self) -> int:
        columns, outputs = np.shape(self.recurrent)[-1:], len(self.formula.emitted)
        if np.ndim(self.recurrent) != 2 or columns[0] == 0 or columns[0] % outputs:
            raise ShapeError(
                f"recurrent must have shape (D N, K N) with at least one unit, got {np.shape(self.recurrent)}; {self.cell} has D={self.formula.n_drives}, K={outputs}"
            )
        return columns[0] // outputs

    def _checked_weights(self) -> dict[str, np.ndarray]:
        rows, columns = self.formula.n_drives * self.units, len(self.formula.emitted) * self.units
        recurrent = real_array("recurrent", self.recurrent, (rows, columns), "weights are (post, pre), one block of rows a drive")
        readout = real_array("readout", self.readout, (-1, columns), "one column a unit's output")  # after what says how many units
        feedback = readout.T if self.feedback is None else self.feedback
        return {
            "recurrent": recurrent,
            "input": real_array("input", self.input, (rows, -1), "weights are (post, pre); pass input.T if it is (pre, post)"),
            "readout": readout,
            "feedback": real_array(
                "feedback", feedback, (columns, readout.shape[0]), "it is (units, outputs); pass feedback.T if it is (outputs, units)"
            ).copy(),
            "bias": real_array("bias", np.zeros(rows) if self.bias is None else self.bias, (rows,)),
            "initial": self._checked_initial(),
        }

    def _checked_free(self, weights: Mapping[str, np.ndarray], asked: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """By the parametrisation as it was passed: one with settings finds other free parameters."""
        if asked is not None:
            law = resolve("parametrisations", asked)
            if clash := [name for name in law.learnt if name in (*WEIGHTS, "initial", *self.formula.parameters)]:
                raise ValueRefused(f"{clash[0]!r} is a free parameter of {type(law).__name__} and a name of the network's own; rename one")
            return checked(law, weights["recurrent"], self.free or None, {name: weights[name] for name in law.reads})
        if self.free:
            raise ValueRefused(f"free holds {', '.join(self.free)}, but there is no parametrisation to make recurrent of it; name one")
        return {}, weights["recurrent"]

    def _checked_initial(self) -> np.ndarray:
        states, own = len(self.formula.states), self._cell.initial
        value: Any = own if self.initial is None else self.initial
        if isinstance(value, tuple) and len(value) <= states:
            value = np.repeat([*value, *[0.0] * (states - len(value))], self.units)
        elif np.ndim(value) == 0:
            filled = len(self._cell.states)  # filters start at rest
            value = np.repeat([float(np.asarray(value))] * filled + [0.0] * (states - filled), self.units)
        return real_array("initial", value, (states * self.units,), "one value a unit and state, states stacked")

    def _checked_parameters(self) -> dict[str, float | np.ndarray]:
        defaults = {**self._cell.parameters, **(self._filter.parameters if self._filter else {})}
        only(f"parameter of {self.cell}", self.parameters or {}, list(defaults))
        values = {}
        for name, default in defaults.items():
            given = real_array(name, (self.parameters or {}).get(name, default))
            values[name] = float(given) if given.ndim == 0 else real_array(name, given, (self.units,), "one value a unit")
            self._expect_range(name, values[name])
            if name.startswith("tau") and np.min(values[name]) < self.dt:
                raise ValueRefused(
                    f"{name} = {np.min(values[name]):g} s is shorter than the time step dt = {self.dt:g} s; choose dt <= {name}, for accuracy dt <= {name} / 5"
                )
        return values

    def _expect_range(self, name: str, value: float | np.ndarray) -> None:
        least, most = (self._filter.ranges if self._filter else {}).get(name, (-np.inf, np.inf))
        if name not in self.plastic and not (least <= np.min(value) and np.max(value) <= most):
            bounds = f"from {least:g}" if most == np.inf else f"from {least:g} to {most:g}"
            raise ValueRefused(f"{name} of the filter {self.filter} must lie {bounds}, got {value}")


AXES = {
    "recurrent": ("post", "pre"),
    "input": ("post", "input"),
    "readout": ("output", "pre"),
    "feedback": ("pre", "output"),
    "bias": ("post",),
    "initial": ("state",),
}


def _started(
    parametrisation: Any, recurrent: np.ndarray, units: int, rng: np.random.Generator, others: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """The recurrent weights of a new network, and what they are made of."""
    if parametrisation is None:
        return {"recurrent": recurrent}
    law = resolve("parametrisations", parametrisation)
    read = {name: others[name] for name in law.reads}
    free = law.start(recurrent, units, rng, **read)
    return {"recurrent": law.map({**free, **read}), "free": free, "parametrisation": parametrisation}


def _rescaled(recurrent: np.ndarray, units: int, radius: float) -> np.ndarray:
    if recurrent.shape[1] != units:
        raise ValueRefused("spectral_radius needs a cell with one output; use gain")
    blocks = recurrent.reshape(-1, units, units)
    found = np.abs(np.linalg.eigvals(blocks)).max(axis=1)
    return (blocks * (positive("spectral_radius", radius) / found)[:, None, None]).reshape(recurrent.shape)
