"""How a law is held, and how it is said which was not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neurorec.errors import NeurorecError


def hold(holds: object, of: object, law: str, found: object = "") -> None:
    """Raise AssertionError, with what was expected and what was found, unless it holds."""
    told = f"; found {found}" if str(found) else ""
    assert holds, f"{called(of)}: {law}{told}"


def close(found: Any, expected: Any, tolerance: float, of: object, law: str) -> None:
    """Hold two arrays equal but for `tolerance`, relative to the largest entry of what is expected."""
    found, expected = np.asarray(found), np.asarray(expected)
    hold(found.shape == expected.shape, of, f"{law}: of shape {expected.shape}", found.shape)
    apart = difference(found, expected)
    hold(apart <= tolerance, of, f"{law}, to {tolerance:.0e} of the largest entry", f"{apart:.1e}")


def alike(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], tolerance: float, of: object, law: str) -> None:
    """Hold changes of weights equal, relative to the largest of all: one whose change is rounding has no digits to agree in."""
    hold(found.keys() == expected.keys(), of, f"{law}: of {', '.join(expected)}", ", ".join(found))
    largest = max((np.abs(each).max() for each in expected.values() if each.size), default=0.0)
    for name, each in expected.items():
        apart = np.abs(found[name] - each).max(initial=0) / max(largest, 1e-6)
        hold(apart <= tolerance, of, f"{law}: of {name}, to {tolerance:.0e} of the largest change", f"{apart:.1e}")


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference, relative to the largest entry of ``b``."""
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12)) if b.size else 0.0


def refused(ask: Callable[[], object], of: object, law: str) -> str:
    """Hold that something is refused in one line of words; gives the line."""
    try:
        got = ask()
    except NeurorecError as error:
        hold("\n" not in str(error), of, f"{law}, in one line", repr(str(error)))
        return str(error)
    raise AssertionError(f"{called(of)}: {law}; it was taken, and gave {got!r}")


def documented(of: Any) -> None:
    """Hold that it says in its own docstring what it is."""
    own = vars(of).get("__doc__") if inspect.isclass(of) else of.__doc__
    hold((own or "").strip(), of, "a docstring says what it is, in its first line")


def called(of: object) -> str:
    """What an error calls it."""
    return str(getattr(of, "__name__", None) or type(of).__name__)
