"""Every law of every kind: a new file is under test before its author writes one. The laws are in `neurorec.testing`."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

import neurorec as nr
from neurorec import testing
from neurorec.discovery import KINDS, load, singular


def marks(kind: str, name: str) -> list[pytest.MarkDecorator]:
    """What it needs: a machine that has something is a mark, an optional package a skip where it is not installed."""
    needs = getattr(load(kind, name), "needs", ())
    if isinstance(needs, frozenset):
        return [getattr(pytest.mark, need) for need in needs]
    return [pytest.mark.skipif(find_spec(each) is None, reason=f"{name} needs {each}, which is not installed") for each in needs]


EVERYTHING = [pytest.param(kind, name, marks=marks(kind, name), id=f"{kind}-{name}") for kind in KINDS for name in nr.names(kind)]


@pytest.mark.parametrize(("kind", "name"), EVERYTHING)
def test_it_keeps_the_laws_of_its_kind(kind, name):
    getattr(testing, f"check_{singular(kind)}")(name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_members_and_a_check(kind):
    assert nr.names(kind)
    assert callable(getattr(testing, f"check_{singular(kind)}"))


def test_a_check_that_there_is_not_is_said():
    with pytest.raises(AttributeError, match="no 'check_cel'; it has check_cell"):
        testing.check_cel  # noqa: B018 - asking for it is the test
