"""Learning as a path of fixed points: those of every checkpoint of a run, and where each appears and disappears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._stages import FRESH, searched
from neurorec.progress import Hook
from neurorec.runs.run import Run

if TYPE_CHECKING:
    import xarray


def points_along_run(
    run: Run,
    inputs: Any = None,
    starts: Any = None,
    seed: int | None = 0,
    *,
    fresh: int = FRESH,
    fibres: int | None = None,
    seconds: float | None = None,
    progress: bool | Hook = False,
) -> xarray.Dataset:
    """All fixed points at every checkpoint of a run, under a constant input, tracked from one to the next.

    Newton's steps from a point of one checkpoint lead to what has become of it at the next. A point that no earlier one led to is born there;
    one from which they lead to none, or to one that another is nearer to, has died. Checkpoints that are far apart may hide that a point died
    and another was born between them.

    Parameters
    ----------
    run : Run
        ``nr.Record(checkpoints=...)`` says how many checkpoints there are.
    inputs, starts, seed, fibres
        As for `fixed_points`, at every checkpoint.
    fresh : int
        How many of the starts are used from the second checkpoint on, beside the points of the one before.
    seconds : float, optional
        Budget of all together; where it runs out, the result is marked ``partial``.
    progress : bool or callable
        As for `nr.train`.

    Returns
    -------
    xarray.Dataset
        What `fixed_points` says of each point, for all checkpoints one after another, and

        - ``checkpoint_of`` (point): number of the checkpoint; ``checkpoint`` are the trials done.
        - ``track`` (point): the same number for one point at several checkpoints.
        - ``born``, ``died`` (of_track): trials done at its first checkpoint, and at the first where it is no more, -1 where it is there at the
          end; ``first``, ``last`` (of_track): numbers of its first and last checkpoint.
        - ``points`` (checkpoint): how many; ``starts`` (checkpoint, status): what became of the starts.

    Raises
    ------
    ShapeError, ValueRefused, NotOffered
        As `fixed_points`.

    Examples
    --------
    >>> import neurorec as nr
    >>> found = nr.dynamics.points_along_run(nr.open_run("run.h5"), fresh=16)
    >>> found["born"].dims
    ('of_track',)
    """
    trials = np.array(run.checkpoints)
    ask = {"seed": seed, "fibres": fibres, "seconds": seconds, "progress": progress, "unit": "checkpoint"}
    systems = ((run.checkpoint(int(trial)), inputs) for trial in trials)
    stages, partial = searched(systems, len(trials), starts, whole("fresh", fresh, 0), **ask)
    found = stages.together("checkpoint").assign_coords(checkpoint=("checkpoint", trials, {"units": "1", "long_name": "trials done"}))
    first, last = found["first"].values, found["last"].values
    died = np.where(last + 1 < len(trials), trials[np.minimum(last + 1, len(trials) - 1)], -1)
    about = {"units": "1", "long_name": "trials done"}
    found = found.assign(born=("of_track", trials[first], about), died=("of_track", died, about))
    return found.assign_attrs(dt=run.network.dt, partial=int(partial))
