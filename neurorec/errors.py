"""What went wrong, what was expected, and the way out: one line each."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable

from neurorec.display import plain


class NeurorecError(Exception):
    """Anything neurorec refuses or gives up on; the text is meant for the person who reads it."""

    def __str__(self) -> str:
        """It may quote a file from anybody, which must not reach for the reader's terminal."""
        return plain(super().__str__())


class ShapeError(NeurorecError, ValueError):
    """An array has the wrong shape."""


class ValueRefused(NeurorecError, ValueError):
    """A number, a setting or the content of an array makes no sense."""


class UnknownName(NeurorecError, LookupError):
    """There is no cell, rule, task, engine ... of that name."""

    @classmethod
    def among(cls, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """The error for `name`, with the nearest of the `known` names.

        Parameters
        ----------
        kind : str
            What was looked for, in the singular: ``"rule"``.
        name : str
            What was asked for.
        known : iterable of str
            What there is.
        """
        known = sorted(known)
        near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return cls(f"no {kind} named {name!r}; {hint}there are {', '.join(known) or 'none'}")


class NotOffered(NeurorecError, TypeError):
    """A cell, rule, schedule and engine that cannot work together."""


class DivergenceError(NeurorecError, ArithmeticError):
    """Training became unstable; the last good weights were kept."""


class RunFileError(NeurorecError, OSError):
    """A file that is no run, is damaged, is newer than this library, or cannot be written."""


class UnrollWarning(UserWarning):
    """An iteration over time did not converge, or the network is chaotic, so that its late states are not to be relied on."""


class SilentNetworkWarning(UserWarning):
    """Nothing drives the network that is trained: it answers 0, and no weight can change that."""


def one_line(error: Exception) -> str:
    """What an error of somebody else's says, short; HDF5 hides the system's number in a long text."""
    told = str(error)
    number = getattr(error, "errno", None) or next(map(int, re.findall(r"errno = (\d+)", told)), 0)
    return os.strerror(number) if number else " ".join(told.split())[:200]
