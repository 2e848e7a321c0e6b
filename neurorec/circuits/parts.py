"""What a loop is made of, and how a file names it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from neurorec.circuits.box import Box
from neurorec.discovery import name_of
from neurorec.errors import ShapeError, ValueRefused
from neurorec.networks.network import Network


def names(network: Network, syllables: Sequence[str] | None) -> tuple[str, ...]:
    """Of the syllables, one an input of the network."""
    names = tuple(map(str, range(network.inputs))) if syllables is None else tuple(syllables)
    if network.inputs == 0:
        raise ShapeError("a loop switches a network's inputs, and this one has none; train one with an input a syllable")
    if len(names) != network.inputs:
        raise ShapeError(f"the network has {network.inputs} inputs and there are {len(names)} syllables; it needs one input a syllable")
    if len(set(names)) < len(names):
        raise ValueRefused(f"syllables must have different names, got {', '.join(names)}")
    return names


def share(exploration: float) -> float:
    """A probability."""
    if isinstance(exploration, bool) or not isinstance(exploration, int | float) or not 0 <= exploration <= 1:
        raise ValueRefused(f"exploration must lie between 0 and 1, got {exploration!r}")
    return float(exploration)


def described(part: Any) -> dict[str, Any]:
    """Name and settings, JSON-able."""
    return {"name": name_of(part), "settings": dataclasses.asdict(part)}


def expect_a_choice(syllables: tuple[str, ...], refractory: int, box: Box | None) -> None:
    """Refuse a pause and a box that do not fit the syllables."""
    if refractory >= len(syllables):
        raise ValueRefused(f"refractory = {refractory} of {len(syllables)} syllables leaves none to choose; lower it")
    if box is not None and len(box.ways) != len(syllables):
        raise ShapeError(f"the box has {len(box.ways)} ways and there are {len(syllables)} syllables; give it one row a syllable")
