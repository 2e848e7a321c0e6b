"""The change that a rule would make; nothing is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurorec.discovery import resolve, shared
from neurorec.engines.base import AbstractEngine, check
from neurorec.engines.base.around import around
from neurorec.learning.error import error_sent_back
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.alike import MANY
from neurorec.networks.free_parameters import free_parameters_of
from neurorec.random_numbers.seeds import entropy
from neurorec.simulation.each import of_each
from neurorec.simulation.engine import engine_for
from neurorec.simulation.kept import kept
from neurorec.simulation.stimulus import fit, stimulus
from neurorec.tasks.base.trials import Trials


def weight_change(
    network: AbstractNetwork | Sequence[AbstractNetwork],
    trials: Trials,
    rule: str | AbstractRule = "rflo",
    engine: str | AbstractEngine = "numba",
    feedback: str | AbstractFeedback | None = None,
    seed: int | Sequence[int | None] | None = 0,
) -> dict[str, Any] | Any:
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
        the rule changes nothing. Of sparse recurrent weights a sparse matrix of the same synapses. Of a list of networks, a list.
    """
    if isinstance(network, MANY):
        return of_each(_changed, network, resolve("engines", engine), {"seed": seed}, trials=trials, rule=rule, feedback=feedback)
    return _changed(network, trials, rule, engine, feedback, seed)


def _changed(network: Any, trials: Trials, rule: Any, engine: Any, feedback: Any, seed: Any) -> dict[str, Any]:
    """Of one network."""
    runner: Any = engine_for(engine, network, trials)
    law = shared("rules", rule)
    check(runner, law, "trial", network)
    runner = around(runner, network)
    fit(network, trials)
    own = kept(network, runner.dtype)
    weights, state = own.weights, own.start(network, trials.count)
    given = stimulus(network, trials, runner.dtype, entropy(seed), state=state)
    activity = runner.forward(network, weights, given)
    error = error_sent_back(activity.readout, given.targets, given.loss_weight, shared("losses", trials.loss))
    back = shared("feedbacks", feedback or law.feedback)
    change = runner.change(network, weights, given, activity, error, law, back)
    found: dict[str, Any] = {name: change.view(name) for name in own.learnt_directly}
    found |= {name: change.parameters[network.formula.parameters.index(name)] for name in network.formula.plastic}
    for name, value in found.items():
        if not law.may_change(name):
            value[...] = 0
    if network.parametrisation is not None:
        free_parameters_of(network).pull_back(weights, change, law)
    if network.pattern is not None:
        found["recurrent"] = network.pattern.matrix(found["recurrent"])
    return found | {name: change.view(name) for name in network.learnt}
