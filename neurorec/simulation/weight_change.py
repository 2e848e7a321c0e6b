"""The change that a rule would make; nothing is learnt."""

from __future__ import annotations

import numpy as np

from neurorec.discovery import resolve
from neurorec.engines.base import AbstractEngine, check
from neurorec.engines.base.around import around
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.free_parameters import free_parameters_of
from neurorec.networks.weights import Weights
from neurorec.random_numbers.seeds import entropy
from neurorec.simulation.loss import weighted_error
from neurorec.simulation.stimulus import fit, stimulus
from neurorec.tasks.base.trials import Trials


def weight_change(
    network: AbstractNetwork,
    trials: Trials,
    rule: str | AbstractRule = "rflo",
    engine: str | AbstractEngine = "numba",
    feedback: str | AbstractFeedback | None = None,
    seed: int | None = 0,
) -> dict[str, np.ndarray]:
    """The change that a rule would make, summed over time and averaged over trials: for an exact rule -dL/dW.

    Parameters
    ----------
    network, trials, engine, seed
        As for `simulate`.
    rule : str or rule
        From ``nr.names("rules")``.
    feedback : str or feedback, optional
        From ``nr.names("feedbacks")``; None: the rule's own.

    Returns
    -------
    dict of str to array
        ``recurrent, input, readout, bias`` (of a torch module: its own weights, and ``readout``), shaped as the network's, each
        plastic parameter of the cell, (N,), and each free parameter of `recurrent`, shaped as in ``network.free``; zero where
        the rule changes nothing.
    """
    runner, law = resolve("engines", engine), resolve("rules", rule)
    check(runner, law, "trial", network)
    runner = around(runner, network)
    fit(network, trials)
    weights, given = Weights.of(network, runner.dtype), stimulus(network, trials, runner.dtype, entropy(seed))
    activity = runner.forward(network, weights, given)
    error, back = weighted_error(activity.readout, trials), resolve("feedbacks", feedback or law.feedback)
    change = runner.change(network, weights, given, activity, error, law, back)
    found = {name: change.view(name) for name in change.spans if name not in ("feedback", "parameters", *network.learnt)}
    found |= {name: change.parameters[network.formula.parameters.index(name)] for name in network.formula.plastic}
    found = {name: value if law.may_change(name) else np.zeros_like(value) for name, value in found.items()}
    for name in found.keys() & change.spans.keys():
        change.view(name)[...] = found[name]
    free_parameters_of(network).pull_back(weights, change, law)
    return found | {name: change.view(name) for name in network.learnt}
