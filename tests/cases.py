"""What tests share with the checks of `neurorec.testing`, drawn by hypothesis here; and the engines there are."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
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
    "network",
    "sizes",
    "trials",
    "value",
    "with_value",
]


def marked(name: str, cls: type) -> object:
    """A name to test; what it needs, such as a GPU, is a mark, and where that is not it is skipped with the reason."""
    return pytest.param(name, marks=[getattr(pytest.mark, need) for need in getattr(cls, "needs", ())])


# Every engine but the definition, and those which can change weights at every step.
_OTHERS = {name: load("engines", name) for name in nr.names("engines") if name != "reference"}
ENGINES = [marked(name, cls) for name, cls in _OTHERS.items()]
STEPPING = [marked(name, cls) for name, cls in _OTHERS.items() if "step" in cls.offers]
LOSSES = nr.names("losses")

sizes = st.builds(Sizes, st.integers(1, 7), st.integers(0, 3), st.integers(1, 3), st.integers(1, 8), st.integers(1, 5))
