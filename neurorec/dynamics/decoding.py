"""What can be read out of the states, when: linear decoders trained at one time and tested at others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._states import conditions_of, states_of, times_of
from neurorec.errors import ValueRefused
from neurorec.random_numbers.seeds import entropy

if TYPE_CHECKING:
    import xarray

PENALTIES = np.logspace(-4, 4, 9)  # of ridge regression; which is best is found within the training part


def decoding(
    activity: Any, condition: str, times: int = 20, folds: int = 5, seed: int | None = 0, state: str | Sequence[str] | None = None
) -> xarray.Dataset:
    """How well a linear decoder tells a condition of the trials from the states, by time of training and of testing.

    Of words, booleans and whole numbers: linear discriminants with shrunk covariance, scored by the share of right answers, each class
    weighing the same. Of real numbers: ridge regression, scored by R^2. Every score is of trials that its decoder has not seen.

    Parameters
    ----------
    activity : Trajectories, Run, DataArray or (time, trial, unit) array
    condition : str
        Of the trials.
    times : int
        At how many times, evenly spaced, the last included.
    folds : int
        Parts of the trials, each tested by decoders of the others.
    seed : int or None
        Which trial goes into which part.
    state : str or sequence of str, optional
        Of a cell with several. None: the first.

    Returns
    -------
    xarray.Dataset
        - ``score`` (time, tested_time): mean over the parts. On the diagonal, what can be read out; off it, whether the same decoder
          reads it at other times, which is so where the code does not change.
        - ``spread`` (time, tested_time): standard deviation over the parts.
        - ``chance``: 1 / classes; 0 of real numbers.

    Raises
    ------
    UnknownName, ValueRefused
        If there is no such condition, or too few trials of a class.

    References
    ----------
    King and Dehaene (2014), doi:10.1016/j.tics.2014.01.002, on generalisation over time.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("delayed_match_to_sample", dt=0.05, n_stimuli=2)
    >>> shown = nr.simulate(nr.Network.for_task(task, units=8), task, n=40)
    >>> scores = nr.dynamics.decoding(shown, "sample", times=4)
    >>> scores["score"].dims
    ('time', 'tested_time')
    """
    import xarray

    states = states_of(activity, state)
    (name,) = conditions_of(states, condition)
    labels, x = states[name].values, states.values.astype(np.float64)
    at = np.unique(np.linspace(0, len(x) - 1, min(whole("times", times) + 1, len(x))).round().astype(int))[-times:]
    parts = list(_parts(labels, whole("folds", folds, 2), seed, name))
    scores = np.array([_scores(x[at], labels, train, test) for train, test in parts])
    over, real = ("time", "tested_time"), labels.dtype.kind == "f"
    unit = {"units": "1", "long_name": "R^2" if real else "share of right answers, classes weighted alike"}
    variables = {
        "score": (over, scores.mean(axis=0), unit),
        "spread": (over, scores.std(axis=0), {"units": "1"}),
        "chance": ((), 0.0 if real else 1 / len(np.unique(labels)), {"units": "1"}),
    }
    moments = times_of(states).get("time", np.arange(len(x)))
    moments = np.asarray(moments)[at]
    return xarray.Dataset(variables, {"time": ("time", moments, {"units": "s"}), "tested_time": ("tested_time", moments, {"units": "s"})})


def _parts(labels: np.ndarray, folds: int, seed: int | None, name: str) -> Any:
    """Numbers of training and test trials; of classes, each part has its share of every one."""
    from sklearn.model_selection import KFold, StratifiedKFold

    random = int(np.random.default_rng(entropy(seed)).integers(2**31))
    if labels.dtype.kind == "f":
        return KFold(folds, shuffle=True, random_state=random).split(labels)
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2 or counts.min() < folds:
        rarest = classes[counts.argmin()]
        raise ValueRefused(
            f"{name} = {rarest} has {counts.min()} of {len(labels)} trials, and {len(classes)} values; each of two or more needs "
            f"{folds} trials, one a fold: simulate more, or choose fewer folds"
        )
    return StratifiedKFold(folds, shuffle=True, random_state=random).split(labels, labels)


def _scores(x: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Of decoders of each time (rows) at each time (columns), (times, times)."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import RidgeCV
    from sklearn.metrics import balanced_accuracy_score, r2_score

    real = labels.dtype.kind == "f"
    score = r2_score if real else balanced_accuracy_score
    rows = []
    for now in x:
        decoder: Any = RidgeCV(PENALTIES) if real else LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        decoder.fit(now[train], labels[train])
        rows.append([score(labels[test], decoder.predict(then[test])) for then in x])
    return np.array(rows)
