"""Calls of compiled code side by side, in as many threads as an engine can keep busy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Answer = TypeVar("Answer")


def side_by_side(calls: Iterable[Callable[[], Answer]], threads: int) -> list[Answer]:
    """What they answer, in their order; of errors the first is raised, when no call is under way any more."""
    calls = list(calls)
    if min(threads, len(calls)) < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(min(threads, len(calls)), thread_name_prefix="neurorec") as pool:
        return list(pool.map(lambda call: call(), calls))
