"""What a network answered in one trial, and what it should have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.errors import NeurorecError
from neurorec.plots._look import COLOURS, COLUMN, axes, look
from neurorec.plots._runs import AnyTrials, loss_of, one, recorded, simulated
from neurorec.runs.run import Run
from neurorec.simulation.trajectories import Trajectories
from neurorec.tasks.base.collection import Dataset
from neurorec.tasks.base.trials import Trials
from neurorec.training.task_of_run import task_of_run

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

TARGET = {"color": "#BBBBBB", "linewidth": 3.0, "solid_capstyle": "butt"}  # thick and pale: the output shows on top of it
GAP = 1.2  # from one channel to the next, as a multiple of the widest


def outputs(run: AnyTrials, trial: int = -1, ax: Axes | None = None) -> Axes:
    """Outputs against targets of a trial over time, one row a channel; the title says how well they agree.

    The target is drawn where it counts in the loss, as a square where that is a single step. Of a classification,
    outputs are shown after the softmax. Where nothing was asked of a simulation, there are outputs only.

    Parameters
    ----------
    run : Run, path or Trajectories
        A run that recorded ``"output"`` and ``"target"``; or what `nr.simulate` gave.
    trial : int
        Of a run its number, counted from 1; of trajectories its place, from 0; negative: of those that there are, counted from the last.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    UnknownName, ValueRefused
        If the variables or the trial were not recorded.
    """
    data, shown = _trial(run, trial)
    output = data["output"].values
    with look():
        ax = axes(ax, COLUMN, 2.3 + 0.25 * output.shape[1])
        _draw(ax, data["time"].values, output, shown)
        ax.set_title(_agreement(int(data["trial"]), output, shown), loc="left", pad=17)
        ax.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, columnspacing=1.2, borderaxespad=0.2, borderpad=0.2
        )  # below the title
    return ax


def _trial(run: AnyTrials, trial: int) -> tuple[xarray.Dataset, Trials]:
    """Its outputs and number, and what was asked."""
    if isinstance(run, Trajectories):
        data = simulated(run, trial, "output")
        return data, run.trials.take(np.array([int(data["trial"])]))
    run = one(run)
    data = recorded(run, trial, "output", "target")
    return data, _asked(run, data)


def _asked(run: Run, data: xarray.Dataset) -> Trials:
    """The recorded trial, with its mask where the task can be made again; else every step counts."""
    number, steps = int(data["trial"]) - 1, np.rint(data["time"].values / run.network.dt).astype(int) - 1
    loss = run.config["loss"]
    try:
        made = task_of_run(run.config, None, run.trust).trials(1, run.config["seed"], number)
        mask, channels = made.mask[steps, 0], made.channels
    except NeurorecError:  # trained on arrays, or on a class that is not trusted: the file does not hold the mask
        mask, channels = np.ones(len(steps)), ()
    mask = mask if mask.any() else np.ones(len(steps))
    if loss_of(loss).classes:
        mask = mask * data["target"].values.any(axis=1)  # a step without a class cannot have counted
    return Trials(np.zeros((len(steps), 0)), data["target"].values, mask, dt=run.network.dt, loss=loss, channels=channels)


def _agreement(trial: int, output: np.ndarray, shown: Trials) -> str:
    if not shown.has_targets:
        return f"trial {trial}"
    counted = shown.mask[:, 0] > 0
    classes = loss_of(shown.loss).classes
    if not classes and counted.sum() == 1:  # a single answer has no variance
        return f"trial {trial}: off by {np.abs(output - shown.targets[:, 0])[counted].max():.2g}"
    share = float(Dataset(shown).score(output[:, None, :], shown)[0])
    return f"trial {trial}: " + (f"{share:.0%} of time steps right" if classes else f"{share:.0%} of variance explained")


def _draw(ax: Axes, time: np.ndarray, output: np.ndarray, shown: Trials) -> None:
    target = np.where(shown.mask > 0, shown.targets[:, 0], np.nan) if shown.has_targets else np.full(output.shape, np.nan)
    probable = loss_of(shown.loss).link == "softmax"
    if probable:
        output = _softmax(output)
    channels, style = output.shape[1], TARGET | _squares(shown.mask[:, 0] > 0)
    both = np.concatenate([output, target])
    space = GAP * max(float((np.nanmax(both, axis=0) - np.nanmin(both, axis=0)).max()), 1e-6)
    down = -space * np.arange(channels)  # the first channel on top
    for channel in range(channels):
        first = channel == 0
        if shown.has_targets:
            ax.plot(time, target[:, channel] + down[channel], label="target" if first else None, **style)
        ax.plot(time, output[:, channel] + down[channel], color=COLOURS[0], label="output" if first else None)
    ax.set_xlabel("time (s)")
    ax.set_xlim(0, time[-1])
    names = shown.channels or tuple(map(str, range(channels)))
    _name_rows(ax, down, space, "probability" if probable else "output", names)


def _squares(counted: np.ndarray) -> dict[str, Any]:
    """Marks at steps that count while those before and after do not: no line goes through them."""
    before, after = np.pad(counted, (1, 0))[:-1], np.pad(counted, (0, 1))[1:]
    alone = np.flatnonzero(counted & ~before & ~after)
    return {"marker": "s", "markevery": alone, "clip_on": False} if alone.size else {}


def _name_rows(ax: Axes, down: np.ndarray, space: float, what: str, names: tuple[str, ...]) -> None:
    """One channel has an ordinary axis; of several each row's zero has the channel's name or number, and a bar tells the scale."""
    if len(down) == 1:
        ax.set_ylabel(what)
        return
    ax.set_yticks(down, names)
    ax.set_ylabel("output channel")
    length = _round_below(space / 2)
    x, across = 1.015, ax.get_yaxis_transform()  # x in parts of the axes' width, y in data
    ax.plot([x, x], [down[-1], down[-1] + length], transform=across, color="black", linewidth=1.5, clip_on=False, solid_capstyle="butt")
    ax.text(x + 0.015, down[-1] + length / 2, f"{length:g}" if what == "output" else f"p = {length:g}", transform=across, va="center")


def _round_below(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is no larger."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(m * power for m in (1, 2, 5) if m * power <= value))


def _softmax(logits: np.ndarray) -> np.ndarray:
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)
