"""Networks that begin with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from neurorec.discovery import class_of
from neurorec.errors import expect_known
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.cell_with_filter import formula_of
from neurorec.networks.random_synapses import synapses_between
from neurorec.networks.random_weights import expect_sizes, initialised, random_weights
from neurorec.random_numbers.seeds import NETWORK, entropy, generator

if TYPE_CHECKING:
    from neurorec.networks.network import Network
    from neurorec.tasks.base.task import AbstractTask


class AbstractRandomStart(AbstractNetwork):
    """How a network of cells is drawn."""

    @classmethod
    def random(
        cls,
        inputs: int,
        units: int,
        outputs: int,
        cell: str | type = "leaky_tanh",
        dt: float = 0.01,
        parameters: Mapping[str, Any] | None = None,
        gain: float = 1.5,
        seed: int | None = 0,
        *,
        spectral_radius: float | None = None,
        sparsity: float = 0.0,
        density: float | None = None,
        degree: int | None = None,
        readout_gain: float = 1.0,
        bias: Any = None,
        initial: Any = None,
        noise: float = 0.0,
        filter: str | type | None = None,
        plastic: Any = None,
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
        made: Any = cls
        return made(
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
