"""One network trained by several processes, each of which has all of it and some trials of every batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import numpy as np

from neurorec.discovery import resolve
from neurorec.engines.trials.division import LEAVES
from neurorec.errors import NotOffered, ValueRefused
from neurorec.hdf5.publish import expect_free
from neurorec.hdf5.states import State
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.block import Block
from neurorec.process.rank import starts
from neurorec.process.team import AbstractTeam, team
from neurorec.progress import Hook
from neurorec.runs.contents import Contents
from neurorec.runs.open_run import holds_many, open_run
from neurorec.runs.record import Record
from neurorec.runs.run import Run
from neurorec.runs.run_reader import RunReader
from neurorec.runs.run_writer import RunWriter
from neurorec.training.journal import Journal
from neurorec.training.last_trial import last_trial
from neurorec.training.parts import Parts
from neurorec.training.prepared import contents_of, prepared, trusted_by
from neurorec.training.settings import TrainingSettings
from neurorec.training.together import expect_one, expect_same, go_on, lost, said, with_one_seed
from neurorec.training.trainer import Trainer
from neurorec.trust import Trusted


@final
class Followed:
    """The run file, for a rank that does not write it: the first does, and all have the same numbers.

    Parameters
    ----------
    reader : RunReader
    """

    def __init__(self, reader: RunReader):
        self.reader, self.path = reader, reader.path

    def write_log(self, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """By the first rank."""

    def write_trajectories(self, numbers: np.ndarray, arrays: Mapping[str, Any], conditions: Mapping[str, Any] | None = None) -> None:
        """By the first rank."""

    def checkpoint(self, state: State) -> None:
        """By the first rank."""

    def snapshot(self, trial: int, network: AbstractNetwork) -> None:
        """By the first rank."""

    def finish(self, network: AbstractNetwork) -> None:
        """By the first rank."""

    def close(self) -> None:
        """It is."""


def train_over_trials(
    network: Any,
    copies: int | None,
    engine: Any,
    record: Record | None,
    path: str | Path | None,
    progress: bool | Hook,
    overwrite: bool,
    how: Mapping[str, Any],
) -> Run | Any:
    """What `nr.train` does in each of several processes with an engine that shares trials; its arguments are the same in all."""
    here, network, at = team(), expect_one(network, copies, path), Path(path or "")
    if isinstance(network, Block):
        raise NotOffered("ranks that share trials have all of the network each, and nr.Block.random makes some rows; use nr.Network.random")
    expect_shared(here, how.get("batch", 1))
    how = with_one_seed(here, how, path)
    trainer, first, rates = prepared(network, engine=resolve("engines", engine).over(here), **how)
    contents = contents_of(trainer, first, record, rates)
    contents.check()
    expect_same(here, said(trainer.network, contents, contents.layout))  # type: ignore[arg-type]
    trust = trusted_by(trainer)
    if starts() and all(here.each(_is_begun(at, contents, trust))):
        return resume_over_trials(at, lambda run: (trainer.parts, trainer.settings), None, progress, trust)
    expect_free(at, overwrite)
    with lost(here, at):
        here.each("free")
        file = _shared(here, lambda: RunWriter.create(at, contents, overwrite), at, trust)
        go_on(here, _journal(here, trainer, file, trainer.settings.trials), progress, at)
    return open_run(at, trust)


def resume_over_trials(
    path: Path,
    stored: Callable[[RunReader], tuple[Parts, TrainingSettings]],
    trials: int | None,
    progress: bool | Hook,
    trust: Trusted,
) -> Run | Any:
    """What `nr.resume` does, in each of several processes, with an ordinary run file: however many wrote it, these go on.

    Raises
    ------
    NotOffered
        If its engine does not share trials.
    """
    here = team()
    parts, settings = (None, None) if holds_many(path) else stored(RunReader.open(path, trust))
    if parts is None or settings is None or not parts.engine.shares_trials:
        raise NotOffered(f"{path} is the run of one process, and this is one of {here.size} ranks; go on with: neurorec resume {path}")
    expect_shared(here, settings.batch)
    with lost(here, path):
        file = _shared(here, lambda: _mended(path, trials, trust), path, trust)
        run = file.reader
        parts = replace(parts, engine=parts.engine.over(here))  # type: ignore[attr-defined]
        trainer = Trainer(run.initial(), parts, settings, run.rates() if settings.uneven else None)
        trainer.go_on_from(*run.state()[1:])
        go_on(here, _journal(here, trainer, file, last_trial(trials, run.done, run.total)), progress, path)
    return open_run(path, trust)


def expect_shared(here: AbstractTeam, batch: int) -> None:
    """Refuse a batch that so many ranks cannot share.

    Raises
    ------
    ValueRefused
        Saying what could be.
    """
    ranks = here.size
    if ranks & (ranks - 1) or ranks > LEAVES:
        raise ValueRefused(
            f"the trials of a batch are shared by 2, 4, 8 or {LEAVES} ranks, which give the same bits, and these are {ranks}; start so many"
        )
    if batch < ranks:
        raise ValueRefused(
            f"{ranks} ranks cannot share a batch of {batch}; take batch={ranks} or more, or engine='ranks', which divides the network by rows"
        )


def _shared(here: AbstractTeam, opened: Callable[[], RunWriter], path: Path, trust: Trusted) -> RunWriter | Followed:
    """The file, which the first rank opens before the others look at it."""
    own = opened() if here.rank == 0 else None
    here.each("opened")
    file = own or Followed(RunReader.open(path, trust))
    file.reader.trust = trust
    return file


def _journal(here: AbstractTeam, trainer: Trainer, file: Any, until: int) -> Journal:
    """Once all ranks have read what is in the file, it may change."""
    journal = Journal(trainer, file, until, in_chunks=False, ahead=trainer.parts.engine.workers > 1)
    here.each("read")
    return journal


def _mended(path: Path, trials: int | None, trust: Trusted) -> RunWriter:
    """The file of a training that goes on, with room for all trials; of its two states a kill may have left one half written."""
    file = RunWriter.open(path, trust)
    file.extend(last_trial(trials, file.reader.done, file.reader.total))
    file.checkpoint(file.reader.state())
    return file


def _is_begun(path: Path, contents: Contents, trust: Trusted) -> bool:
    """Whether the file is there, and of this training: one that is to be replaced may be, too."""
    if not path.exists() or holds_many(path):
        return False
    run, own = RunReader.open(path, trust), contents.network.stored()
    alike = run.config == json.loads(json.dumps(dict(contents.config)))
    return alike and all(np.array_equal(array, own[name]) for name, array in run.initial().stored().items())
