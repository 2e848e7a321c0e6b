"""What went wrong, what was expected, and the way out: one line each."""

from __future__ import annotations

import difflib
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

from neurorec.display import escaped

_ABOUT = ContextVar("_ABOUT", default="")  # what the errors and warnings of a block begin with


class NeurorecError(Exception):
    """Base class of all errors that neurorec raises."""

    def __str__(self) -> str:
        """With control characters escaped: it may quote a file from anybody."""
        return escaped(super().__str__())


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
            In the singular: ``"rule"``.
        name : str
            The unknown name.
        known : iterable of str
            The names there are.
        """
        known = sorted(known)
        near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return cls(f"no {kind} named {name!r}; {hint}there are {', '.join(known) or 'none'}")


class NotOffered(NeurorecError, TypeError):
    """A cell, rule, schedule and engine that do not work together."""


class DivergenceError(NeurorecError, ArithmeticError):
    """Training became unstable; the last good weights were kept."""


class DivergenceWarning(UserWarning):
    """Of networks that train side by side some became unstable, and stopped alone; their last good weights were kept."""


class RunFileError(NeurorecError, OSError):
    """A file that is no run, is damaged, is newer than this library, or cannot be written."""


class RankLost(NeurorecError, RuntimeError):
    """One of the processes that train a network together is gone, or does not answer."""


class UnrollWarning(UserWarning):
    """An iteration over time did not converge, or the network is chaotic: its late states are unreliable."""


class SilentNetworkWarning(UserWarning):
    """Nothing drives the network that is trained: its output is 0, and no weight can change that."""


class SlowMemoryWarning(UserWarning):
    """What units adapt with, or remember by, hardly decays within a trial: it counts what happened rather than forgets it."""


@contextmanager
def about(what: str) -> Iterator[None]:
    """Errors and warnings of the block begin with what they are about: ``"network 3"``."""
    token = _ABOUT.set(f"{what}: ")
    try:
        yield
    except NeurorecError as error:
        raise type(error)(f"{what}: {error}") from error
    finally:
        _ABOUT.reset(token)


def warn(said: str, category: type[Warning]) -> None:
    """Warn of the line that called neurorec, from however deep within."""
    warnings.warn(_ABOUT.get() + said, category, stacklevel=2 + _frames_within(sys._getframe(1)))


def _frames_within(frame: FrameType | None) -> int:
    """How many frames, from this one outwards, are of this library."""
    depth = 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "neurorec":
        frame, depth = frame.f_back, depth + 1
    return depth


def one_line(error: Exception) -> str:
    """An error of another library in one line; HDF5 hides the system's error number in a long text."""
    text = str(error)
    number = getattr(error, "errno", None) or next(map(int, re.findall(r"errno = (\d+)", text)), 0)
    return os.strerror(number) if number else " ".join(text.split())[:200]


def expect_known(kind: str, names: Mapping[str, object], known: Sequence[str]) -> None:
    """Refuse names that are not known."""
    for name in names:
        if name not in known:
            raise ValueRefused(f"no {kind} named {name!r}; there are {', '.join(known) or 'none'}")
