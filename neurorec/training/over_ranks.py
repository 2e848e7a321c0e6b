"""One network trained by several processes, each of which has the rows of its own units."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.errors import NotOffered, RankLost, RunFileError, ValueRefused
from neurorec.hdf5.checksums import NOT_WHOLE
from neurorec.hdf5.parts import part_path
from neurorec.hdf5.publish import expect_free
from neurorec.hdf5.states import STATES
from neurorec.networks.block import block_of
from neurorec.networks.network import Network
from neurorec.networks.plasticity import with_plastic
from neurorec.process.rank import starts
from neurorec.process.team import AbstractTeam, team
from neurorec.progress import Hook
from neurorec.random_numbers.seeds import entropy
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import put
from neurorec.runs.open_run import open_run
from neurorec.runs.over_ranks import common, ranks_of, whole_states
from neurorec.runs.record import Record, default_record, spacing
from neurorec.runs.run import Run
from neurorec.runs.run_reader import RunReader
from neurorec.runs.run_writer import RunWriter
from neurorec.runs.shown_as_one import Whole, publish_whole
from neurorec.training.in_step import InStep
from neurorec.training.journal import Journal
from neurorec.training.last_trial import last_trial
from neurorec.training.prepared import contents_of, prepared, trusted_by
from neurorec.training.to_the_end import to_the_end
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
    if how.get("seed", 0) is None:
        how["seed"] = _drawn(here, path)
    block = block_of(network, here.rank, here.size)
    trainer, first, rates = prepared(block, engine="ranks", **how)
    asked = record or default_record(network, "output", "target", every=spacing(trainer.settings.trials))
    contents = contents_of(trainer, first, _own(asked, block.first, block.units), rates)
    layout = dataclasses.replace(contents.layout, record=asked)
    layout.check(network)
    _expect_same(here, _said(network, contents, layout))
    whole = Whole(Path(path or ""), here.size, block.units)
    if starts() and all(here.each(_is_begun(here, whole, contents, trusted_by(trainer)))):
        return resume_over_ranks(whole.path, lambda run: trainer, None, progress, trusted_by(trainer))
    with _lost(whole):
        file = _begun(here, whole, contents, layout, overwrite)
        file.reader.trust = trusted_by(trainer)
        _go_on(here, Journal(trainer, file, trainer.settings.trials, in_chunks=False), progress, whole.path)
    return open_run(whole.path, trusted_by(trainer))


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
        with _lost(Whole(path, ranks, 0)):
            after = common(path, here.each([*whole_states(file.reader.file)]))
        until = last_trial(trials, after, file.reader.total)
        _go_back(file, after)
        trainer = trainer_of(file.reader)
        trainer.go_on_from(*file.reader.state()[1:])
        journal = Journal(trainer, file, until, in_chunks=False)
    except Exception:
        file.close()
        raise
    with _lost(Whole(path, ranks, 0)):
        _go_on(here, journal, progress, path)
    return open_run(path, trust)


def expect_alone(path: str | Path) -> None:
    """Refuse to go on with the file of one process in several."""
    if team().size > 1:
        raise NotOffered(f"{path} is the run of one process, and this is one of {team().size} ranks; go on with: neurorec resume {path}")


def command(ranks: int, path: Path) -> str:
    """The command by which so many ranks go on with a run."""
    return f"torchrun --nproc-per-node {ranks} -m neurorec resume {path}"


def _expect(network: Any, copies: int | None, engine: Any, path: Any, how: dict[str, Any]) -> Network:
    """The network, of which `how` no longer says what is plastic.

    Raises
    ------
    NotOffered, ValueRefused
        What cannot be divided among processes.
    """
    if copies is not None or not isinstance(network, Network):
        raise NotOffered(
            "over ranks one network of cells is trained, not a list, copies or a torch module; train those in one process, or in a sweep"
        )
    if path is None:
        raise ValueRefused("a network over ranks is trained into files, one a rank; give path=")
    if engine not in ENGINES and type(resolve("engines", engine)).__name__ not in ("NumbaEngine", "RanksEngine"):
        raise NotOffered(f"over ranks a network is trained by engine='ranks', got {engine!r}; leave engine out")
    rule = resolve("rules", how.get("rule", "rflo"))
    if rule.through_units and rule.changes != ("readout",):
        raise NotOffered(
            f"{type(rule).__name__} needs what a weight does by way of other units, which no rank has by itself; over ranks use a local rule such as "
            "'rflo', or train in one process"
        )
    if how.get("gradient_angle"):
        raise NotOffered("gradient_angle needs the exact gradient, which goes through all units; train in one process, or without it")
    chosen, masks = with_plastic(network, how.pop("plastic", None))
    rate = how.get("rate", 0.0)
    if masks or any(np.ndim(each) for each in (rate.values() if isinstance(rate, Mapping) else [rate])):
        raise NotOffered(
            "over ranks all synapses of a weight change, at one rate; give names in plastic= and numbers in rate=, or train in one process"
        )
    return chosen  # type: ignore[return-value]


def _drawn(here: AbstractTeam, path: Any) -> int:
    """A seed where none was given: that of the first rank; or after a restart that of the run."""
    known = RunReader.open(path).seed_entropy if starts() and Path(path).exists() else entropy(None)
    return here.each(known)[0]


def _said(network: Network, contents: Contents, layout: Any) -> dict[str, Any]:
    """What all ranks must have been told alike."""
    digest = hashlib.sha256()
    for name, array in network.parts().items():
        digest.update(f"{name} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    of_network = {name: getattr(network, name) for name in ("cell", "filter", "surrogate", "dt", "noise", "units", "plastic")}
    return {**contents.config, **of_network, "record": layout.record.as_dict(), "network": digest.hexdigest()[:12]}


def _is_begun(here: AbstractTeam, whole: Whole, contents: Contents, trust: Trusted) -> bool:
    """Whether the file of this rank is there, and of this training: one that is to be replaced may be, too."""
    if not whole.path.exists() or ranks_of(whole.path) != here.size:
        return False
    run = RunReader.open(part_path(whole.path, here.rank, here.size), trust)
    alike = run.config == json.loads(json.dumps(dict(contents.config)))
    return alike and all(np.array_equal(array, run.initial().parts()[name]) for name, array in contents.network.parts().items())


def _expect_same(here: AbstractTeam, said: Mapping[str, Any]) -> None:
    first, *others = here.each(said)
    for rank, other in enumerate(others, start=1):
        for name in first:
            if other.get(name) != first[name]:
                raise ValueRefused(
                    f"ranks were told different things: {name} is {first[name]!r} for rank 0 and {other.get(name)!r} for rank {rank}; start all with the "
                    "same settings, seeds and network"
                )


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


def _go_on(here: AbstractTeam, journal: Journal, progress: bool | Hook, path: Path) -> None:
    """Train to the end, or until one rank is asked to stop: then all files are whole."""
    shown = progress if here.rank == 0 or not isinstance(progress, bool) else False
    try:
        to_the_end(InStep(journal, here, command(here.size, path)), shown)
    except (KeyboardInterrupt, SystemExit):
        here.each("stopped")
        raise
    here.each("done")


@contextmanager
def _lost(whole: Whole) -> Iterator[None]:
    """Say how to go on where a rank is lost."""
    try:
        yield
    except RankLost as error:
        raise RankLost(f"{error}; from the last checkpoint that all have, start them again: {command(whole.ranks, whole.path)}") from error
