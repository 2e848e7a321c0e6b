"""What tests share with the checks of `neurorec.testing`, drawn by hypothesis here; and the engines there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest
from breadth import crossed
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.errors import DivergenceError
from neurorec.testing._cases import ORDINARY, Sizes, descent, network, trials, value, with_value
from neurorec.testing._laws import difference

__all__ = [
    "ENGINES",
    "LOSSES",
    "ORDINARY",
    "STEPPING",
    "Sizes",
    "descent",
    "difference",
    "end_alike",
    "ending",
    "network",
    "on_engines",
    "sizes",
    "trials",
    "value",
    "with_value",
]


def marked(name: str, cls: type) -> Any:
    """A name to test; what it needs, such as a GPU, is a mark, and where that is not it is skipped with the reason."""
    return pytest.param(name, marks=[getattr(pytest.mark, need) for need in getattr(cls, "needs", ())])


# Every engine but the definition that has every rule, and those which can change weights at every step. What has local rules only takes
# a second for each run, and a file of tests of its own; so has what shares trials, by another engine's loops.
_ALL = {name: load("engines", name) for name in nr.names("engines") if name != "reference"}
_OTHERS = {name: cls for name, cls in _ALL.items() if cls.through_units and not cls.shares_trials}
ENGINES = [marked(name, cls) for name, cls in _OTHERS.items()]
STEPPING = [marked(name, cls) for name, cls in _OTHERS.items() if "step" in cls.offers]
LOSSES = nr.names("losses")


def on_engines(engines: Sequence[Any], *choices: Sequence[Any]) -> list[Any]:
    """Engines with other choices, crossed; those that need something, such as a GPU, with all: skipped, they would leave pairs out."""
    anywhere = [each.values[0] for each in engines if not each.marks]
    particular = [pytest.param(each.values[0], *rest, marks=each.marks) for each in engines if each.marks for rest in product(*choices)]
    return [*crossed(anywhere, *choices), *particular]


# Ordinary ones first, and what a failure is reduced to; then any.
sizes = st.just(ORDINARY) | st.builds(Sizes, st.integers(1, 7), st.integers(0, 3), st.integers(1, 3), st.integers(1, 8), st.integers(1, 5))


def ending(train: Callable[[], nr.Run]) -> nr.Network | str:
    """The network that a training ends with; or when it ran away, as one of a random network may, in what was said but the loss."""
    try:
        return train().network
    except DivergenceError as error:
        told = str(error)
        return told[: told.index(" (loss")] + told[told.index(")") :]


def end_alike(ours: nr.Network | str, definition: nr.Network | str, names: tuple[str, ...], tolerance: float) -> bool:
    """Whether weights agree, or both trainings ran away in the same trial."""
    if isinstance(ours, str) or isinstance(definition, str):
        return ours == definition
    return all(difference(value(ours, name), value(definition, name)) < tolerance for name in names)
