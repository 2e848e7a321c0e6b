"""Which weights of a network change, and at which learning rate: whole matrices, or synapse by synapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurorec.arrays import real_array
from neurorec.errors import ValueRefused, expect_known
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.pattern import strengths

Plastic = Sequence[str] | Mapping[str, Any]
Rate = float | Mapping[str, Any]
Rates = dict[str, float | np.ndarray]


def with_plastic(network: AbstractNetwork, plastic: Plastic | None) -> tuple[AbstractNetwork, dict[str, np.ndarray]]:
    """The network with these plastic weights, and a mask of those of which only some synapses are plastic.

    Parameters
    ----------
    network : Network or ModuleNetwork
    plastic : sequence of str, mapping or None
        Names; or of some names a mask shaped as the weight, 1 or True where it changes (None: all of it). None: as the network says.

    Raises
    ------
    ShapeError, ValueRefused
        If a mask has another shape or other values, or is one of a matrix that a parametrisation computes.
    """
    if plastic is None:
        return network, {}
    if not isinstance(plastic, Mapping):
        return network.replace(plastic=(plastic,) if isinstance(plastic, str) else tuple(plastic)), {}
    if network.learnt and not _is_whole(plastic.get("recurrent")):
        raise ValueRefused(
            f"recurrent is made by {network.parametrisation!r} and has no synapses of its own to mask; "
            f"give masks of what it is made of, plastic={{{network.learnt[0]!r}: mask}}"
        )
    chosen = network.replace(plastic=tuple(dict.fromkeys("recurrent" if name in network.learnt else name for name in plastic)))
    masks = {name: _mask(chosen, name, value) for name, value in plastic.items() if not _is_whole(value)}
    if set(network.learnt) & plastic.keys():
        masks |= {name: np.zeros(weight_shape(chosen, name), bool) for name in network.learnt if name not in plastic}
    return chosen, {name: mask for name, mask in masks.items() if not mask.all()}


def learning_rates(
    network: AbstractNetwork, rule: AbstractRule, feedback: Any, rate: Rate, masks: Mapping[str, np.ndarray] | None = None
) -> Rates:
    """The learning rate of every weight that will change: a number, or an array shaped as the weight where its synapses differ.

    Parameters
    ----------
    network, rule, feedback
    rate : float or mapping
        For all weights, or one each; of a weight also an array, one rate a synapse.
    masks : mapping of str to array of bool, optional
        As `with_plastic` returned them.

    Raises
    ------
    ShapeError, ValueRefused
        If a rate is no positive number, a plastic weight has none, or nothing would change.
    """
    names = changing(network, rule)
    if not any((masks or {}).get(name, np.True_).any() for name in names):
        raise ValueRefused(
            f"nothing would change: plastic weights are {', '.join(network.plastic) or 'none'}{' under their masks' if masks else ''}, "
            f"and {type(rule).__name__} changes none of them"
        )
    if any(isinstance(each, bool) for each in (rate.values() if isinstance(rate, Mapping) else [rate])):
        raise ValueRefused(f"a rate must be a number, got {rate!r}; 0 keeps a weight as it is")
    if isinstance(rate, Mapping):
        expect_known("plastic weight (in rate)", rate, names)
        if missing := [name for name in names if name not in rate]:
            raise ValueRefused(f"no rate for {', '.join(missing)}; give one each, 0 to keep a weight as it is, or one number for all")
    rates = {name: _rate(network, name, rate[name] if isinstance(rate, Mapping) else real_array("rate", rate, ())) for name in names}
    rates |= {name: rates[name] * mask for name, mask in (masks or {}).items() if name in rates}
    # Kolen-Pollack: feedback follows the readout at the same rate, or the two would not converge.
    return {**rates, "feedback": np.transpose(rates["readout"])} if feedback.plastic and "readout" in rates else rates


def uneven(rates: Rates) -> tuple[str, ...]:
    """Names of the weights whose synapses have rates of their own."""
    return tuple(name for name, rate in rates.items() if np.ndim(rate))


def largest_rate(rate: Rate) -> float | dict[str, float]:
    """A rate as plain numbers: of an array its largest entry."""
    return {name: float(np.max(strengths(each), initial=0)) for name, each in rate.items()} if isinstance(rate, Mapping) else float(rate)


def weight_shape(network: AbstractNetwork, name: str) -> tuple[int, ...]:
    """Of a weight, or of a per-unit parameter."""
    parts = network.parts()
    return parts[name].shape if name in parts else (network.units,)


def along(network: AbstractNetwork, name: str, what: str, value: Any) -> Any:
    """Numbers shaped as a weight, as its optimiser holds them: of sparse recurrent weights one a synapse."""
    if network.pattern is None or name not in ("recurrent", *network.learnt):
        return value
    return network.pattern.values(what, value)


def changing(network: AbstractNetwork, rule: AbstractRule) -> list[str]:
    """Plastic weights that a rule changes; in the place of `recurrent` its free parameters, if it has some."""
    plastic = [name for name in network.plastic if rule.may_change(name)]
    return [each for name in plastic for each in (network.learnt if name == "recurrent" and network.learnt else (name,))]


def _rate(network: AbstractNetwork, name: str, value: Any) -> float | np.ndarray:
    value = along(network, name, f"rate[{name!r}]", value)
    shape = () if np.ndim(value) == 0 else weight_shape(network, name)
    rate = real_array(f"rate[{name!r}]", value, shape, "one rate a synapse, shaped as the weight")
    if rate.size and rate.min() < 0:
        raise ValueRefused(f"rates must be zero or positive, got {rate.min():g} for {name}")
    return rate if rate.size and rate.min() < rate.max() else float(rate.max(initial=0))


def _mask(network: AbstractNetwork, name: str, value: Any) -> np.ndarray:
    value = along(network, name, f"plastic[{name!r}]", value)
    mask = real_array(f"plastic[{name!r}]", value, weight_shape(network, name), "a mask is shaped as the weight, True where it changes")
    if not np.isin(mask, (0, 1)).all():
        raise ValueRefused(f"plastic[{name!r}] must hold True and False (or 1 and 0); rates of their own go in rate={{{name!r}: array}}")
    return mask == 1


def _is_whole(value: Any) -> bool:
    """All of a weight, without a mask."""
    return value is None or value is True
