"""Lyapunov exponents: how fast neighbouring trajectories part, in as many directions as are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.dynamics._frame import Frame, expect_finite, number_of
from neurorec.dynamics._map import AbstractMap, Step, as_map
from neurorec.dynamics._starts import as_starts
from neurorec.errors import NotOffered
from neurorec.networks.network import Network
from neurorec.process.one_thread import one_thread
from neurorec.progress import Hook, Progress
from neurorec.random_numbers.seeds import entropy
from neurorec.tasks.base.trials import Trials

if TYPE_CHECKING:
    import xarray

STEPS, TRANSIENT = 5000, 1000
BLOCKS = 10  # of which the standard error is made
FOURTH = 4  # of a trial the first 1/4 turns the tangent vectors, and is not counted


def lyapunov(
    net: Any,
    inputs: Any = None,
    exponents: int | None = None,
    steps: int = STEPS,
    *,
    transient: int = TRANSIENT,
    start: Any = None,
    seed: int | None = 0,
    dt: float = 1.0,
    size: int = 0,
    jacobian: Step | None = None,
    progress: bool | Hook = False,
) -> xarray.Dataset:
    """Lyapunov exponents of a network under a constant input, or of each trial of a driven one.

    Tangent vectors go along with the trajectory, v(t) = dF/dx v(t-1), and are made orthogonal again by QR (Benettin 1980); the logarithms of
    what R has on its diagonal, averaged, are the exponents. Noise is off.

    Parameters
    ----------
    net : Network, ModuleNetwork, Run or callable
        Of a run the network as it was last trained. A function of your own takes and returns states, (rows, n).
    inputs : (I,) array_like or Trials, optional
        Held constant; or trials, each of which has exponents of its own, of finite time, from the network's initial state on.
        None: zeros.
    exponents : int, optional
        How many, the largest first. None: all.
    steps : int
        That are averaged, of a constant input.
    transient : int
        Steps before them, for the state to settle and the tangent vectors to turn.
    start : (n,) array_like, optional
        State to begin with. None: a random one.
    seed : int or None
        Of start and tangent vectors.
    dt, size, jacobian
        Of a function, as for `fixed_points`.
    progress : bool or callable
        As for `nr.train`.

    Returns
    -------
    xarray.Dataset
        With a dimension ``trial`` where trials were given:

        - ``exponent`` (exponent): in 1/s, largest first; ``error`` (exponent): standard error of ten blocks of time. Without an index, so that
          arithmetic with another spectrum goes by their order; what xarray reads back from a file has one, ``drop_indexes("exponent")``.
        - ``dimension``: Kaplan and Yorke's; NaN where too few exponents were computed for it.
        - ``entropy``: sum of the positive exponents, in 1/s.
        - ``block`` (block, exponent): the exponents of each block of time, 1/s.

    Raises
    ------
    ShapeError, ValueRefused, NotOffered
        If start or inputs do not fit, more exponents are asked for than there are, or the trajectory diverges.

    References
    ----------
    Benettin et al. (1980), doi:10.1007/BF02128236; Engelken, Wolf and Abbott (2023), doi:10.1103/PhysRevResearch.5.043044.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(0, 30, 1, gain=1.2, seed=0)
    >>> spectrum = nr.dynamics.lyapunov(net, exponents=3, steps=500, transient=200)
    >>> spectrum["exponent"].attrs["units"]
    '1/s'
    """
    with one_thread:
        if isinstance(inputs, Trials):
            return _of_trials(net, inputs, exponents, seed, progress)
        count = np.size(start) if size == 0 and start is not None else size
        system = as_map(net, inputs, count, dt, jacobian)
        rng = np.random.default_rng([entropy(seed), 2])
        x = rng.standard_normal((1, system.size)) if start is None else as_starts(system, np.atleast_2d(start), seed)[:1]
        frame = Frame.random(rng, 1, system.size, number_of(exponents, system.size))
        total = whole("steps", steps, BLOCKS) + whole("transient", transient, 0)
        with Progress(progress, total, unit="step") as shown:
            logs = _grown(system, (system for _ in range(total)), x, frame, transient, shown)
        return _labelled(logs[transient:, 0], system.dt, frame, {"transient": transient})


def _of_trials(net: Any, trials: Trials, exponents: int | None, seed: int | None, progress: bool | Hook) -> xarray.Dataset:
    if not isinstance(net, Network):
        raise NotOffered("trials go with a nr.Network; a torch module, or a function, takes a constant input")
    system: Any = as_map(net)
    frame = Frame.random(np.random.default_rng([entropy(seed), 2]), trials.count, system.size, number_of(exponents, system.size))
    x = np.repeat(np.reshape(net.initial, (1, system.size)).astype(np.float64), trials.count, axis=0)
    maps = (system.under(each.astype(np.float64)) for each in trials.inputs)
    turned = trials.steps // FOURTH
    with Progress(progress, trials.steps, unit="step") as shown:
        logs = _grown(system, maps, x, frame, turned, shown)
    return _labelled(logs[turned:], system.dt, frame, {"transient": turned}, ("trial",))


def _grown(system: AbstractMap, maps: Iterator[AbstractMap], x: np.ndarray, frame: Frame, turned: int, shown: Progress) -> np.ndarray:
    """Growth of each tangent vector a step, shared evenly among the steps between two decompositions, (steps, B, k)."""
    logs, since = [], 0
    for done, each in enumerate(maps, 1):
        with np.errstate(all="ignore"):  # a trajectory that diverges is refused below
            (x, frame.q), since = each.advance(x, frame.q), since + 1
        if since >= frame.every or done == turned:  # what grew before is not counted
            expect_finite(x, done)
            logs += [frame.decompose(since) / since] * since
            since = 0
            shown.advance(done, float(np.mean([each[0, 0] for each in logs[-100:]])) / system.dt)
    if since:
        logs += [frame.decompose(since) / since] * since
    return np.array(logs)


def _labelled(logs: np.ndarray, dt: float, frame: Frame, settings: dict[str, Any], dims: tuple[str, ...] = ()) -> xarray.Dataset:
    """From growth a step, (steps, [trial,] k)."""
    import xarray

    blocks = np.stack([each.mean(axis=0) for each in np.array_split(logs, min(BLOCKS, len(logs)))]) / dt
    values = logs.mean(axis=0) / dt
    order = np.argsort(-values, axis=-1)
    values, blocks = np.take_along_axis(values, order, -1), np.take_along_axis(blocks, order[None], -1)
    error = blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks)) if len(blocks) > 1 else np.full_like(values, np.nan)
    per_second = {"units": "1/s"}
    dimension = np.apply_along_axis(_kaplan_yorke, -1, values, frame.q.shape[1])
    variables = {
        "exponent": ((*dims, "exponent"), values, {**per_second, "long_name": "Lyapunov exponent"}),
        "error": ((*dims, "exponent"), error, {**per_second, "long_name": "standard error of blocks of time"}),
        "dimension": (dims, dimension, {"units": "1", "long_name": "Kaplan-Yorke dimension"}),
        "entropy": (dims, np.where(values > 0, values, 0).sum(axis=-1), {**per_second, "long_name": "sum of positive exponents"}),
        "block": (("block", *dims, "exponent"), blocks, per_second),
    }
    found = xarray.Dataset(variables, attrs={"dt": positive("dt", dt), "steps": len(logs), **settings})
    return found.drop_indexes("exponent", errors="ignore")  # or the difference of two spectra would pair equal values, not equal numbers


def _kaplan_yorke(values: np.ndarray, size: int) -> float:
    """j + sum of the first j exponents / |exponent j + 1|, j the most whose sum is not negative; NaN if that needs more than are known."""
    sums = np.cumsum(values)
    below = np.flatnonzero(sums < 0)
    if not len(below):
        return float(size) if len(values) == size else np.nan
    j = int(below[0])
    return j + float(sums[j - 1] / abs(values[j])) if j else 0.0
