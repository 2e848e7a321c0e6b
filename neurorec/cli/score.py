"""How well a trained network does what it was trained for."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurorec.engines.base import AbstractEngine
    from neurorec.run import Run
    from neurorec.trials import AbstractTask

TESTED = 100  # new trials


def scored(run: Run, task: AbstractTask, engine: str | AbstractEngine) -> dict[str, Any]:
    """The task's own score of the trained network, on trials that come after those of the training; and what it means."""
    import numpy as np

    from neurorec.engines import simulate

    seed, batch, found = run.config["seed"], run.config["batch"], []
    for first in range(0, TESTED, batch):  # as many side by side as there was room for
        trials = task.trials(min(batch, TESTED - first), seed, run.total + first)
        found.append(task.score(simulate(run.network, trials, engine, seed).outputs, trials))
    meaning = (inspect.getdoc(type(task).score) or "").partition("\n")[0].replace(", (B,)", "").removesuffix(".")
    return {"score": float(np.concatenate(found).mean()), "score_means": f"{meaning}; mean of {TESTED} new trials"}
