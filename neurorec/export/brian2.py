"""A script that runs a network in Brian2, and a file with its weights."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurorec.discovery import resolve
from neurorec.engines.base import Stimulus, expect_dense
from neurorec.engines.brian2.circuit_text import circuit
from neurorec.engines.brian2.contents import arrays, beside, sizes, values
from neurorec.engines.brian2.unit_text import STEP, UnitText
from neurorec.errors import NotOffered, ValueRefused
from neurorec.export._brian2_script import script
from neurorec.hdf5.publish import publishing
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights
from neurorec.random_numbers.seeds import entropy
from neurorec.simulation.stimulus import fit, stimulus
from neurorec.tasks.base.trials import Trials

TARGETS = ("numpy", "cython", "cpp_standalone")
ERROR = "(target_array(t, i) - y)*share_array(t, i)"  # minus the derivative of half the squared error, by a step's share of the loss


def to_brian2(
    network: Network,
    trials: Trials,
    path: str | PathLike[str],
    rule: str | AbstractRule | None = None,
    seed: int | None = 0,
    target: str = "numpy",
    overwrite: bool = False,
) -> Path:
    """Write a Python script that a user of Brian2 runs and changes without neurorec.

    Beside it goes a file of the same name that ends in ``.h5``, with weights, first states and inputs. The script writes what it finds,
    outputs and states over time, to a third, ``<name>_found.h5``; it is what `nr.simulate` gives but for rounding.

    Parameters
    ----------
    network : Network
    trials : Trials
        They run beside one another, as copies of the network.
    path : path
        Of the script; ``.py``.
    rule : str or rule, optional
        A local one, from ``nr.names("rules")``: synapses then carry its eligibility traces, and the script finds the change of every weight
        that `nr.weight_change` gives. The loss must be ``"mse"``.
    seed : int
        Of the network's private noise, which is written down.
    target : str
        What Brian2 generates: ``"numpy"``, ``"cython"`` or ``"cpp_standalone"``; the last two compile for a while.
    overwrite : bool
        Whether files of these names may be replaced.

    Returns
    -------
    Path
        Of the script.

    Raises
    ------
    NotOffered
        If the rule or the loss, or a word of the formula, has no form for Brian2, or recurrent weights are sparse.
    ValueRefused, RunFileError
        If `path` does not end in .py, or there is such a file.

    Examples
    --------
    >>> import tempfile
    >>> import neurorec as nr
    >>> net = nr.Network.random(inputs=1, units=5, outputs=1)
    >>> task = nr.task("interval_matching")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nr.export.brian2(net, task.trials(2), f"{folder}/five_units.py").name
    'five_units.py'
    """
    path = _checked(path, target)
    expect_dense("a script for Brian2", network)
    law = None if rule is None else _checked_rule(resolve("rules", rule), trials)
    if network.readout_tau or (law and network.activity_cost):
        raise NotOffered("a script has no readout filter and no cost of activity; export network.replace(readout_tau=0, activity_cost=0)")
    fit(network, trials)
    weights, given = Weights.of(network, np.float64), stimulus(network, trials, np.float64, entropy(seed))
    unit, back = UnitText(network.formula, given.noise is not None), None if law is None else _back(weights, law)
    parts = circuit(unit, network.inputs, None if law is None else ERROR)
    found = {f"values/{part}/{name}": each for part, name, each in values(network, weights, given, unit, back)}
    found |= {f"arrays/{name}": each for name, each in _over_time(network, given, law).items()}
    with publishing(path.with_suffix(".h5"), overwrite) as aside:
        _write(aside, found)
    with publishing(path, overwrite) as aside:
        Path(aside).write_text(script(network, unit, parts, sizes(network), given.inputs.shape[:2], {STEP: network.dt}, target, path.stem))
    return path


def _checked(path: str | PathLike[str], target: str) -> Path:
    if Path(path).suffix != ".py":
        raise ValueRefused(f"the script's name must end in .py, got {str(path)!r}")
    if target not in TARGETS:
        raise ValueRefused(f"target must be one of {', '.join(TARGETS)}, got {target!r}")
    return Path(path)


def _checked_rule(rule: AbstractRule, trials: Trials) -> AbstractRule:
    if rule.through_units:
        raise NotOffered(f"{type(rule).__name__} needs what a weight does by way of other units; a script has local rules, such as 'rflo'")
    if trials.loss != "mse":
        raise NotOffered(
            f"a script compares outputs with targets by half the squared error, and these trials have {trials.loss!r}; leave out rule="
        )
    return rule


def _back(weights: Weights, rule: AbstractRule) -> np.ndarray:
    return resolve("feedbacks", rule.feedback).element(weights.readout.T, weights.feedback)


def _over_time(network: Network, given: Stimulus, rule: AbstractRule | None) -> Mapping[str, np.ndarray]:
    found = arrays(network, given)
    if rule is None:
        return found
    share = np.broadcast_to(given.loss_weight[..., None], given.targets.shape)
    return found | {"target_array": beside(given.targets), "share_array": beside(share)}


def _write(path: Any, found: Mapping[str, np.ndarray]) -> None:
    with h5py.File(path, "w") as file:
        for name, each in found.items():
            file.create_dataset(name, data=each)
