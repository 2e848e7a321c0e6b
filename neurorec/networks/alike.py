"""Lists of networks that differ in numbers only: what trains, or is simulated, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurorec.display import short_repr
from neurorec.errors import NotOffered, ShapeError, ValueRefused
from neurorec.networks.abstract_network import AbstractNetwork

MANY = (list, tuple, range, np.ndarray)  # what is one value a network; anything else is one for all
OF_EACH = ("noise",)  # attributes in which networks may differ


def expect_alike(networks: Sequence[Any]) -> None:
    """Refuse what is no list of networks of one class, cell and shape.

    Raises
    ------
    NotOffered, ShapeError, ValueRefused
        Naming the first that is another one.
    """
    if len(networks) == 0:
        raise ValueRefused("the list of networks is empty; pass a network, or several")
    for k, each in enumerate(networks):
        if not isinstance(each, AbstractNetwork):
            raise NotOffered(f"network {k} is {short_repr(each)}; a list holds networks and nothing else")
        if (said := _differs(networks[0], each)) is not None:
            raise ShapeError(
                f"network {k} has {said[1]}, network 0 has {said[0]}; networks side by side differ in numbers only, use a call of its own"
            )


def one_each(name: str, value: Any, networks: int) -> list[Any]:
    """A value for every network, from one for all or a list.

    Raises
    ------
    ShapeError
        If the list has another length.
    """
    if not isinstance(value, MANY):
        return [value] * networks
    if len(value) != networks:
        raise ShapeError(f"{name} has {len(value)} values for {networks} networks; give one each, or one for all")
    return value.tolist() if isinstance(value, np.ndarray) else list(value)


def _differs(first: AbstractNetwork, other: AbstractNetwork) -> tuple[str, str] | None:
    """What the two have, where that is not the same."""
    if type(first) is not type(other):
        return f"the class {type(first).__name__}", f"the class {type(other).__name__}"
    if first.sizes != other.sizes:
        return first.sizes, other.sizes
    for name in first.attributes:
        if name not in OF_EACH and (mine := getattr(first, name)) != (theirs := getattr(other, name)):
            return f"{name} {mine!r}", f"{name} {theirs!r}"
    shapes = [{name: array.shape for name, array in each.stored().items()} for each in (first, other)]
    odd = [name for name in shapes[0] | shapes[1] if shapes[0].get(name) != shapes[1].get(name)]
    return (f"{odd[0]} {shapes[0].get(odd[0])}", f"{odd[0]} {shapes[1].get(odd[0])}") if odd else None
