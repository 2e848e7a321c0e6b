"""How many dimensions activity fills, how long it remembers itself, and how fast it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.dynamics._states import states_of, time_step
from neurorec.errors import ValueRefused
from neurorec.runs.run import Run
from neurorec.simulation.trajectories import Trajectories

if TYPE_CHECKING:
    import xarray

BLOCKS = 8  # of time, of which no two samples are compared within one


def dimension(
    what: Any, state: str | None = None, *, dt: float = 1.0, blocks: int | None = None, lags: int | None = None
) -> xarray.Dataset:
    """Participation ratio of activity, its autocorrelation, and its speed.

    The participation ratio (sum l)^2 / sum l^2 of the eigenvalues l of the covariance C is the number of dimensions that the activity fills: k
    for k equal variances. From T samples of N units the naive ratio is too small, by the noise of C: N(0, 1) in 200 dimensions gives .80 of
    them from 800 samples. Here tr(C_a C_b) of two different blocks of time, whose noise is independent, takes the place of sum l^2 = tr(C C).
    That is without bias as far as blocks are independent, thus longer than the activity's memory.

    Parameters
    ----------
    what : Trajectories, Run, DataArray or array_like
        An array is (time, unit) or (time, trial, unit).
    state : str, optional
        Which of the cell's states, or of the variables that a run recorded. None: the first.
    dt : float
        Of an array: seconds a step.
    blocks : int, optional
        Blocks of time, 2 at least. None: 8, or as many as have two steps each.
    lags : int, optional
        Steps over which the autocorrelation is computed. None: a quarter of the time.

    Returns
    -------
    xarray.Dataset
        - ``participation_ratio``: unbiased; NaN where the estimate of tr(C C) is not positive. ``naive``: of the eigenvalues, too small.
        - ``share``: ``participation_ratio`` of the number of units.
        - ``autocorrelation`` (lag): of deviations from the mean over time, all units and trials together; ``lag`` in s.
        - ``autocorrelation_time``: in s, where it has fallen to 1/e, interpolated; NaN if it does not. ``autocorrelation_width``: full width at half
          its height, in s, or NaN.
        - ``speed`` (time, trial): norm of the change a step over dt, in 1/s; ``mean_speed``.

    Raises
    ------
    NotOffered, ShapeError, UnknownName, ValueRefused
        If it is nothing of these, if there are fewer than two steps a block, or no such variable.

    References
    ----------
    Gao et al. (2017), doi:10.1101/214262, for the ratio.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> noise = np.random.default_rng(0).normal(size=(800, 200))
    >>> found = nr.dynamics.dimension(noise)
    >>> bool(found["naive"] < 165 < 195 < found["participation_ratio"] < 205)
    True
    """
    states, step = _activity(what, state, dt)
    count = max(2, min(BLOCKS, len(states) // 2)) if blocks is None else whole("blocks", blocks, 2)
    if len(states) < 2 * count:
        raise ValueRefused(f"{len(states)} steps are too few for {count} blocks of two at least; pass fewer blocks, or a longer trajectory")
    x = states - states.mean(axis=(0, 1), keepdims=True)
    most = len(x) // 4 if lags is None else min(whole("lags", lags), len(x) - 1)
    return _labelled(x, _cross_block(x, count), _correlation(x, most), step)


def _activity(what: Any, state: str | None, dt: float) -> tuple[np.ndarray, float]:
    """(time, trial, unit), and seconds a step."""
    flat = not isinstance(what, Trajectories | Run) and np.ndim(what) == 2  # one trial
    states = states_of(np.asarray(what)[:, None] if flat else what, state)
    return states.values.astype(np.float64), time_step(states) if "time" in states.coords else positive("dt", dt)


def _cross_block(x: np.ndarray, blocks: int) -> float:
    """(tr C_a)(tr C_b) / tr(C_a C_b), numerator and denominator averaged over pairs of different blocks."""
    parts = [part.reshape(-1, x.shape[2]) / np.sqrt(part.shape[0] * part.shape[1]) for part in np.array_split(x, blocks)]
    traces = np.array([(part**2).sum() for part in parts])
    apart = ~np.eye(blocks, dtype=bool)
    below = _products(parts)[apart].mean()
    return float(np.outer(traces, traces)[apart].mean() / below) if below > 0 else np.nan


def _products(parts: list[np.ndarray]) -> np.ndarray:
    """tr(C_a C_b) of all pairs, by whichever of covariances and overlaps is the smaller."""
    if max(map(len, parts)) > parts[0].shape[1]:
        covariances = np.stack([(part.T @ part).ravel() for part in parts])
        return covariances @ covariances.T
    return np.array([[((a @ b.T) ** 2).sum() for b in parts] for a in parts])


def _naive(x: np.ndarray) -> float:
    rows = x.reshape(-1, x.shape[2])
    small = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
    return float(np.trace(small) ** 2 / (small**2).sum()) if small.any() else np.nan


def _correlation(x: np.ndarray, lags: int) -> np.ndarray:
    """Of lags 0 to `lags`, 1 at 0."""
    size = 2 * len(x)
    power = (np.abs(np.fft.rfft(x, size, axis=0)) ** 2).sum(axis=(1, 2))
    products = np.fft.irfft(power, size)[: lags + 1] / (len(x) - np.arange(lags + 1))
    return products / products[0] if products[0] > 0 else np.full(lags + 1, np.nan)


def _falls_to(correlation: np.ndarray, level: float, dt: float) -> float:
    """Seconds to the first lag at which it is at a level, interpolated."""
    below = np.flatnonzero(correlation < level)
    if not len(below) or below[0] == 0:
        return np.nan
    k = int(below[0])
    share = (correlation[k - 1] - level) / (correlation[k - 1] - correlation[k])
    return float(dt * (k - 1 + share))


def _labelled(x: np.ndarray, ratio: float, correlation: np.ndarray, dt: float) -> xarray.Dataset:
    import xarray

    speed = np.linalg.norm(np.diff(x, axis=0), axis=2) / dt
    variables = {
        "participation_ratio": ((), ratio, {"units": "1", "long_name": "dimensions, without bias"}),
        "share": ((), ratio / x.shape[2], {"units": "1", "long_name": "of the number of units"}),
        "naive": ((), _naive(x), {"units": "1", "long_name": "participation ratio of the samples, too small"}),
        "autocorrelation": ("lag", correlation, {"units": "1"}),
        "autocorrelation_time": ((), _falls_to(correlation, np.exp(-1), dt), {"units": "s"}),
        "autocorrelation_width": ((), 2 * _falls_to(correlation, 0.5, dt), {"units": "s"}),
        "speed": (("time", "trial"), speed, {"units": "1/s"}),
        "mean_speed": ((), speed.mean(), {"units": "1/s"}),
    }
    coordinates = {
        "lag": ("lag", dt * np.arange(len(correlation)), {"units": "s"}),
        "time": ("time", dt * np.arange(1, len(x)), {"units": "s"}),
    }
    return xarray.Dataset(variables, coordinates, {"dt": dt})
