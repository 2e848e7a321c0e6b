"""What is derived, printed or imported once a process, even if several threads call for it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Function = TypeVar("Function", bound=Callable)
LOCK = threading.RLock()  # one for all: a model's formula, its printed text and its modules are made from one another


def once(size: int) -> Callable[[Function], Function]:
    """Remember the last `size` results of a function, which one thread at a time may compute."""

    def decorate(function: Function) -> Function:
        remembered = lru_cache(maxsize=size)(function)

        @wraps(function)
        def locked(*arguments):
            with LOCK:
                return remembered(*arguments)

        return locked  # pyright: ignore[reportReturnType]

    return decorate
