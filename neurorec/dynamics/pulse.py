"""What a pulse into some units does to a network in its trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import number, real_array
from neurorec.dynamics._perturbed import direction_of, network_of, pulsed, trials_of, with_channel
from neurorec.dynamics._states import states_of
from neurorec.engines.base import AbstractEngine
from neurorec.errors import ValueRefused
from neurorec.process.memory import expect_memory
from neurorec.tasks.base.trials import Trials

if TYPE_CHECKING:
    import xarray


def pulse(
    net: Any,
    trials: Any,
    amplitude: float | Sequence[float] = 1.0,
    onset: float | Sequence[float] = 0.0,
    duration: float = 0.1,
    *,
    units: Sequence[int] | int | None = None,
    direction: Any = None,
    drive: int = 0,
    engine: str | AbstractEngine = "reference",
    seed: int | None = 0,
) -> xarray.Dataset:
    """A pulse added to what units receive, and how states and outputs then differ from those of the same trials without it.

    The network is given one more input, whose weights are the direction; noise and trials are the same with and without.

    Parameters
    ----------
    net : Network or Run
        Which is not changed.
    trials : Trials, task, name of a task, or (T, B, I) array_like
        As for `nr.simulate`.
    amplitude : float or sequence of float
        Added to the drive u of the units, times the direction; 0 changes nothing, to the last bit.
    onset : float or sequence of float
        Seconds from the start of the trial.
    duration : float
        Seconds.
    units : sequence of int or int, optional
        The same into each. None: all.
    direction : (N,) array_like, optional
        In the place of units: a number a unit, such as the ``left`` of `selection_vectors`.
    drive : int
        Which drive of a cell that has several.
    engine, seed
        As for `nr.simulate`.

    Returns
    -------
    xarray.Dataset
        - ``response`` (amplitude, onset, time, trial, unit): state with the pulse less that without; of a cell with several states all of
          them, as ``variable`` and ``number`` say.
        - ``output_response`` (amplitude, onset, time, trial, output_channel).
        - ``distance`` (amplitude, onset, time, trial): norm of the response.
        - ``control`` (time, trial, unit) and ``control_output``: without the pulse.

    Raises
    ------
    NotOffered, ShapeError, ValueRefused
        If the network is a torch module, or the pulse lies outside of the trials.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(3, 10, 3, seed=0)
    >>> found = nr.dynamics.pulse(net, "n_bit_flip_flop", amplitude=[0.0, 1.0], onset=0.5, units=[2])
    >>> found["distance"].dims
    ('amplitude', 'onset', 'time', 'trial')
    """
    network = network_of(net)
    given, sizes, onsets = (
        trials_of(network, trials, seed),
        *(np.atleast_1d(real_array(*each)) for each in (("amplitude", amplitude), ("onset", onset))),
    )
    channel = with_channel(network, direction_of(network, units, direction, drive))
    windows = [_window(given, float(each), duration) for each in onsets]
    expect_memory(
        16 * len(sizes) * len(onsets) * given.steps * given.count * (network.initial.size + network.outputs),
        "all responses", "pass fewer amplitudes, onsets or trials",
    )  # fmt: skip
    names = list(network.formula.states)
    run = lambda shape: pulsed(channel, given, np.repeat(shape[:, None], given.count, axis=1), engine, seed)  # noqa: E731 - of one argument
    control = run(0 * windows[0])
    shown = [[run(size * window) for window in windows] for size in sizes]
    calm = states_of(control, names if len(names) > 1 else None)
    moved = np.array([[states_of(each, names if len(names) > 1 else None).values for each in row] for row in shown], dtype=np.float64)
    outputs = np.array([[each.outputs for each in row] for row in shown], dtype=np.float64)
    return _labelled(calm, control.to_xarray()["output"], moved, outputs, {"amplitude": sizes, "onset": onsets})


def _window(trials: Trials, onset: float, duration: float) -> np.ndarray:
    """1 in the steps of the pulse, else 0, (T,)."""
    steps = round(number("duration", duration, 0) / trials.dt)
    first = round(number("onset", onset, 0) / trials.dt)
    if steps < 1 or first + steps > trials.steps:
        raise ValueRefused(
            f"a pulse from {onset:g} s to {onset + duration:g} s must last a step of {trials.dt:g} s or more, and end within trials of "
            f"{trials.steps * trials.dt:g} s"
        )
    window = np.zeros(trials.steps)
    window[first : first + steps] = 1
    return window


def _labelled(calm: Any, output: Any, moved: np.ndarray, outputs: np.ndarray, over: dict[str, np.ndarray]) -> xarray.Dataset:
    import xarray

    outer = tuple(over)
    response = moved - calm.values.astype(np.float64)
    variables = {
        "response": ((*outer, "time", "trial", "unit"), response, {"units": "1"}),
        "output_response": ((*outer, "time", "trial", "output_channel"), outputs - output.values.astype(np.float64), {"units": "1"}),
        "distance": ((*outer, "time", "trial"), np.linalg.norm(response, axis=-1), {"units": "1"}),
        "control": (("time", "trial", "unit"), calm.values, {"units": "1"}),
        "control_output": (("time", "trial", "output_channel"), output.values, {"units": "1"}),
    }
    units = {"amplitude": "1", "onset": "s"}
    return xarray.Dataset(
        variables, {**output.coords, **calm.coords, **{name: (name, each, {"units": units[name]}) for name, each in over.items()}}
    )
