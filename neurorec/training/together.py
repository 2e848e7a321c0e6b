"""What processes that train one network together do alike, however they divide it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from neurorec.errors import NotOffered, RankLost, ValueRefused
from neurorec.networks.block import Block
from neurorec.networks.network import Network
from neurorec.process.rank import starts
from neurorec.process.team import AbstractTeam
from neurorec.progress import Hook
from neurorec.random_numbers.seeds import entropy
from neurorec.runs.contents import Contents
from neurorec.runs.run_reader import RunReader
from neurorec.training.in_step import InStep
from neurorec.training.journal import Journal
from neurorec.training.to_the_end import to_the_end


def with_one_seed(here: AbstractTeam, how: Mapping[str, Any], path: Any) -> dict[str, Any]:
    """Arguments of a training, with a seed where None was given: that of the first rank; or after a restart that of the run."""
    if how.get("seed", 0) is not None:
        return dict(how)
    known = RunReader.open(path).seed_entropy if starts() and Path(path).exists() else entropy(None)
    return {**how, "seed": here.each(known)[0]}


def expect_one(network: Any, copies: int | None, path: Any) -> Network | Block:
    """The network, if it is one of cells, and there will be a file of its run.

    Raises
    ------
    NotOffered, ValueRefused
        Saying what ranks do not train together.
    """
    if copies is not None or not isinstance(network, (Network, Block)):
        raise NotOffered(
            "over ranks one network of cells is trained, not a list, copies or a torch module; train those in one process, or in a sweep"
        )
    if path is None:
        raise ValueRefused("a network over ranks is trained into a file, which all ranks see; give path=")
    return network


def said(network: Network | Block, contents: Contents, layout: Any) -> dict[str, Any]:
    """What all ranks must have been told alike; of rows that were drawn apart, what all of them have."""
    of_network = {name: getattr(network, name) for name in ("cell", "filter", "surrogate", "dt", "noise", "units", "plastic")}
    alike = {"readout": network.readout, "feedback": network.feedback} if isinstance(network, Block) else network.stored()
    arrays = {"network": _digest(alike), "rates": _digest({} if contents.rates is None else {"rates": contents.rates})}
    return {**contents.config, **of_network, "record": layout.record.as_dict(), **arrays}


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).data)
    return digest.hexdigest()[:12]


def expect_same(here: AbstractTeam, said: Mapping[str, Any]) -> None:
    """Refuse to begin where ranks were told different things.

    Raises
    ------
    ValueRefused
        Naming the first.
    """
    first, *others = here.each(said)
    for rank, other in enumerate(others, start=1):
        for name in first:
            if other.get(name) != first[name]:
                raise ValueRefused(
                    f"ranks were told different things: {name} is {first[name]!r} for rank 0 and {other.get(name)!r} for rank {rank}; start all with the "
                    "same settings, seeds and network"
                )


def command(ranks: int, path: Path) -> str:
    """The command by which so many ranks go on with a run."""
    return f"torchrun --nproc-per-node {ranks} -m neurorec resume {path}"


def go_on(here: AbstractTeam, journal: Journal, progress: bool | Hook, path: Path) -> None:
    """Train to the end, or until one rank is asked to stop: then all files are whole."""
    shown = progress if here.rank == 0 or not isinstance(progress, bool) else False
    try:
        to_the_end(InStep(journal, here, command(here.size, path)), shown)
    except (KeyboardInterrupt, SystemExit):
        here.each("stopped")
        raise
    here.each("done")


@contextmanager
def lost(here: AbstractTeam, path: Path) -> Iterator[None]:
    """Say how to go on where a rank is lost."""
    try:
        yield
    except RankLost as error:
        raise RankLost(f"{error}; from the last checkpoint that all have, start them again: {command(here.size, path)}") from error
