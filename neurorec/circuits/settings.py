"""Settings of a loop, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurorec.circuits.box import Box
from neurorec.errors import ShapeError, UnknownName, ValueRefused
from neurorec.networks.network import Network


def syllable_names(network: Network, syllables: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the syllables, one an input of the network."""
    names = tuple(map(str, range(network.inputs))) if syllables is None else tuple(syllables)
    if network.inputs == 0:
        raise ShapeError("a loop switches a network's inputs, and this one has none; train one with an input a syllable")
    if len(names) != network.inputs:
        raise ShapeError(f"the network has {network.inputs} inputs and there are {len(names)} syllables; it needs one input a syllable")
    if len(set(names)) < len(names):
        raise ValueRefused(f"syllables must have different names, got {', '.join(names)}")
    return names


def numbers_of(sequence: Sequence[Any], syllables: tuple[str, ...]) -> tuple[int, ...]:
    """Syllables by number, given by name or number."""
    if len(sequence) == 0:
        raise ValueRefused(f"the sequence is empty; give at least one of {', '.join(syllables)}")
    return tuple(_number(each, syllables) for each in sequence)


def probability(name: str, value: float) -> float:
    """A number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueRefused(f"{name} must lie between 0 and 1, got {value!r}")
    return float(value)


def expect_a_choice(syllables: tuple[str, ...], refractory: int, box: Box | None) -> None:
    """Refuse a refractory time and a box that do not fit the syllables."""
    if refractory >= len(syllables):
        raise ValueRefused(f"refractory = {refractory} of {len(syllables)} syllables leaves none to choose; lower it")
    if box is not None and len(box.ways) != len(syllables):
        raise ShapeError(f"the box has {len(box.ways)} ways and there are {len(syllables)} syllables; give it one row a syllable")


def _number(syllable: Any, syllables: tuple[str, ...]) -> int:
    if isinstance(syllable, int | np.integer) and 0 <= syllable < len(syllables):
        return int(syllable)
    if syllable not in syllables:
        raise UnknownName.among("syllable", str(syllable), syllables)
    return syllables.index(syllable)
