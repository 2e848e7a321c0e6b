"""How a pulse shifts a rhythm, by the phase at which it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import number, positive, real_array, whole
from neurorec.dynamics._perturbed import direction_of, network_of, pulsed, with_channel
from neurorec.errors import ValueRefused
from neurorec.networks.network import Network
from neurorec.simulation.trajectories import Trajectories
from neurorec.tasks.base.trials import Trials

if TYPE_CHECKING:
    import xarray

ENGINE = "reference"  # float64: shifts are small differences of times
STEADY = 1e-3  # by how much, relative to the period, the last two periods may differ


def phase_response(
    oscillator: Any,
    amplitude: float = 0.1,
    phases: int = 16,
    *,
    units: Sequence[int] | int | None = None,
    direction: Any = None,
    drive: int = 0,
    duration: float | None = None,
    inputs: Any = None,
    settle: float = 10.0,
    cycles: int = 5,
    channel: int = 0,
) -> xarray.Dataset:
    """Phase response curve of a network that oscillates under a constant input.

    The network runs until its rhythm is steady. Phase 0 is where an output rises through the middle of its range. A pulse comes at each of
    some phases, and the crossing some periods later is compared with that of the network that was left alone.

    Parameters
    ----------
    oscillator : Network or Run
        Without private noise.
    amplitude : float
        Added to the drive u of the units, times the direction.
    phases : int
        How many, evenly spaced over the period.
    units, direction, drive
        As for `pulse`.
    duration : float, optional
        Seconds. None: one step.
    inputs : (I,) array_like, optional
        Held constant. None: zeros.
    settle : float
        Seconds before the first pulse, in which the rhythm must become steady.
    cycles : int
        Periods after the pulse until the shift is measured.
    channel : int
        The output that tells the phase.

    Returns
    -------
    xarray.Dataset
        - ``shift`` (phase): of the rhythm, in periods; positive where the pulse advances it; between -1/2 and 1/2.
        - ``period`` in s; ``state`` (phase, unit): where the pulse met the network; ``step`` (phase): how many steps after
          the one before phase 0.

        ``phase`` is that of the state that the pulse meets, from 0 to 1.

    Raises
    ------
    NotOffered, ValueRefused
        If the network is noisy, or its output has no steady rhythm after `settle`.

    References
    ----------
    Winfree (1980), The Geometry of Biological Time.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> spin = np.array([[2.0, -2.0], [2.0, 2.0]])
    >>> net = nr.Network(recurrent=spin, input=np.zeros((2, 0)), readout=np.eye(1, 2), initial=[0.1, 0], dt=0.01)
    >>> curve = nr.dynamics.phase_response(net, units=[0], phases=4)
    >>> round(float(curve["period"]), 2)
    0.71
    """
    network = network_of(oscillator)
    if network.noise:
        raise ValueRefused("the network is noisy, so that a shift is not of the pulse alone; pass net.replace(noise=0)")
    x = np.zeros(network.inputs) if inputs is None else real_array("inputs", inputs, (network.inputs,))
    rhythm = _Rhythm(with_channel(network, direction_of(network, units, direction, drive)), x, channel)
    begin, period = rhythm.settled(round(positive("settle", settle, "seconds") / network.dt))
    at = np.round(np.arange(whole("phases", phases)) / phases * period).astype(int)
    steps = int(np.ceil((whole("cycles", cycles) + 2) * period)) + 2
    width = 1 if duration is None else max(1, round(positive("duration", duration, "seconds") / network.dt))
    pulses = np.zeros((steps, phases + 1))
    for k, first in enumerate(at):
        pulses[first : first + width, k + 1] = number("amplitude", amplitude)
    shown = rhythm.run(pulses, begin)
    late = [rhythm.crossings(shown, k, after=cycles * period)[0] for k in range(phases + 1)]
    shift = (late[0] - np.array(late[1:])) / period
    return _labelled(rhythm.network.dt, period, at, rhythm.crossings(shown, 0)[0], (shift + 0.5) % 1 - 0.5, shown, begin)


class _Rhythm:
    """A network with a channel for pulses, under a constant input; times in steps."""

    def __init__(self, network: Network, inputs: np.ndarray, channel: int):
        self.network, self.inputs, self.channel, self.level = network, inputs, channel, 0.0

    def run(self, pulses: np.ndarray, initial: np.ndarray) -> Trajectories:
        """From one state, with pulses (T, B)."""
        held = np.broadcast_to(self.inputs, (*pulses.shape, len(self.inputs)))
        return pulsed(self.network, Trials(held, dt=self.network.dt), pulses, ENGINE, 0, initial)

    def settled(self, steps: int) -> tuple[np.ndarray, float]:
        """The state just before a crossing, and the period in steps."""
        shown = self.run(np.zeros((steps, 1)), self.network.initial)
        late = shown.outputs[steps // 2 :, 0, self.channel]
        self.level = (late.max() + late.min()) / 2
        times = self.crossings(shown, 0)
        gaps = np.diff(times)
        if len(gaps) < 2 or abs(gaps[-1] - gaps[-2]) > STEADY * gaps[-1] or np.ptp(late) < 1e-6:
            raise ValueRefused(
                f"output {self.channel} has no steady rhythm after {steps * self.network.dt:g} s ({len(times)} upward crossings of its middle); "
                "settle longer, start from another net.initial, or name another channel"
            )
        last = int(times[-1])  # the step just before the crossing
        return np.concatenate([state[last, 0] for state in shown.states.values()]), float(gaps[-2:].mean())

    def crossings(self, shown: Trajectories, trial: int, after: float = 0.0) -> np.ndarray:
        """Steps, with a fraction by linear interpolation, at which the output rises through the middle."""
        y = shown.outputs[:, trial, self.channel] - self.level
        below = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
        times = below + y[below] / (y[below] - y[below + 1])
        return times[times > after]


def _labelled(
    dt: float, period: float, at: np.ndarray, first: float, shift: np.ndarray, shown: Trajectories, begin: np.ndarray
) -> xarray.Dataset:
    import xarray

    whole_ = np.concatenate([state[:, 0] for state in shown.states.values()], axis=1)
    before = np.concatenate([begin[None], whole_])[at]
    phase = ((at - 1 - first) / period) % 1  # of the state that the pulse meets, one step earlier than the first that it changes
    order = np.argsort(phase)
    variables = {
        "shift": ("phase", shift[order], {"units": "1", "long_name": "advance, in periods"}),
        "period": ((), period * dt, {"units": "s"}),
        "state": (("phase", "unit"), before[order], {"units": "1"}),
        "step": ("phase", at[order], {"units": "steps"}),
    }
    return xarray.Dataset(variables, {"phase": ("phase", phase[order], {"units": "1"})})
