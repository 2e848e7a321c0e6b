"""Laws of a learning rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.discovery import class_of, load, names, resolve
from neurorec.simulation.weight_change import weight_change
from neurorec.testing._cases import ORDINARY, descent, network, trials
from neurorec.testing._compared import check_changes, check_steps
from neurorec.testing._laws import close, documented, hold
from neurorec.training.parts import settings_of

SCHEDULES = {"trial", "step"}


def check_rule(rule: Any, engine: Any = "numba", cells: tuple[str, ...] = ("leaky_tanh", "gru")) -> None:
    """Hold a rule to its laws.

    What it declares there is; it changes only what it may; an exact one changes weights by minus the slope of the loss; an engine
    evaluates it as the reference does, under every feedback, and at every step where it may change weights then.

    Parameters
    ----------
    rule : rule, class or name
        Of a class derived from `neurorec.AbstractRule`.
    engine : str or engine
        Beside the reference.
    cells : tuple of str
        From ``nr.names("cells")``.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    law = resolve("rules", rule)
    _check_declared(law)
    _check_changes_only_what_it_may(law)
    for cell in cells:
        check_changes(law, engine, law, cell)
        _check_exact(law, cell)
    for feedback in names("feedbacks"):
        check_changes(law, engine, law, feedback=feedback)
    if "step" in law.schedules:
        check_steps(law, engine, ORDINARY, rule=law, rate=0.03, feedback="kolen_pollack", weight_decay=0.1)


def _check_declared(law: Any) -> None:
    documented(type(law))
    hold(isinstance(law.through_units, bool), law, "its influence is one that engines can evaluate")
    hold(law.schedules and law.schedules <= SCHEDULES, law, f"its schedules are some of {sorted(SCHEDULES)}", law.schedules)
    hold(class_of("feedbacks", law.feedback), law, "its feedback is one that there is", law.feedback)
    settings_of(law)  # or a run could not be resumed with it


def _check_changes_only_what_it_may(law: Any) -> None:
    for name, found in weight_change(network(ORDINARY), trials(ORDINARY), rule=law, engine="reference").items():
        hold(
            bool(np.any(found)) == law.may_change(name),
            law,
            f"it changes what may_change says; may_change({name!r}) is {law.may_change(name)}",
        )


def _check_exact(law: Any, cell: str) -> None:
    if law.exact:
        net, data = network(ORDINARY, load("cells", cell)), trials(ORDINARY)
        for name, found in weight_change(net, data, rule=law, engine="reference").items():
            if law.may_change(name):
                close(found, descent(net, data, name), 1e-6, law, f"it is exact: of {cell}, {name} changes by minus the slope of the loss")
