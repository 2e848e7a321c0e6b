"""A network whose recurrence is a torch module, for what cannot be written as a formula."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from neurorec.arrays import positive, real_array
from neurorec.discovery import class_of, name_of
from neurorec.display import Rows
from neurorec.errors import NotOffered, ShapeError, ValueRefused, expect_known
from neurorec.formula.derive import Formula
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.checks import checked_feedback, checked_initial, checked_names
from neurorec.networks.random_weights import expect_sizes
from neurorec.networks.summary import module_rows
from neurorec.networks.torch_module import new_module, shared_module, weights_of
from neurorec.process.memory import expect_memory
from neurorec.random_numbers.seeds import NETWORK, entropy, generator
from neurorec.trust import Trusted

if TYPE_CHECKING:
    import h5py

_OWN: Any = None  # "the default", which __post_init__ fills in: a field's type is what it holds afterwards
NOT_THE_MODULES = ("readout", "feedback", "parameters")


@final
@dataclass(frozen=True, eq=False, repr=False)
class ModuleNetwork(AbstractNetwork):
    """An architecture with a linear readout, y = readout o, o being its first state; for the torch engine and rules of full influence.

    Parameters
    ----------
    architecture : str or class
        A name from ``nr.names("architectures")``, or a torch module class of your own, instantiated by
        ``architecture(inputs, units, **settings)`` and has ``states``, ``initial`` and ``step`` as in `neurorec.networks.architectures.base`.
    inputs : int
        Input channels I.
    weights : mapping of str to array_like
        Parameters and buffers of the module, under torch's names: its ``state_dict()``.
    readout : (O, N) array_like
        Output weights.
    feedback : (N, O) array_like, optional
        Fixed weights through which the error comes back under ``random`` feedback. None: ``readout.T``.
    settings : mapping, optional
        Further arguments of the architecture; JSON-able.
    dt : float
        Time step in seconds; the module does not depend on it.
    initial : float or (k N,) array_like, optional
        State before the first step, states stacked; one value for all, if it is a number. None: the module's own.
    plastic : sequence of str, optional
        Which weights training changes. None: the module's parameters (not its buffers) and the readout.

    Raises
    ------
    ShapeError, ValueRefused, UnknownName, NotOffered
        Each says what was expected and the way out.

    Examples
    --------
    >>> import torch
    >>> import neurorec as nr
    >>> net = nr.ModuleNetwork.random("torch_rnn", inputs=2, units=8, outputs=1)
    >>> net.weights["layer.weight_hh_l0"].shape
    (8, 8)

    With the weights of a module that was trained elsewhere:

    >>> module = torch.nn.RNN(2, 8)
    >>> net = net.replace(weights={f"layer.{name}": value for name, value in module.state_dict().items()})
    """

    architecture: Any  # a name, whatever was passed
    inputs: int
    weights: Mapping[str, np.ndarray]
    readout: np.ndarray
    feedback: np.ndarray = _OWN
    settings: Mapping[str, Any] = _OWN
    dt: float = 0.01
    initial: np.ndarray = _OWN
    plastic: tuple[str, ...] = _OWN
    component_classes: tuple[type, ...] = field(init=False, repr=False)
    axes: ClassVar[Mapping[str, tuple[str, ...]]] = {"readout": ("output", "unit"), "feedback": ("unit", "output"), "initial": ("state",)}
    attributes: ClassVar[tuple[str, ...]] = ("architecture", "inputs", "settings", "dt", "plastic")

    noise = 0.0

    def __post_init__(self) -> None:
        fill = vars(self).update  # a frozen value is filled here and nowhere else
        fill(component_classes=(class_of("architectures", self.architecture),))
        fill(architecture=name_of(self.component_classes[0]), settings=dict(self.settings or {}))
        fill(readout=real_array("readout", self.readout, (-1, -1)))
        fill(feedback=checked_feedback(self.feedback, self.readout), dt=positive("dt", self.dt, "seconds"))
        fill(weights=self._checked_weights())
        fill(plastic=self._chosen_plastic())
        fill(initial=self._checked_initial())
        for array in self.stored().values():
            array.setflags(write=False)

    @classmethod
    def random(
        cls,
        architecture: str | type,
        inputs: int,
        units: int,
        outputs: int,
        dt: float = 0.01,
        settings: Mapping[str, Any] = _OWN,
        seed: int | None = 0,
        *,
        plastic: tuple[str, ...] = _OWN,
    ) -> ModuleNetwork:
        """A network with the module's own initial weights, ``readout ~ U(-1, 1) / sqrt(N)`` and ``feedback ~ N(0, 1)``.

        Parameters
        ----------
        inputs, units, outputs : int
            Sizes I, N, O.
        seed : int
            Fixes every weight.
        architecture, dt, settings, plastic
            As for `ModuleNetwork`.
        """
        expect_sizes(inputs, units, outputs)
        expect_memory(8 * (units * (inputs + 2 * outputs)), f"a network of {units} units", "use fewer units")
        rng, cls_ = generator(entropy(seed), NETWORK), class_of("architectures", architecture)
        module = new_module(cls_, inputs, units, dict(settings or {}), seed=int(rng.integers(2**31)))
        readout, feedback = rng.uniform(-1, 1, (outputs, units)) / np.sqrt(units), rng.standard_normal((units, outputs))
        return cls(cls_, inputs, weights_of(module), readout, feedback, settings, dt, plastic=plastic)

    @property
    def units(self) -> int:
        """Number of units N."""
        return self.readout.shape[1]

    @property
    def draws(self) -> bool:
        """Whether the module has a separate forward pass for training, which draws random numbers."""
        return hasattr(self.module(), "training_steps")

    @property
    def learnable(self) -> int:
        """Number of numbers that training changes."""
        return sum(array.size for name, array in self.parts().items() if name in self.plastic)

    @property
    def own_states(self) -> tuple[str, ...]:
        """Names of the module's states."""
        return tuple(self.module().states)

    @property
    def formula(self) -> Formula:
        """Its states; there are no expressions."""
        return Formula(self.own_states, (), (), 0, (), (), (), ())

    def _display(self) -> tuple[str, Rows]:
        return module_rows(self)

    def module(self) -> Any:
        """A torch module of this architecture, shared: its weights are not the network's, and it must not be changed."""
        return shared_module(self.component_classes[0], self.inputs, self.units, json.dumps(self.settings))

    def expect(self, rule: AbstractRule, schedule: str) -> None:
        """Refuse local rules, and changes at every step."""
        if not rule.through_units and rule.changes != ("readout",):
            raise NotOffered(
                f"{type(rule).__name__} is local, and which part of the influence is a unit's own cannot be told of the torch module "
                f"{self.architecture!r}; use rule='bptt', 'random_feedback_bptt' or 'readout_only', or a network of a cell"
            )
        if schedule == "step":
            raise NotOffered(f"the torch module {self.architecture!r} learns by autograd over whole trials; use update='trial'")

    def parts(self) -> dict[str, np.ndarray]:
        """The module's weights by torch's names, then readout and feedback."""
        return {**self.weights, "readout": self.readout, "feedback": self.feedback, "parameters": np.zeros((0, self.units))}

    def with_parts(self, parts: Mapping[str, np.ndarray]) -> Self:
        """The network with others in their place."""
        return self.replace(weights={n: parts[n] for n in self.weights}, readout=parts["readout"], feedback=parts["feedback"])

    def stored(self) -> dict[str, np.ndarray]:
        """As the contract says."""
        return {name: getattr(self, name) for name in self.axes} | {f"module/{name}": array for name, array in self.weights.items()}

    @classmethod
    def from_group(cls, group: h5py.Group, trust: Trusted = False) -> Self:
        """As the contract says."""
        from neurorec.networks import stored

        return cls(**stored.module_fields(group, cls.axes, trust))

    def _checked_weights(self) -> dict[str, np.ndarray]:
        expected = weights_of(self.module())
        expect_known(f"weight of {self.architecture}", self.weights, list(expected))
        if missing := [name for name in expected if name not in self.weights]:
            raise ValueRefused(f"no weights for {', '.join(missing)} of {self.architecture}; pass the module's whole state_dict()")
        if taken := [name for name in expected if name in NOT_THE_MODULES or "/" in name]:
            raise ValueRefused(
                f"{self.architecture} calls a parameter {taken[0]!r}, a name that a network or a file has other use for; rename it"
            )
        return {name: real_array(name, self.weights[name], array.shape).copy() for name, array in expected.items()}

    def _chosen_plastic(self) -> tuple[str, ...]:
        if self.plastic is None:
            return (*(name for name, _ in self.module().named_parameters()), "readout")
        return checked_names(self.plastic, (*self.weights, "readout"))

    def _checked_initial(self) -> np.ndarray:
        states = self.own_states
        if self.initial is not None:
            value = np.full(len(states) * self.units, self.initial) if np.ndim(self.initial) == 0 else self.initial
            return checked_initial(value, len(states), self.units)
        own = [each.detach().numpy() for each in self.module().initial(1)]
        if [each.shape for each in own] != [(1, self.units)] * len(states):
            raise ShapeError(
                f"{self.architecture}.initial(1) must give {len(states)} tensors of shape (1, {self.units}), one for each of {', '.join(states)}, "
                f"got {', '.join(str(each.shape) for each in own)}"
            )
        return np.concatenate([each[0] for each in own]).astype(np.float64)
