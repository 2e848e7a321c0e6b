"""The torch module of an architecture, and its weights as arrays."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.errors import NotOffered, ValueRefused
from neurorec.formula.once import LOCK, once

if TYPE_CHECKING:
    import torch


@once(16)
def shared_module(architecture: type, inputs: int, units: int, settings: str) -> torch.nn.Module:
    """A module of an architecture and settings (JSON), which must not be changed: the one of all networks that are alike in these."""
    # By class, not by name: in a notebook one name stands for several in turn.
    return new_module(architecture, inputs, units, json.loads(settings), seed=0)


def new_module(architecture: type, inputs: int, units: int, settings: Mapping[str, Any], seed: int) -> torch.nn.Module:
    """A module of its own, whose random numbers are fixed by a seed.

    Raises
    ------
    NotOffered, ValueRefused
        If the class is no architecture, or does not take these settings.
    """
    import torch

    name = architecture.__name__
    if missing := [each for each in ("states", "initial", "step") if not hasattr(architecture, each)]:
        raise NotOffered(f"the torch module {name} has no {' and no '.join(missing)}; see neurorec.networks.architectures.base")
    try:
        inspect.signature(architecture).bind(inputs, units, **settings)
    except TypeError as error:
        raise ValueRefused(f"{name}(inputs, units, **settings) cannot be made with settings {dict(settings)}: {error}") from error
    with LOCK, torch.random.fork_rng(devices=[]):  # the generator is the process's
        torch.manual_seed(seed)
        return architecture(inputs, units, **settings)


def weights_of(module: torch.nn.Module) -> dict[str, np.ndarray]:
    """Parameters and buffers of real numbers, by torch's names."""
    return {name: value.detach().double().numpy() for name, value in module.state_dict().items() if value.is_floating_point()}
