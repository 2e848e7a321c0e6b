"""The one place where network, task, rule, engine, optimiser and record meet."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack, cast

import numpy as np

from neurorec.arrays import whole
from neurorec.engines.base import AbstractEngine
from neurorec.errors import ValueRefused
from neurorec.hdf5.damage import reading
from neurorec.hdf5.states import State
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.plasticity import largest_rate, learning_rates, uneven, with_plastic
from neurorec.networks.weights import Weights
from neurorec.process.carry_on import carry_on
from neurorec.process.memory import expect_memory
from neurorec.process.one_thread import one_thread
from neurorec.progress import Hook
from neurorec.random_numbers.seeds import entropy
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import text_widths
from neurorec.runs.layout import Layout
from neurorec.runs.record import Record, default_record, spacing
from neurorec.runs.run import Run
from neurorec.runs.run_reader import RunReader
from neurorec.runs.run_writer import RunWriter
from neurorec.simulation.stimulus import fit
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.training.journal import Journal
from neurorec.training.parts import Parts
from neurorec.training.settings import Options, TrainingSettings, expect_options, with_options
from neurorec.training.trainer import Trainer
from neurorec.trust import Trust, trusted


@with_options
def train(
    network: AbstractNetwork,
    task: AbstractTask | Trials | str,
    rule: str | AbstractRule = "rflo",
    engine: str | AbstractEngine = "numba",
    *,
    optimiser: str | AbstractOptimiser = "sgd",
    loss: str | AbstractLoss | type[AbstractLoss] | None = None,
    record: Record | None = None,
    path: str | Path | None = None,
    progress: bool | Hook = True,
    feedback: str | AbstractFeedback | None = None,
    plastic: Sequence[str] | Mapping[str, Any] | None = None,
    overwrite: bool = False,
    **options: Unpack[Options],
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
    optimiser : str or optimiser
        ``"sgd"``, ``"adam"``, or e.g. ``Adam(beta1=0.8)``.
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
        ``run.network``, ``run.log``; ``run.done`` of ``run.total`` trials where it was stopped.

    Raises
    ------
    DivergenceError
        If training became unstable; the last good weights are in the file.
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
    trainer, first, rates = prepared(
        network, task, rule, engine, optimiser=optimiser, loss=loss, feedback=feedback, plastic=plastic, **options
    )  # fmt: skip
    file = _file(path, trainer, first, record, rates, overwrite)
    return _go_on(Journal(trainer, file, trainer.settings.trials, in_chunks=not callable(progress)), progress)


def prepared(
    network: AbstractNetwork,
    task: AbstractTask | Trials | str,
    rule: Any = "rflo",
    engine: Any = "numba",
    *,
    optimiser: Any = "sgd",
    loss: Any = None,
    feedback: Any = None,
    plastic: Any = None,
    **options: Unpack[Options],
) -> tuple[Trainer, Trials, np.ndarray | None]:
    """What `train`, whose arguments these are, does before the first step: everything is made and found to fit, nothing is trained or written.

    Returns
    -------
    Trainer
    Trials
        The first of its trials.
    (P,) array or None
        A rate for every weight, where synapses differ.
    """
    expect_options(options)
    parts = Parts.of(task, rule, engine, feedback, optimiser, loss)
    network, masks = with_plastic(network, plastic)
    settings, rates = _resolved(TrainingSettings(**cast(Any, options)), network, parts, masks)
    _expect_room(network, settings.batch, steps=1)
    trainer = Trainer(network, parts, settings, rates)
    first = trainer.trials(0, 1)
    fit(network, first)
    _expect_room(network, settings.batch, first.steps)
    return trainer, first, rates


def _resolved(
    settings: TrainingSettings, network: AbstractNetwork, parts: Parts, masks: Mapping[str, np.ndarray]
) -> tuple[TrainingSettings, np.ndarray | None]:
    """The settings with a seed and with rates as plain numbers, and a rate for every weight, (P,), where synapses differ."""
    by_name = learning_rates(network, parts.rule, parts.feedback, settings.rate, masks)
    rates = Weights.of(network, np.float64).per_weight(network, by_name) if uneven(by_name) else None
    plain = {"rate": largest_rate(settings.rate), "uneven": list(uneven(by_name)), "seed": entropy(settings.seed)}
    return dataclasses.replace(settings, **plain), rates


def _file(
    path: str | Path | None, trainer: Trainer, first: Trials, record: Record | None, rates: np.ndarray | None, overwrite: bool
) -> RunWriter:
    """Of a training that begins; `first` is one of its trials."""
    network, settings = trainer.network, trainer.settings
    record = record or default_record(network, "output", "target", every=spacing(settings.trials))
    conditions = tuple(n for n, value in first.conditions.items() if value.dtype.kind in "iufbU")
    sizes = settings.trials, first.steps, network.dt, settings.batch, network.inputs, network.outputs
    layout = Layout(*sizes, settings.columns, conditions, record, text_widths(first.conditions))
    state = State(0, 0, *trainer.state, trainer.start.vector)
    config = {**trainer.parts.described(), **settings.as_dict()}
    snapshots = record.snapshots(settings.trials, settings.batch)
    file = RunWriter.create(path, Contents(layout, network, config, state, settings.seed, snapshots, rates), overwrite)
    file.reader.trust = (*network.component_classes, *trainer.parts.component_classes)
    return file


def resume(
    path: str | Path,
    trials: int | None = None,
    task: AbstractTask | Trials | None = None,
    progress: bool | Hook = True,
    *,
    trust: Trust = False,
) -> Run:
    """Go on with a training that was stopped or killed, bit for bit as if it had run through; or make it longer.

    Parameters
    ----------
    path : str or Path
        A run file.
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
    file = RunWriter.open(path, trusted(trust))
    try:
        run = file.reader
        with reading(path, "its settings"):
            parts, settings = Parts.of_run(run.config, task, run.trust), TrainingSettings.of_run(run.config)
        trainer = Trainer(run.initial(), parts, settings, run.rates() if settings.uneven else None)
        until = run.total if trials is None else _last_trial(run, whole("trials", trials))
        file.extend(until)
        trainer.go_on_from(*run.state()[1:])
        journal = Journal(trainer, file, until, in_chunks=not callable(progress))
    except Exception:
        file.close()
        raise
    return _go_on(journal, progress)


def _last_trial(run: RunReader, trials: int) -> int:
    """After which training stops, of `trials` in all; what is left of the plan can be done later.

    Raises
    ------
    ValueRefused
        If more are done already.
    """
    if trials < run.done:
        raise ValueRefused(
            f"trials={trials} is in all, and the run has done {run.done}; ask for more than those, or read it with nr.open_run"
        )
    return trials


def _go_on(journal: Journal, progress: bool | Hook) -> Run:
    """Train to the end."""
    import scipy.linalg.cython_blas  # noqa: F401 - Numba's products use it: loaded now, so that the limit below holds for it

    with one_thread:
        carry_on(journal, progress)
    return Run(journal.file.reader, journal.trainer.trained())


def _expect_room(network: AbstractNetwork, batch: int, steps: int) -> None:
    """For the states of a batch, float32 at least."""
    size = 4 * batch * steps * (network.initial.size + network.inputs + network.outputs)
    expect_memory(size, f"a batch of {batch} trials", "use a smaller batch, or fewer units")
