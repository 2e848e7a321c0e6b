"""Lists of networks: what is done with one is done with each, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from neurorec.engines.base import AbstractEngine
from neurorec.errors import about
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.alike import expect_alike, one_each
from neurorec.process.beside import side_by_side

Answer = TypeVar("Answer")


def of_each(
    call: Callable[..., Answer], networks: Sequence[AbstractNetwork], engine: AbstractEngine, lists: Mapping[str, Any], **same: Any
) -> list[Answer]:
    """``call(network, engine=..., ...)`` for every network of a list, with a value each of `lists` (one for all, or a list), in threads.

    Raises
    ------
    ShapeError, NotOffered, ValueRefused
        If the networks do not go together, or a list has another length; what is wrong with one of them names it.
    """
    networks = list(networks)
    expect_alike(networks)
    values = {name: one_each(name, value, len(networks)) for name, value in lists.items()}
    worker = engine.alone()

    def one(k: int) -> Answer:
        with about(f"network {k}"):
            return call(networks[k], engine=worker, **{name: each[k] for name, each in values.items()}, **same)

    return side_by_side([partial(one, k) for k in range(len(networks))], engine.workers)
