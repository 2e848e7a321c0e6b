"""The one place where network, task, rule, engine, optimiser and record meet."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from neurorec.discovery import resolve
from neurorec.engines.base import AbstractEngine
from neurorec.hdf5.damage import reading
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.process.team import team
from neurorec.progress import Hook, wants_every_batch
from neurorec.runs.open_run import holds_many, holds_ranks
from neurorec.runs.record import Record
from neurorec.runs.run import Run
from neurorec.runs.run_reader import RunReader
from neurorec.runs.run_writer import RunWriter
from neurorec.runs.runs import Runs
from neurorec.runs.runs_writer import RunsWriter
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.training.journal import Journal
from neurorec.training.last_trial import last_trial
from neurorec.training.over_ranks import resume_over_ranks, train_over_ranks
from neurorec.training.over_trials import resume_over_trials, train_over_trials
from neurorec.training.parts import Parts
from neurorec.training.prepared import contents_of, prepared, trusted_by
from neurorec.training.settings import Options, TrainingSettings, with_options
from neurorec.training.to_the_end import to_the_end
from neurorec.training.train_many import go_on, train_many
from neurorec.training.trainer import Trainer
from neurorec.trust import Trust, trusted


@with_options
def train(
    network: AbstractNetwork | Sequence[AbstractNetwork],
    task: AbstractTask | Trials | str,
    rule: str | AbstractRule = "rflo",
    engine: str | AbstractEngine = "numba",
    *,
    copies: int | None = None,
    optimiser: str | AbstractOptimiser | Mapping[str, Any] = "sgd",
    loss: str | AbstractLoss | type[AbstractLoss] | None = None,
    record: Record | None = None,
    path: str | Path | None = None,
    progress: bool | Hook = True,
    feedback: str | AbstractFeedback | None = None,
    plastic: Sequence[str] | Mapping[str, Any] | None = None,
    overwrite: bool = False,
    **options: Unpack[Options],
) -> Run | Any:
    """Train a network on a task by a rule, or many side by side; in several processes of torchrun, one network together.

    Parameters
    ----------
    network : Network or ModuleNetwork, or a list of them
        Where training starts; it is not changed. Networks of a list have the same shapes, cell and ``dt`` and differ in numbers: weights,
        parameters, noise. They train side by side, a thread each, to the bits that each would have by itself, whatever the number of
        threads; `seed`, `rate`, `clip`, `weight_decay`, `anneal` and `stop_below` are then one value for all, or a list of one each. With
        one seed for all, all see the same trials.
    task : task, Trials or str
        Your own arrays go in as `nr.Trials`.
    rule : str or rule
        From ``nr.names("rules")``.
    engine : str or engine
        From ``nr.names("engines")``.
    copies : int, optional
        Train the network so many times side by side, with the seeds `seed`, `seed` + 1 ...: other trials and other noise, from the same
        first weights. For other first weights pass a list, ``[nr.Network.random(..., seed=s) for s in range(n)]``.
    optimiser : str, optimiser or mapping
        ``"sgd"``, ``"adam"``, or e.g. ``Adam(beta1=0.8)``; or one for each weight, by the names that a mapping of rates has:
        ``{"recurrent": "rmsprop", "input": "adam", "readout": "adam"}``.
    loss : str or loss, optional
        From ``nr.names("losses")``, or a class or object of your own. None: the task's own.
    record : Record, optional
        What trajectories are kept. None: 20 trials, evenly spaced.
    path : str or Path, optional
        The run file. None: in memory.
    progress : bool or callable
        Bar or plain lines; or a function of (trials done, trials in all, mean loss of the last hundred), called after every batch:
        where it returns False, training stops there, and `nr.resume` goes on. What it raises reaches the caller, the file being whole.
    feedback : str or feedback, optional
        From ``nr.names("feedbacks")``; None: the rule's own.
    plastic : sequence of str or mapping, optional
        Which weights change; None: as the network says. Of a mapping, ``{"recurrent": mask, "readout": None}``, only the synapses change
        at which the mask is True (or 1); None: all of that weight. The others keep their numbers to the last bit, whatever the
        optimiser and the decay, and clipping does not count them.
    overwrite : bool
        Replace a file at `path`.
    **options

    Returns
    -------
    Run
        ``run.network``, ``run.log``; ``run.done`` of ``run.total`` trials where it was stopped. Of a list, or of copies, `Runs`: in one
        file, ``runs[i]`` is the run of network i.

    Raises
    ------
    DivergenceError
        If training became unstable; the last good weights are in the file. Of many networks one that diverges stops alone, and is named in
        a `DivergenceWarning`; only if all do, this is raised.
    NotOffered, ShapeError, ValueRefused, UnknownName, RunFileError
        Before the first step: what does not fit, and the way out.
    KeyboardInterrupt
        On Ctrl-C, after the batch under way; the file can be resumed.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("periodic_output")
    >>> network = nr.Network.for_task(task, seed=0)
    >>> run = nr.train(network, task, rule="rflo", trials=20, batch=10, rate=0.003, optimiser="adam", progress=False)
    >>> run.log["loss"].sizes["trial"]
    20
    """
    how = {"task": task, "rule": rule, "optimiser": optimiser, "loss": loss, "feedback": feedback, "plastic": plastic, **options}
    if team().size > 1:
        divided = train_over_trials if resolve("engines", engine).shares_trials else train_over_ranks
        return divided(network, copies, engine, record, path, progress, overwrite, how)
    if copies is not None or not isinstance(network, AbstractNetwork):
        return train_many(network, copies, engine, record, path, progress, overwrite, how)
    trainer, first, rates = prepared(network, engine=engine, **how)
    file = RunWriter.create(path, contents_of(trainer, first, record, rates), overwrite)
    file.reader.trust = trusted_by(trainer)
    return _go_on(_journal(trainer, file, trainer.settings.trials, progress), progress)


def resume(
    path: str | Path,
    trials: int | None = None,
    task: AbstractTask | Trials | None = None,
    progress: bool | Hook = True,
    *,
    trust: Trust = False,
) -> Run | Any:
    """Go on with a training that was stopped or killed, bit for bit as if it had run through; or make it longer.

    Parameters
    ----------
    path : str or Path
        A run file, of one network or of many; then the answer is `Runs`.
    trials : int, optional
        In all, with those done; None: as planned. More than planned makes the run longer; fewer stop it there, and it
        can be resumed again, bit for bit if they end with a batch.
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
    if holds_many(path) and team().size == 1:
        return _resume_many(path, trials, task, progress, trust)
    if holds_ranks(path):
        return resume_over_ranks(Path(path), lambda run: _as_stored(run, *_stored(run, task)), trials, progress, trusted(trust))
    if team().size > 1:
        return resume_over_trials(Path(path), lambda run: _stored(run, task), trials, progress, trusted(trust))
    file = RunWriter.open(path, trusted(trust))
    try:
        trainer = _as_stored(file.reader, *_stored(file.reader, task))
        until = last_trial(trials, file.reader.done, file.reader.total)
        file.extend(until)
        trainer.go_on_from(*file.reader.state()[1:])
        journal = _journal(trainer, file, until, progress)
    except Exception:
        file.close()
        raise
    return _go_on(journal, progress)


