"""What a network does without some of its units or synapses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import real_array
from neurorec.discovery import resolve
from neurorec.dynamics._perturbed import network_of, numbers_of, trials_of
from neurorec.engines.base import AbstractEngine
from neurorec.errors import ValueRefused, expect_known
from neurorec.networks.network import Network
from neurorec.networks.plasticity import along
from neurorec.simulation.simulate import simulate
from neurorec.tasks.base.task import AbstractTask

if TYPE_CHECKING:
    import xarray

WEIGHTS = ("recurrent", "input", "readout")


def lesion(
    net: Any, trials: Any, lesions: Sequence[Any] | None = None, *, engine: str | AbstractEngine = "reference", seed: int | None = 0
) -> xarray.Dataset:
    """Losses, scores and outputs with units silenced or synapses cut, one lesion at a time.

    A silenced unit reaches neither other units nor the readout; these do exactly what they would in a network without it.

    Parameters
    ----------
    net : Network or Run
        Which is not changed.
    trials : Trials, task, name of a task, or (T, B, I) array_like
        As for `nr.simulate`. Only a task has scores.
    lesions : sequence, optional
        Each the number of a unit, several of them, or a mapping of weights (recurrent, input, readout) to masks, True where a synapse is cut.
        None: every unit, alone.
    engine, seed
        As for `nr.simulate`.

    Returns
    -------
    xarray.Dataset
        - ``loss``, ``score`` (lesion, trial), where there are targets, and a task; ``control_loss``, ``control_score`` (trial): of the whole
          network.
        - ``output`` (lesion, time, trial, output_channel), ``control_output`` (time, trial, output_channel).
        - ``change`` (lesion, trial): root mean square of the difference of the outputs.

    Raises
    ------
    NotOffered, ShapeError, ValueRefused
        If the network is a torch module, or a lesion does not fit it.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(3, 10, 3, seed=0)
    >>> found = nr.dynamics.lesion(net, "n_bit_flip_flop", [0, [1, 2], {"recurrent": net.recurrent < 0}])
    >>> found["loss"].sizes["lesion"]
    3
    """
    import xarray

    network = network_of(net)
    given = trials_of(network, trials, seed)
    task = resolve("tasks", trials) if isinstance(trials, str | AbstractTask) else None
    chosen = range(network.units) if lesions is None else list(lesions)
    shown = [simulate(each, given, engine=engine, seed=seed) for each in (network, *(_without(network, what) for what in chosen))]
    outputs = np.array([each.outputs for each in shown], dtype=np.float64)
    over = ("time", "trial", "output_channel")
    variables: dict[str, Any] = {
        "output": (("lesion", *over), outputs[1:], {"units": "1"}),
        "control_output": (over, outputs[0], {"units": "1"}),
        "change": (("lesion", "trial"), np.sqrt(((outputs[1:] - outputs[0]) ** 2).mean(axis=(1, 3))), {"units": "1"}),
    }
    measured = {"loss": np.array([each.loss for each in shown])} if given.has_targets else {}
    measured |= {"score": np.array([task.score(each, given) for each in outputs])} if task is not None else {}
    for name, values in measured.items():
        variables |= {name: (("lesion", "trial"), values[1:], {"units": "1"}), f"control_{name}": ("trial", values[0], {"units": "1"})}
    return xarray.Dataset(variables, {**shown[0].to_xarray()["output"].coords, "lesion": list(map(_called, chosen))})


def _called(what: Any) -> str:
    return "cut " + ", ".join(what) if isinstance(what, Mapping) else " ".join(map(str, np.atleast_1d(what)))


def _without(network: Network, what: Any) -> Network:
    """The network with units silenced or synapses cut; what its weights were computed by goes."""
    cut = _masks(network, what) if isinstance(what, Mapping) else _outgoing(network, numbers_of("a lesion", what, network.units))
    weights = {name: _silenced(network, name, mask) for name, mask in cut.items()}
    return network.replace(**weights, **({"parametrisation": None} if "recurrent" in weights and network.parametrisation else {}))


def _silenced(network: Network, name: str, mask: np.ndarray) -> Any:
    """A weight with zeros under a mask; of a sparse one the synapses stay, and are silent."""
    if name == "recurrent" and network.pattern is not None:
        return network.pattern.sharing(np.where(network.pattern.values("the mask", mask), 0, network.recurrent.data))
    return np.where(mask, 0, getattr(network, name))


def _outgoing(network: Network, units: np.ndarray) -> dict[str, np.ndarray]:
    """Of units, the synapses to other units and to the readout."""
    columns = np.zeros(network.recurrent.shape[1], bool)
    columns.reshape(-1, network.units)[:, units] = True
    return {name: np.broadcast_to(columns, getattr(network, name).shape) for name in ("recurrent", "readout")}


def _masks(network: Network, what: Mapping[str, Any]) -> dict[str, np.ndarray]:
    expect_known("weight (of a lesion)", what, WEIGHTS)
    parts = network.parts()
    masks = {
        name: real_array(
            name, along(network, name, name, mask), parts[name].shape, "a mask is shaped as the weight, True where a synapse is cut"
        )
        for name, mask in what.items()
    }
    if wrong := [name for name, mask in masks.items() if not np.isin(mask, (0, 1)).all()]:
        raise ValueRefused(f"the mask of {wrong[0]} must hold True and False, True where a synapse is cut")
    return {name: mask == 1 for name, mask in masks.items()}
