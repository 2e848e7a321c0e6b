"""What an analysis steps: one step of a network, or of a function, with everything from outside held constant."""

from __future__ import annotations

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, final

import numpy as np

from neurorec.arrays import positive, real_array
from neurorec.engines.reference.linearised import Linearised, channels, rows
from neurorec.engines.reference.unit import Unit
from neurorec.errors import NotOffered, ShapeError, ValueRefused
from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights
from neurorec.runs.run import Run

Step = Callable[[np.ndarray], np.ndarray]


class AbstractMap(ABC):
    """x(t) = F(x(t-1)), many states side by side: (B, n) float64 arrays, a row a state.

    Attributes
    ----------
    size : int
        n.
    dt : float
        Seconds that a step takes.
    entries : tuple of (str, int)
        Of each entry of x its variable and the number of its unit.
    gradient : callable, optional
        r = F(x) - x of each row, and (dF/dx - I)^T r, the gradient of |r|^2 / 2; both (B, n). None: no faster than by the Jacobian.
    """

    size: int
    dt: float
    entries: tuple[tuple[str, int], ...]
    gradient: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None

    @property
    def labels(self) -> dict[str, Any]:
        """Coordinates of the dimension ``unit`` of what is found: variable and number of each entry of x."""
        return {"variable": ("unit", [name for name, _ in self.entries]), "number": ("unit", [number for _, number in self.entries])}

    @abstractmethod
    def step(self, x: np.ndarray) -> np.ndarray:
        """F of each row, (B, n)."""

    @abstractmethod
    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """dF/dx at each row, (B, n, n)."""

    def linearised(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """F(x) and dF/dx of each row."""
        return self.step(x), self.jacobian(x)

    def push(self, x: np.ndarray, tangents: np.ndarray) -> np.ndarray:
        """dF/dx of each row times tangents, (B, n, k) from (B, n, k)."""
        return self.jacobian(x) @ tangents

    def advance(self, x: np.ndarray, tangents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """F(x) and what `push` gives, a step of a trajectory and its tangents."""
        return self.step(x), self.push(x, tangents)

    def readout(self, x: np.ndarray) -> np.ndarray | None:
        """Outputs of each row, (B, O), of a network."""
        del x


@final
class NetworkMap(AbstractMap):
    """A network's step under a constant input, without noise: u = W o(x) + Win input + b, x <- step(x, u), states stacked."""

    def __init__(self, network: Network, inputs: np.ndarray):
        self.weights, pattern = Weights.of(network, np.float64), network.pattern
        self.recurrent: Any = self.weights.recurrent if pattern is None else pattern.matrix(self.weights.recurrent)
        self.unit, self.units, self.dt = Unit(network, self.weights), network.units, network.dt
        self.external = self._external(inputs[None])
        self.variables = network.formula.states
        self.size = len(self.variables) * self.units
        self.entries = tuple((name, number) for name in self.variables for number in range(self.units))
        self.gradient = self._gradient

    def step(self, x: np.ndarray) -> np.ndarray:
        """As `AbstractMap.step`."""
        states, drives, _ = self._received(x)
        return rows(self.unit.step(states, drives))

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """As `AbstractMap.jacobian`."""
        return self._linear(*self._received(x)).matrices()

    def linearised(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `AbstractMap.linearised`, with one product for both."""
        states, drives, emitted = self._received(x)
        return rows(self.unit.step(states, drives)), self._linear(states, drives, emitted).matrices()

    def push(self, x: np.ndarray, tangents: np.ndarray) -> np.ndarray:
        """As `AbstractMap.push`, without the matrices: (n, n) each would be more than all tangents."""
        return self.advance(x, tangents)[1]

    def advance(self, x: np.ndarray, tangents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `AbstractMap.advance`, with one product for the states and all tangents: the weights are read once."""
        (count, _, k), n = tangents.shape, self.units
        states, v = channels(x, n), tangents.reshape(count, -1, n, k).transpose(1, 0, 3, 2)  # (state, row, tangent, unit)
        emitted = self.unit.output(states)
        shown = np.einsum("clrn,lrkn->rkcn", self.unit.emission(states), v)
        both = np.concatenate([rows(emitted), shown.reshape(count * k, -1)]) @ self.recurrent.T
        drives = self._drives_of(channels(both[:count], n))
        parts, received = self.unit.linear(states, drives), both[count:].reshape(count, k, -1, n)
        pushed = np.einsum("jlrn,lrkn->rjnk", parts.decay, v) + np.einsum("jdrn,rkdn->rjnk", parts.recurrent, received)
        return rows(self.unit.step(states, drives)), pushed.reshape(count, self.size, k)

    def under(self, inputs: np.ndarray) -> NetworkMap:
        """The same network under another input for each row, (B, I)."""
        other = copy.copy(self)
        other.external, other.gradient = self._external(inputs), other._gradient
        return other

    def readout(self, x: np.ndarray) -> np.ndarray:
        """Outputs of each row, (B, O)."""
        return rows(self.unit.output(channels(x, self.units))) @ self.weights.readout.T

    def _gradient(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `AbstractMap.gradient`, by two products with the weights for all rows."""
        states, drives, emitted = self._received(x)
        r = rows(self.unit.step(states, drives)) - x
        return r, rows(self._linear(states, drives, emitted).pull(channels(r, self.units))) - r

    def _external(self, inputs: np.ndarray) -> np.ndarray:
        """Win x + b, (D, B, N)."""
        return channels(inputs @ self.weights.input.T + self.weights.bias, self.units)

    def _received(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States of each row, what reaches the units, and what they emit."""
        states = channels(x, self.units)
        emitted = self.unit.output(states)
        return states, self._drives(emitted), emitted

    def _linear(self, states: np.ndarray, drives: np.ndarray, emitted: np.ndarray) -> Linearised:
        return Linearised(self.unit.linear(states, drives), emitted, self.recurrent)

    def _drives(self, emitted: np.ndarray) -> np.ndarray:
        return self._drives_of(channels(rows(emitted) @ self.recurrent.T, self.units))  # one product for all rows

    def _drives_of(self, recurrent: np.ndarray) -> np.ndarray:
        return self.unit.drives(recurrent, np.broadcast_to(self.external, recurrent.shape))


@final
class ModuleMap(AbstractMap):
    """The step of an architecture, by torch in float64; its Jacobian by autograd, a row at a time."""

    def __init__(self, network: ModuleNetwork, inputs: np.ndarray):
        import torch

        self.module: Any = copy.deepcopy(network.module()).double().eval()
        self.inputs, self.dt, self.size = torch.as_tensor(inputs), network.dt, network.initial.size
        names = network.own_states
        self.units = self.size // len(names)
        self.entries = tuple((name, number) for name in names for number in range(self.units))
        self.gradient = self._gradient

    def step(self, x: np.ndarray) -> np.ndarray:
        """As `AbstractMap.step`."""
        import torch

        with torch.no_grad():
            return self._step(torch.as_tensor(x)).numpy()

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """As `AbstractMap.jacobian`."""
        import torch

        at = torch.as_tensor(x).requires_grad_()
        new = self._step(at)
        rows_ = [torch.autograd.grad(new[:, n].sum(), at, retain_graph=True)[0] for n in range(self.size)]
        return torch.stack(rows_, dim=1).numpy()

    def _gradient(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `AbstractMap.gradient`, by autograd."""
        import torch

        at = torch.as_tensor(x).requires_grad_()
        new = self._step(at)
        r = (new - at).detach()
        return r.numpy(), (torch.autograd.grad((new * r).sum(), at)[0] - r).numpy()

    def _step(self, x: Any) -> Any:
        import torch

        return torch.cat(tuple(self.module.step(self.inputs.expand(len(x), -1), x.split(self.units, dim=-1))), dim=-1)


@final
class StepMap(AbstractMap):
    """A function of somebody's own, (B, n) to (B, n); its Jacobian by central differences, good to ten digits, unless it is given."""

    def __init__(self, function: Step, size: int, dt: float, jacobian: Step | None = None):
        self.function, self.size, self.dt, self._jacobian = function, size, dt, jacobian
        self.entries = tuple(("x", number) for number in range(size))

    def step(self, x: np.ndarray) -> np.ndarray:
        """As `AbstractMap.step`."""
        found = np.asarray(self.function(x), np.float64)
        if found.shape != x.shape:
            raise ShapeError(f"the step function must take (rows, {self.size}) and return it, it returned {found.shape} for {x.shape}")
        return found

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """As `AbstractMap.jacobian`."""
        if self._jacobian is not None:
            return np.asarray(self._jacobian(x), np.float64)
        size = np.cbrt(np.finfo(float).eps) * np.maximum(1, np.abs(x))  # where rounding and curvature are alike
        moved = np.einsum("bm,mn->bmn", size, np.eye(self.size))
        ends = [self.step((x[:, None] + sign * moved).reshape(-1, self.size)).reshape(moved.shape) for sign in (1, -1)]
        return ((ends[0] - ends[1]) / (2 * size[:, :, None])).transpose(0, 2, 1)


def as_map(system: object, inputs: object = None, size: int = 0, dt: float = 1.0, jacobian: Step | None = None) -> AbstractMap:
    """What an analysis steps.

    Parameters
    ----------
    system : Network, ModuleNetwork, Run or callable
        Of a run the trained network. A function takes and returns (rows, n) arrays.
    inputs : (I,) array_like, optional
        Held constant. None: zeros, where the network has inputs at all.
    size : int
        n of a function.
    dt : float
        Seconds a step, of a function.
    jacobian : callable, optional
        (rows, n, n) of (rows, n), of a function.

    Raises
    ------
    NotOffered, ShapeError, ValueRefused
        If it is none of these, or the input does not fit.
    """
    system = system.network if isinstance(system, Run) else system
    if isinstance(system, Network | ModuleNetwork):
        x = _inputs(system, inputs)
        return NetworkMap(_smooth(system), x) if isinstance(system, Network) else ModuleMap(system, x)
    if not callable(system) or inspect.isclass(system):
        raise NotOffered(f"expected a network, or a function of (rows, n) arrays, got {type(system).__name__}")
    if inputs is not None:
        raise ValueRefused("inputs go with a network; a function has its own, as in lambda x: step(x, inputs)")
    function: Any = system
    return StepMap(function, size, positive("dt", dt), jacobian)


def _smooth(network: Network) -> Network:
    if not network.formula.exact:
        raise NotOffered(
            f"{network.cell} spikes, so its step has no Jacobian and fixed points of it are not defined: ask of the rate average, "
            "or pass a function of your own, the map of units smoothed by the surrogate"
        )
    return network


def _inputs(network: Network | ModuleNetwork, inputs: object) -> np.ndarray:
    if inputs is None:
        return np.zeros(network.inputs)
    return real_array("inputs", inputs, (network.inputs,))
