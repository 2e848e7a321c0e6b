"""One network trained by several processes, each of which has the rows of its own units."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.errors import NotOffered, RunFileError, ValueRefused
from neurorec.hdf5.checksums import NOT_WHOLE
from neurorec.hdf5.parts import part_path
from neurorec.hdf5.publish import expect_free
from neurorec.hdf5.states import STATES
from neurorec.networks.block import Block, block_of
from neurorec.networks.network import Network
from neurorec.networks.plasticity import with_plastic
from neurorec.process.rank import starts
from neurorec.process.team import AbstractTeam, team
from neurorec.progress import Hook
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import put
from neurorec.runs.over_ranks import common, ranks_of, whole_states
from neurorec.runs.record import Record, default_record, spacing
from neurorec.runs.run import Run
from neurorec.runs.run_reader import RunReader
from neurorec.runs.run_writer import RunWriter
from neurorec.runs.shown_as_one import Whole, publish_whole
from neurorec.training.journal import Journal
from neurorec.training.last_trial import last_trial
from neurorec.training.prepared import contents_of, prepared, trusted_by
from neurorec.training.together import command, expect_one, expect_same, go_on, lost, said, with_one_seed
from neurorec.training.trainer import Trainer
from neurorec.trust import Trusted

ENGINES = ("numba", "ranks")  # that a user may name: over ranks the loops of the first run on rows


def train_over_ranks(
    network: Any,
    copies: int | None,
    engine: Any,
    record: Record | None,
    path: str | Path | None,
    progress: bool | Hook,
    overwrite: bool,
    how: Mapping[str, Any],
) -> Run | Any:
    """What `nr.train` does in each of several processes that train one network together; its arguments are the same in all."""
    here, how = team(), dict(how)
    network = _expect(network, copies, engine, path, how)
    how = with_one_seed(here, how, path)
    block = network if isinstance(network, Block) else block_of(network, here.rank, here.size)
    expect_own(here, block)
    trainer, first, rates = prepared(block, engine="ranks", **how)
    asked = record or default_record(network, "output", "target", every=spacing(trainer.settings.trials))
    contents = contents_of(trainer, first, _own(asked, block.first, block.units), rates)
    layout = dataclasses.replace(contents.layout, record=asked)
    layout.check(block.formula.states, block.of)
    expect_same(here, said(network, contents, layout))
    whole = Whole(Path(path or ""), here.size, block.units)
    if starts() and all(here.each(_is_begun(here, whole, contents, trusted_by(trainer)))):
        return resume_over_ranks(whole.path, lambda run: trainer, None, progress, trusted_by(trainer))
    with lost(here, whole.path):
        file = _begun(here, whole, contents, layout, overwrite)
        file.reader.trust = trusted_by(trainer)
        go_on(here, Journal(trainer, file, trainer.settings.trials, in_chunks=False), progress, whole.path)
    return Run(RunReader.open(whole.path, trusted_by(trainer)))


def resume_over_ranks(
    path: Path, trainer_of: Callable[[RunReader], Trainer], trials: int | None, progress: bool | Hook, trust: Trusted
) -> Run | Any:
    """What `nr.resume` does with a run over ranks, in each of them.

    Raises
    ------
    RunFileError
        If there are fewer or more processes than the run has files.
    """
    here, ranks = team(), ranks_of(path)
    if ranks != here.size:
        raise RunFileError(
            f"{path} is a run over {ranks} ranks, and this is {'one process' if here.size == 1 else f'one of {here.size} ranks'}; go on with: "
            f"{command(ranks, path)}; or make one file of it, nr.open_run({str(path)!r}).save_as(copy), with which one process goes on"
        )
    file = RunWriter.open(part_path(path, here.rank, ranks), trust)
    try:
        if trials is not None and trials > file.reader.total:
            raise NotOffered(
                f"{path} has room for {file.reader.total} trials; make one file of it with nr.open_run(path).save_as(copy), which can be made longer"
            )
        with lost(here, path):
            after = common(path, here.each([*whole_states(file.reader.file)]))
        until = last_trial(trials, after, file.reader.total)
        _go_back(file, after)
        trainer = trainer_of(file.reader)
        trainer.go_on_from(*file.reader.state()[1:])
        journal = Journal(trainer, file, until, in_chunks=False)
    except Exception:
        file.close()
        raise
    with lost(here, path):
        go_on(here, journal, progress, path)
    return Run(RunReader.open(path, trust))


def _expect(network: Any, copies: int | None, engine: Any, path: Any, how: dict[str, Any]) -> Network | Block:
    """The network, of which `how` no longer says what is plastic.

    Raises
    ------
    NotOffered, ValueRefused
        What cannot be divided among processes.
    """
    network = expect_one(network, copies, path)
    if engine not in ENGINES and type(resolve("engines", engine)).__name__ not in ("NumbaEngine", "RanksEngine"):
        raise NotOffered(f"over ranks a network is trained by engine='ranks' or 'trials', got {engine!r}; leave engine out")
    rule = resolve("rules", how.get("rule", "rflo"))
    if rule.through_units and rule.changes != ("readout",):
        raise NotOffered(
            f"{type(rule).__name__} needs what a weight does by way of other units, which no rank has by itself; by rows use a local rule such as "
            "'rflo'; engine='trials', whose ranks share a batch, takes every rule"
        )
    if how.get("gradient_angle"):
        raise NotOffered("gradient_angle needs the exact gradient, which goes through all units; train in one process, or without it")
    if isinstance(network, Block) and how.get("plastic") is not None:
        raise NotOffered("what is plastic of rows that were drawn apart is said where they are made: nr.Block.random(..., plastic=names)")
    chosen, masks = with_plastic(network, how.pop("plastic", None))
    rate = how.get("rate", 0.0)
    if masks or any(np.ndim(each) for each in (rate.values() if isinstance(rate, Mapping) else [rate])):
        raise NotOffered(
            "over ranks all synapses of a weight change, at one rate; give names in plastic= and numbers in rate=, or train in one process"
        )
    return chosen  # type: ignore[return-value]


def expect_own(here: AbstractTeam, block: Block) -> None:
    """Refuse rows of another rank, or of another number of them.

    Raises
    ------
    ValueRefused
        Saying whose they are.
    """
    if (block.first, block.of) != (here.rank * block.units, here.size * block.units):
        raise ValueRefused(
            f"these are units {block.first} to {block.first + block.units - 1} of {block.of}, which are not those of rank {here.rank} of {here.size}; "
            "make them with nr.Block.random in each rank"
        )


def _is_begun(here: AbstractTeam, whole: Whole, contents: Contents, trust: Trusted) -> bool:
    """Whether the file of this rank is there, and of this training: one that is to be replaced may be, too."""
    if not whole.path.exists() or ranks_of(whole.path) != here.size:
        return False
    run = RunReader.open(part_path(whole.path, here.rank, here.size), trust)
    alike = run.config == json.loads(json.dumps(dict(contents.config)))
    return alike and all(np.array_equal(array, run.initial().parts()[name]) for name, array in contents.network.parts().items())


def _own(asked: Record, first: int, units: int) -> Record:
    """What one rank records: of units that were named its own; where there are none, its first, which nobody reads."""
    if asked.units is None:
        return asked
    own = [unit - first for unit in asked.units if first <= unit < first + units]
    return dataclasses.replace(asked, units=tuple(own) or (0,))


def _begun(here: AbstractTeam, whole: Whole, contents: Contents, layout: Any, overwrite: bool) -> RunWriter:
    """This rank's file; and, once all have theirs, the one that shows them as one."""
    expect_free(whole.path, overwrite)
    here.each("free")
    old = _parts_of_another(whole) if overwrite and here.rank == 0 else []
    file = RunWriter.create(part_path(whole.path, here.rank, here.size), contents, overwrite=True)  # without a run they belong to none
    here.each("created")
    if here.rank == 0:
        publish_whole(whole, contents, layout, overwrite)
        for part in old:
            part.unlink(missing_ok=True)
    here.each("shown")
    return file


def _parts_of_another(whole: Whole) -> list[Path]:
    """Files of a run over another number of ranks, which this one replaces."""
    try:
        ranks = ranks_of(whole.path) if whole.path.exists() else whole.ranks
    except RunFileError:
        return []
    return [part_path(whole.path, rank, ranks) for rank in range(ranks) if ranks != whole.ranks]


def _go_back(file: RunWriter, trials: int) -> None:
    """Forget a state that other ranks do not have, which a kill left."""
    run = file.reader.file
    for name in STATES:
        if int(run[name]["numbers"][0]) > trials:
            put(run[name]["checksum"], NOT_WHOLE)
    run.flush()
