"""Plain code that Numba compiles as it stands: the same function as Python runs it, and compiled."""

from __future__ import annotations

import dataclasses
import inspect
from collections import namedtuple
from collections.abc import Callable
from typing import Any


def compiled(part: Any, function: str) -> Callable:
    """A function of an object; one that reads settings gets them as compiled loops give them, as a tuple with names."""
    import numba

    cls = type(part)
    code = numba.njit(getattr(cls, function))
    if isinstance(inspect.getattr_static(cls, function), staticmethod):
        return code
    fields = {each.name: getattr(part, each.name) for each in dataclasses.fields(part)}
    made: Any = namedtuple(cls.__name__, fields)  # noqa: PYI024 - its names are the class's
    return lambda *arguments: code(made(**fields), *arguments)
