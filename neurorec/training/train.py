"""The one place where network, task, rule, engine, optimiser and record meet."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.arrays import whole
from neurorec.simulation.simulate import fit, recorded
from neurorec.engines.base import AbstractEngine, Activity
from neurorec.errors import DivergenceError, ValueRefused
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.hdf5.damage import reading
from neurorec.process.interrupt import Interrupt
from neurorec.training.trainer import Learner
from neurorec.learning.losses.base import AbstractLoss
from neurorec.process.memory import expect_memory
from neurorec.process.one_thread import one_thread
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.training.parts import Parts
from neurorec.training.settings import Plan
from neurorec.networks.plasticity import largest, narrowed, rates_by_name, uneven
from neurorec.progress import Hook, Progress
from neurorec.runs.record import Record
from neurorec.learning.rules.base import AbstractRule
from neurorec.runs.run import Run
from neurorec.random_numbers.seeds import entropy
from neurorec.runs import RunFile
from neurorec.runs.texts import text_widths
from neurorec.tasks.base.trials import AbstractTask, Trials
from neurorec.trust import Trust, trusted
from neurorec.networks.weights import Weights

if TYPE_CHECKING:
    import xarray

FLUSH_SECONDS = 1.0  # of wall clock between two checkpoints: what a killed training loses
RECENT = 100  # trials over which the criterion's mean loss is taken
KEPT = 20  # trials that are recorded of a training, where the user did not say


def train(
    network: AbstractNetwork,
    task: AbstractTask | Trials | str,
    rule: str | AbstractRule = "rflo",
    engine: str | AbstractEngine = "numba",
    trials: int = 1000,
    batch: int = 1,
    update: str = "trial",
    rate: float | Mapping[str, Any] = 0.03,
    optimiser: str | AbstractOptimiser = "sgd",
    loss: str | AbstractLoss | type[AbstractLoss] | None = None,
    record: Record | None = None,
    path: str | Path | None = None,
    seed: int | None = 0,
    progress: bool | Hook = True,
    *,
    feedback: str | AbstractFeedback | None = None,
    plastic: Sequence[str] | Mapping[str, Any] | None = None,
    clip: float | None = None,
    weight_decay: float = 0.0,
    anneal: float = 1.0,
    gradient_angle: int = 0,
    stop_below: float | None = None,
    start: str = "initial",
    overwrite: bool = False,
) -> Run:
    """Train a network on a task by a rule.

    Parameters
    ----------
    network : Network or ModuleNetwork
        Where training starts; it is not changed.
    task : task, Trials or str
        Your own arrays go in as `nr.Trials`.
    rule : str or rule
        From ``nr.names("rules")``.
    engine : str or engine
        From ``nr.names("engines")``.
    trials : int
        How many in all.
    batch : int
        How many run side by side; their changes are averaged.
    update : str
        When weights change: ``"step"``, after every time step; ``"trial"``, at the end of the trial (or of the
        trials that run side by side); ``"batch"`` says the latter. A step's change has the weight that the step has
        in the trial's loss, so that a rate means the same in each: Murray's Eq 5 is ``rate`` times the number of steps.
    rate : float or mapping
        Learning rate, for all weights or one each: ``{"recurrent": 0.01, "input": 0.01, "readout": 0.03}``. With a
        parametrisation, its free parameters (``network.learnt``) are in the place of ``recurrent``. Instead of a number, an
        array shaped as the weight gives each synapse its own rate.
    optimiser : str or optimiser
        ``"sgd"``, ``"adam"``, or e.g. ``Adam(beta1=0.8)``.
    loss : str or loss, optional
        From ``nr.names("losses")``, or a class or object of your own. None: the task's own.
    record : Record, optional
        What trajectories are kept. None: 20 trials, evenly spaced.
    path : str or Path, optional
        The run file. None: in memory.
    seed : int or None
        Fixes trials and noise; None: a fresh one, stored with the run.
    progress : bool or callable
        Bar or plain lines; or a function of (trials done, trials in all, mean loss of the last hundred), called after every batch:
        where it returns False, training stops there, and `nr.resume` goes on. What it raises reaches the caller, the file being whole.
    feedback : str or feedback, optional
        From ``nr.names("feedbacks")``; None: the rule's own.
    plastic : sequence of str or mapping, optional
        Which weights change; None: as the network says. Of a mapping, ``{"recurrent": mask, "readout": None}``, only the synapses change
        at which the mask is True (or 1); None: all of that weight. The others keep their numbers to the last bit, whatever the
        optimiser and the decay, and clipping does not count them.
    clip : float, optional
        Largest norm of a change.
    weight_decay : float
        Weights shrink by ``rate * weight_decay`` at every update.
    anneal : float
        Share of `rate` that is left at the end of `trials`; on the way it falls along a straight line. 1: it stays. A
        training that `nr.resume` makes longer goes on at the last rate.
    gradient_angle : int
        Log the angle between the rule's change and the exact gradient every so many batches; 0: never.
    stop_below : float, optional
        Stop when the mean loss of the last 100 trials is smaller.
    start : str
        The state in which trials begin: ``"initial"``, the network's own; ``"carried"``, that in which the last trial ended
        (in its place of the batch), so that movements are learnt as they will follow one another. What a weight did to the
        trials before is not counted: rules see each trial by itself.
    overwrite : bool
        Replace a file at `path`.

    Returns
    -------
    Run
        ``run.network``, ``run.log``; ``run.done`` of ``run.total`` trials where it was stopped.

    Raises
    ------
    DivergenceError
        If training became unstable; the last good weights are in the file.
    NotOffered, ShapeError, ValueRefused, UnknownName, RunFileError
        Before the first step: what does not fit, and the way out.
    KeyboardInterrupt
        On Ctrl-C, after the batch under way; the file can be resumed.
    """
    parts = Parts.of(task, rule, engine, feedback, optimiser, loss)
    network, masks = narrowed(network, plastic)
    by_name = rates_by_name(network, parts.rule, parts.feedback, rate, masks)
    rates = Weights.of(network, np.float64).spread(network, by_name) if uneven(by_name) else None
    plan = Plan(
        **parts.described(), trials=trials, batch=batch, update=update, rate=largest(rate), uneven=list(uneven(by_name)),
        clip=clip, weight_decay=weight_decay, anneal=anneal, gradient_angle=gradient_angle, stop_below=stop_below, seed=entropy(seed),
        start=start,
    )  # fmt: skip
    _expect_room(network, batch, steps=1)
    learner = Learner(network, parts, plan, rates)
    first = learner.trials(0, 1)
    fit(network, first)
    _expect_room(network, batch, first.steps)
    record = record or Record(variables=(*network.formula.states[:1], "output", "target"), every=max(1, trials // KEPT))
    file = RunFile.create(
        path, network, plan.as_dict(), trials, first.steps, network.dt, plan.columns, *learner.state, record,
        [n for n, value in first.conditions.items() if value.dtype.kind in "iufbU"], network.inputs, network.outputs,
        texts=text_widths(first.conditions), batch=batch, seed_entropy=plan.seed, carried=learner.start.vector, rates=rates,
        overwrite=overwrite,
    )  # fmt: skip
    file.trust = (*network.made_of, *parts.made_of)
    return _go_on(Journal(learner, file, file.total), progress)


def resume(
    path: str | Path,
    trials: int | None = None,
    task: AbstractTask | Trials | None = None,
    progress: bool | Hook = True,
    *,
    trust: Trust = False,
) -> Run:
    """Go on with a training that was stopped or killed, to the same bits as if it had not been; or make it longer.

    Parameters
    ----------
    path : str or Path
        A run file.
    trials : int, optional
        In all, with those done; None: as planned. More than planned makes the run longer; fewer stop it there, and it
        can be resumed again, to the same bits if they end with a batch.
    task : task or Trials, optional
        Needed where the run was trained on arrays, or on a task of your own that is not trusted.
    progress : bool or callable
        As for `train`.
    trust : bool or classes
        As for `nr.open_run`: classes of your own that the file names.

    Raises
    ------
    RunFileError
        If the file is no run, is damaged, is being written by another process, or names a class that is not trusted.
    ValueRefused
        If `trials` is less than are done.
    """
    file = RunFile.open(path, "r+", trusted(trust))
    try:
        with reading(path, "its settings"):
            plan = Plan.from_dict(file.config)
        rates = file.rates() if plan.uneven else None
        learner = Learner(file.initial(), Parts.remade(plan, task, file.trust), plan, rates)
        until = file.total if trials is None else _last_trial(file, whole("trials", trials))
        file.extend(until)
        learner.go_on_from(*file.state()[1:])
        journal = Journal(learner, file, until)
    except Exception:
        file.close()
        raise
    return _go_on(journal, progress)


def _last_trial(file: RunFile, asked: int) -> int:
    """After which training stops, of `asked` in all; what is left of the plan can be done later.

    Raises
    ------
    ValueRefused
        If more are done already.
    """
    if asked < file.done:
        raise ValueRefused(
            f"trials={asked} is in all, and the run has done {file.done}; ask for more than those, or read it with nr.open_run"
        )
    return asked


def _go_on(journal: Journal, progress: bool | Hook) -> Run:
    """Train to the end, whatever ends it; leave the file whole and closed.

    Only between two batches do weights and the number of trials belong together: what breaks a batch off leaves the file
    as the last checkpoint made it.
    """
    learner, file = journal.learner, journal.file
    import scipy.linalg.cython_blas  # noqa: F401 - Numba's products use it: loaded now, so that the limit below holds for it

    with one_thread, Interrupt() as interrupt, Progress(progress, journal.total, journal.done) as shown:
        try:
            going = True
            while going and not journal.finished and interrupt.asked is None:
                journal.batch()
                going = _told(journal, shown)
            journal.conclude()
        except DivergenceError as error:
            journal.conclude()
            raise DivergenceError(f"{error}{'' if file.path is None else f' ({file.path} holds them)'}") from None
        finally:
            journal.close()
    interrupt.act(_how_to_go_on(file, journal))
    return Run(file, learner.trained())


def _told(journal: Journal, shown: Progress) -> bool:
    """Tell how far it is; whether to go on. Between two batches the file can be made whole, so that nothing is lost by what a hook raises."""
    try:
        return shown.advance(journal.done, journal.recent_loss)
    except BaseException:
        journal.conclude()
        raise


def _expect_room(network: AbstractNetwork, batch: int, steps: int) -> None:
    """For the states of a batch, float32 at least."""
    size = 4 * batch * steps * (network.initial.size + network.inputs + network.outputs)
    expect_memory(size, f"a batch of {batch} trials", "use a smaller batch, or fewer units")


def _how_to_go_on(file: RunFile, journal: Journal) -> str:
    way = (
        "it was in memory and is lost; train with path= to be able to resume"
        if file.path is None
        else f"go on with nr.resume({str(file.path)!r})"
    )
    return f"stopped after trial {journal.done} of {journal.total}; {way}"


class Journal:
    """Learns batch after batch and writes down what happened, a block of rows at a time: bounded in memory."""

    def __init__(self, learner: Learner, file: RunFile, until: int):
        self.learner, self.file = learner, file
        self.done, self.total, self.record = file.done, until, file.record
        self.snapshots, self.rows, self.flushed = set(file.snapshot_trials), [], time.monotonic()
        log = file.log()
        self.losses: deque[float] = deque(self._losses_so_far(log), maxlen=RECENT)
        if self.done:
            learner.began -= float(log["seconds"][self.done - 1])  # the clock goes on where it stopped

    @property
    def recent_loss(self) -> float:
        """Mean loss of the last trials."""
        return float(np.mean(self.losses)) if self.losses else np.nan

    @property
    def finished(self) -> bool:
        """All trials done, or the criterion met."""
        limit = self.learner.plan.stop_below
        met = limit is not None and len(self.losses) == RECENT and self.recent_loss < limit
        return self.done >= self.total or met

    def batch(self) -> None:
        """One batch, its row in the log, its trajectories; a checkpoint when it is time."""
        first, batch = self.done, self.learner.plan.batch
        n = min(batch - first % batch, self.total - first)  # after a stop within a batch, what is left of that one
        trials = self.learner.trials(first, n)
        activity, row = self.learner.learn(trials, first)
        self.losses.extend(map(float, row["loss"]))
        self.rows.append(row)
        self._record(activity, trials, first)
        self.done = first + n
        if self.done in self.snapshots:
            self.file.snapshot(self.done, self.learner.trained())
        if time.monotonic() - self.flushed > FLUSH_SECONDS:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Everything up to now to the file."""
        columns = {name: np.concatenate([row[name] for row in self.rows]) for name in (self.rows[0] if self.rows else ())}
        if columns:
            self.file.write_log(self.done - len(columns["loss"]), columns)
        learner = self.learner
        self.file.checkpoint(self.done, learner.updates, *learner.state, learner.start.vector)
        self.rows, self.flushed = [], time.monotonic()

    def conclude(self) -> None:
        """Checkpoint, and store the network."""
        self.checkpoint()
        self.file.finish(self.learner.trained())

    def close(self) -> None:
        """Close the file (a run in memory stays open: it is the only copy)."""
        if self.file.path is not None:
            self.file.close()

    def _record(self, activity: Activity, trials: Trials, first: int) -> None:
        numbers = self.record.trials(first, first + trials.count)
        if len(numbers) == 0:
            return
        which = numbers - first
        arrays = {name: self.record.pick(name, self._variable(name, activity, trials)[:, which]) for name in self.record.variables}
        self.file.write_trajectories(numbers, arrays, {name: value[which] for name, value in trials.conditions.items()})

    def _variable(self, name: str, activity: Activity, trials: Trials) -> np.ndarray:
        return recorded(name, self.learner.network, activity, trials.inputs, trials.targets)

    def _losses_so_far(self, log: xarray.Dataset) -> list[float]:
        return list(map(float, log["loss"].values[: self.done][-RECENT:]))
