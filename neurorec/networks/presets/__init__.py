"""One named composition per file, with its paper's initialisation and learning rates."""

from __future__ import annotations

from typing import Any

from neurorec.discovery import made
from neurorec.networks.abstract_network import AbstractNetwork


def preset(
    name: str, inputs: int, units: int, outputs: int, seed: int | None = 0, dt: float | None = None, **settings: Any
) -> AbstractNetwork:
    """A network of a paper: cell (or architecture), filter, parametrisation, initialisation.

    Parameters
    ----------
    name : str
        From ``nr.names("presets")``.
    inputs, units, outputs : int
        Sizes I, N, O.
    seed : int
        Fixes every weight.
    dt : float, optional
        Time step in seconds; cells without a time constant take it as it is. None: the preset's own, 0.01 or, of units that spike, 0.001.
    **settings
        Fields of the preset's class.

    Raises
    ------
    UnknownName, ValueRefused
        With the names there are.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.preset("scornn", inputs=1, units=8, outputs=1)
    >>> net.cell, net.parametrisation
    ('modrelu', 'cayley')
    """
    chosen = made("presets", name, settings)
    return chosen.network(inputs, units, outputs, chosen.dt if dt is None else dt, seed)


def training(name: str) -> dict[str, Any]:
    """How the paper trains it, as keyword arguments of `nr.train`: rule, optimiser, rates, clip; the engine, where only one will do.

    Parameters
    ----------
    name : str
        From ``nr.names("presets")``.

    Examples
    --------
    >>> import neurorec as nr
    >>> nr.presets.training("lstm")
    {'rule': 'bptt', 'optimiser': 'rmsprop', 'rate': 0.001, 'clip': 1.0}
    """
    return dict(made("presets", name, {}).training)
