"""What is derived, printed or imported once a process, also where several threads ask for it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Made = TypeVar("Made", bound=Callable)
LOCK = threading.RLock()  # one for all: a model's formula, its printed text and its modules are made from one another


def once(kept: int) -> Callable[[Made], Made]:
    """Keep the last `kept` answers of a function, which one thread at a time may work out."""

    def decorate(make: Made) -> Made:
        remembered = lru_cache(maxsize=kept)(make)

        @wraps(make)
        def answer(*arguments):
            with LOCK:
                return remembered(*arguments)

        return answer  # pyright: ignore[reportReturnType]

    return decorate