def _resume_many(path: str | Path, trials: int | None, task: AbstractTask | Trials | None, progress: bool | Hook, trust: Trust) -> Runs:
    file = RunsWriter.open(path, trusted(trust))
    try:
        readers = [each.reader for each in file.writers]
        stored, until = [_stored(each, task) for each in readers], last_trial(trials, readers[0].done, readers[0].total)
        first = stored[0][0]  # all have its task, whose trials are then made once
        alone = [(dataclasses.replace(parts, task=first.task, engine=parts.engine.alone()), settings) for parts, settings in stored]
        trainers = [_as_stored(each, *made) for each, made in zip(readers, alone, strict=True)]
        file.extend(until)
        for trainer, reader in zip(trainers, readers, strict=True):
            trainer.go_on_from(*reader.state()[1:])
    except Exception:
        file.close()
        raise
    return go_on(trainers, file, until, first.engine.workers, progress)


def _stored(run: RunReader, task: AbstractTask | Trials | None) -> tuple[Parts, TrainingSettings]:
    with reading(run.name, "its settings"):
        return Parts.of_run(run.config, task, run.trust), TrainingSettings.of_run(run.config)


def _as_stored(run: RunReader, parts: Parts, settings: TrainingSettings) -> Trainer:
    """The trainer of a run, before its first trial."""
    return Trainer(run.initial(), parts, settings, run.rates() if settings.uneven else None)


def _journal(trainer: Trainer, file: RunWriter, until: int, progress: bool | Hook) -> Journal:
    """Of a training that has all threads of its engine to itself."""
    return Journal(trainer, file, until, in_chunks=not wants_every_batch(progress), ahead=trainer.parts.engine.workers > 1)


def _go_on(journal: Journal, progress: bool | Hook) -> Run:
    """Train to the end."""
    to_the_end(journal, progress)
    return Run(journal.file.reader, journal.trainer.trained())
