"""``import neurorec`` is quick because it loads nothing; every public name is there when it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import neurorec

HEAVY = {"brian2", "h5py", "matplotlib", "numba", "numpy", "pandas", "scipy", "sympy", "torch", "xarray"}


def loaded_after(statement: str) -> set[str]:
    """Modules of a fresh process: counted, not timed, so that a slow machine says the same."""
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("statement", ["import neurorec", "import neurorec; neurorec.names('cells')"])
def test_nothing_heavy_is_loaded(statement: str) -> None:
    assert loaded_after(statement) & HEAVY == set()


@pytest.mark.parametrize("name", neurorec.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(neurorec, name) is not None
    assert name in dir(neurorec)


def test_an_unknown_name_is_refused_with_the_list() -> None:
    with pytest.raises(AttributeError, match="neurorec has no 'trian'; it has .*train"):
        neurorec.trian  # noqa: B018 - asking for it is the test


def test_the_citation_names_this_version() -> None:
    citation = (Path(__file__).parents[1] / "CITATION.cff").read_text()
    assert f"\nversion: {neurorec.__version__}\n" in citation
