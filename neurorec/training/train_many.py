"""`nr.train` and `nr.resume` of many networks: what differs from one to the next, and the file of all."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurorec.arrays import whole
from neurorec.discovery import resolve
from neurorec.errors import DivergenceError, DivergenceWarning, ValueRefused, about, warn
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.alike import MANY, expect_alike, one_each
from neurorec.progress import Hook, wants_every_batch
from neurorec.runs.contents import Contents
from neurorec.runs.record import Record
from neurorec.runs.runs import Runs
from neurorec.runs.runs_writer import RunsWriter
from neurorec.training.journal import Journal
from neurorec.training.prepared import contents_of, prepared, trusted_by
from neurorec.training.sampled import share
from neurorec.training.side_by_side import SideBySide
from neurorec.training.task_of_run import as_task
from neurorec.training.to_the_end import to_the_end
from neurorec.training.trainer import Trainer

SAME_FOR_ALL = ("trials", "batch", "update", "gradient_angle", "start")
TURN = 0.2  # seconds; progress is shown, and Ctrl-C comes, between two
OF_EACH = ("seed", "rate", "clip", "weight_decay", "anneal", "stop_below")  # options that may be a list of one value a network


def train_many(
    networks: Any,
    copies: int | None,
    engine: Any,
    record: Record | None,
    path: str | Path | None,
    progress: bool | Hook,
    overwrite: bool,
    how: Mapping[str, Any],
) -> Runs:
    """What `nr.train` does with a list of networks, or with copies of one; `how` are the arguments that are the networks' own, or the same for all."""
    networks, each = _listed(networks, copies, {**how, "task": as_task(how["task"])})
    runner = resolve("engines", engine)
    trainers, contents = _begun(networks, runner.alone(), record, each)
    file = RunsWriter.create(path, contents, overwrite)
    for writer, trainer in zip(file.writers, trainers, strict=True):
        writer.reader.trust = trusted_by(trainer)
    file.trust = trusted_by(trainers[0])
    return go_on(trainers, file, trainers[0].settings.trials, runner.workers, progress)


def go_on(trainers: Sequence[Trainer], file: RunsWriter, until: int, threads: int, progress: bool | Hook) -> Runs:
    """Train all to the end.

    Raises
    ------
    DivergenceError
        If no network is left that did not diverge.

    Warns
    -----
    DivergenceWarning
        Naming those that became unstable, where others did not.
    """
    share(trainers)
    for each in trainers:
        each.began = time.monotonic()  # those made first have waited for the others
    pairs = zip(trainers, file.writers, strict=True)
    every_batch = wants_every_batch(progress)
    journals = [Journal(each, run, until, in_chunks=not every_batch) for each, run in pairs]
    work = SideBySide(journals, file, threads, turn=0.0 if every_batch else TURN)
    to_the_end(work, progress)
    if work.diverged:
        _tell(work)
    return Runs(file.path or file.file, [each.trained() for each in trainers], file.trust)


def _listed(networks: Any, copies: int | None, how: dict[str, Any]) -> tuple[list[AbstractNetwork], list[dict[str, Any]]]:
    """Every network, and the arguments of its training."""
    if copies is not None:
        if not isinstance(networks, AbstractNetwork):
            raise ValueRefused(f"copies={copies!r} are of one network; of a list leave copies out, and repeat what is to be there twice")
        networks, seed = [networks] * whole("copies", copies), how.get("seed", 0)
        how["seed"] = seed if seed is None or isinstance(seed, MANY) else [seed + k for k in range(copies)]
    networks = list(networks)
    expect_alike(networks)
    for name, value in how.items():
        if name in SAME_FOR_ALL and isinstance(value, MANY):
            raise ValueRefused(f"{name} is the same for all networks, got {value!r}; lists are for {', '.join(OF_EACH)}")
    lists = {name: one_each(name, how[name], len(networks)) for name in OF_EACH if name in how}
    return networks, [how | {name: values[k] for name, values in lists.items()} for k in range(len(networks))]


def _begun(
    networks: Sequence[AbstractNetwork], engine: Any, record: Record | None, how: Sequence[Mapping[str, Any]]
) -> tuple[list[Trainer], list[Contents]]:
    """Everything is made and found to fit, for each; texts have room for the longest of all first trials."""
    trainers, contents = [], []
    for k, (network, settings) in enumerate(zip(networks, how, strict=True)):
        with about(f"network {k}"):
            trainer, first, rates = prepared(network, engine=engine, **settings)
        trainers.append(trainer)
        contents.append(contents_of(trainer, first, record, rates))
    return trainers, _alike(contents, trainers)


def _alike(contents: Sequence[Contents], trainers: Sequence[Trainer]) -> list[Contents]:
    """With one layout for all, and rates of every weight for all, where there are some."""
    widths = {name: max(each.layout.texts[name] for each in contents) for name in contents[0].layout.texts}
    layout = replace(contents[0].layout, texts=widths)
    uneven = any(each.rates is not None for each in contents)
    rates = [trainer.rates.astype(np.float64) if uneven else None for trainer in trainers]
    return [
        replace(each, layout=layout, rates=rate if each.rates is None else each.rates) for each, rate in zip(contents, rates, strict=True)
    ]


def _tell(work: SideBySide) -> None:
    said = "; ".join(str(error) for _, error in sorted(work.diverged.items()))
    if len(work.diverged) == len(work.journals):
        raise DivergenceError(said)
    rest = len(work.journals) - len(work.diverged)
    warn(f"{said}; the other {rest} went on to their end", DivergenceWarning)
