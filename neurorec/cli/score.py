"""How well a trained network does what it was trained for."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from neurorec.engines.base import AbstractEngine
    from neurorec.runs.run import Run
    from neurorec.tasks.base.task import AbstractTask

TESTED = 100  # new trials


def scored(run: Run, task: AbstractTask, engine: str | AbstractEngine) -> dict[str, Any]:
    """The task's own score of the trained network, on trials that come after those of the training; and what it means."""
    from neurorec.training.settings import TrainingSettings

    found = (_in_a_row if TrainingSettings.of_run(run.config).start == "carried" else _each_by_itself)(run, task, engine)
    meaning = (inspect.getdoc(type(task).score) or "").partition("\n")[0].replace(", (B,)", "").removesuffix(".")
    return {"score": float(found.mean()), "score_means": f"{meaning}; mean of {len(found)} new trials"}


def _each_by_itself(run: Run, task: AbstractTask, engine: str | AbstractEngine) -> np.ndarray:
    """Scores of trials that begin in the network's own state, as many side by side as there was room for in the training."""
    import numpy as np

    from neurorec.simulation.simulate import simulate

    seed, batch, found = run.config["seed"], run.config["batch"], []
    for first in range(0, TESTED, batch):
        trials = task.trials(min(batch, TESTED - first), seed, run.total + first)
        found.append(task.score(simulate(run.network, trials, engine, seed).outputs, trials))
    return np.concatenate(found)


def _in_a_row(run: Run, task: AbstractTask, engine: str | AbstractEngine) -> np.ndarray:
    """Scores of trials that follow one another in every place of the batch, each from the state in which the last one ended."""
    from neurorec.simulation.simulate import simulate
    from neurorec.tasks.base.trials import Trials

    seed, places = run.config["seed"], run.config["batch"]
    rows = -(-TESTED // places)
    trials = task.trials(rows * places, seed, run.total)
    long = (
        trials.inputs.reshape(trials.steps, rows, places, task.n_inputs).swapaxes(0, 1).reshape(rows * trials.steps, places, task.n_inputs)
    )
    outputs = simulate(run.network, Trials(long, dt=trials.dt), engine, seed).outputs
    return task.score(outputs.reshape(rows, trials.steps, places, -1).swapaxes(0, 1).reshape(trials.steps, rows * places, -1), trials)
