"""What a loop is made of, and how a file names it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from neurorec.circuits.box import Box
from neurorec.circuits.conjunctive_cells import ConjunctiveCells
from neurorec.circuits.end_state import EndState
from neurorec.circuits.reward_prediction import RewardPrediction
from neurorec.circuits.rewarded_hebbian import RewardedHebbian
from neurorec.discovery import name_of, word
from neurorec.errors import ShapeError, UnknownName, ValueRefused
from neurorec.networks.network import Network
from neurorec.trust import Trusted, instance, trusted_class

CONTEXTS = {"end_state": EndState, "conjunctive_cells": ConjunctiveCells}
PLASTICITIES = {"rewarded_hebbian": RewardedHebbian, "reward_prediction": RewardPrediction}


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


def part(kind: str, known: Mapping[str, type], given: Any) -> Any:
    """One of the loop's parts, by name or as it is."""
    if not isinstance(given, str):
        return given
    if given not in known:
        raise UnknownName.among(kind, given, list(known))
    return known[given]()


def described(part: Any) -> dict[str, Any]:
    """Name and settings, JSON-able."""
    return {"name": name_of(part), "settings": dataclasses.asdict(part)}


def remade(known: Mapping[str, type], base: type, described: Mapping[str, Any], trust: Trusted) -> Any:
    """What `described` described; a class of the user's own, derived from `base`, must be trusted."""
    name = str(described["name"])
    if ":" not in name and name not in known:
        raise UnknownName.among(word(base), name, list(known))
    return instance(trusted_class(name, base, trust) if ":" in name else known[name], described["settings"])


def expect_a_choice(syllables: tuple[str, ...], refractory: int, box: Box | None) -> None:
    """Refuse a pause and a box that do not fit the syllables."""
    if refractory >= len(syllables):
        raise ValueRefused(f"refractory = {refractory} of {len(syllables)} syllables leaves none to choose; lower it")
    if box is not None and len(box.ways) != len(syllables):
        raise ShapeError(f"the box has {len(box.ways)} ways and there are {len(syllables)} syllables; give it one row a syllable")
