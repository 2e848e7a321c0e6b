"""The checksums of a file compared, part by part: what ``neurorec check`` shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.hdf5.checksums import NOT_WHOLE
from neurorec.hdf5.damage import reading
from neurorec.hdf5.opening import opened
from neurorec.hdf5.seal import renew
from neurorec.hdf5.states import STATES, kept, read_state, settled, state_to_go_on_from
from neurorec.hdf5.values import fetch, text
from neurorec.hdf5.wholes import CHECKSUMS, checksum, kept_checksum
from neurorec.runs.damaged_rows import bad_rows, bad_steps, bad_trials
from neurorec.runs.kinds import FORMAT, LOOP, RANKS, RUN, RUNS, SIMULATION, expect_run
from neurorec.runs.layout import Layout, stored_layout
from neurorec.runs.of_many import at, each_of
from neurorec.runs.over_ranks import RanksFile

WHOLE, DAMAGED, UNFINISHED, UNKNOWN = "whole", "damaged", "not finished", "no checksums"
Bad = Callable[[h5py.File, str, slice], np.ndarray]


class Part(NamedTuple):
    """What was found of one part of a file.

    Attributes
    ----------
    name : str
        ``structure`` or the part's path in the file.
    status : str
        ``"whole"``, ``"damaged"``, ``"not finished"`` or ``"no checksums"``.
    note : str
        How much there is, or where it is damaged.
    """

    name: str
    status: str
    note: str = ""


def check(path: str | Path, index: int | None = None) -> list[Part]:
    """Compare every checksum of a file of neurorec.

    Parameters
    ----------
    path : str or Path
        A run, or many side by side, which may be in training, a network, a loop or a simulation.
    index : int, optional
        One network's run only, of a file of many.

    Returns
    -------
    list of Part

    Raises
    ------
    RunFileError
        If there is no such file, it is none of neurorec's, or so damaged that its parts cannot be found.
    """
    path = Path(path)
    with opened(path, "r", "a file written by neurorec") as file, reading(path, "what it holds"):
        if "network" not in file:
            raise RunFileError(f"{path} is an HDF5 file but none of neurorec's; expected a run, a network, a loop or a simulation")
        kind = text(file, "kind", "")
        if kind == RUN:
            expect_run(path, file)
        if kind == RANKS:
            return [
                _structure(file),
                *(part._replace(name=f"{each.name}: {part.name}") for each in RanksFile(path).parts for part in check(each)),
            ]
        if kind == RUNS:
            expect_run(path, file, RUNS)
            return [_structure(file), *_parts_of_many(path, each_of(file) if index is None else [at(file, index)])]
        parts = {RUN: _parts_of_a_run, LOOP: _parts_of_a_loop, SIMULATION: _parts_of_a_simulation}.get(kind, _nothing_more)
        return [_structure(file), *parts(path, file)]


def accept(path: Path) -> None:
    """Accept what another program has added to a file: seal its structure as it is now; what training writes keeps its own checksums.

    Raises
    ------
    RunFileError
        If it never was sealed, or HDF5 cannot read it.
    """
    with reading(path, "its structure"):
        renew(path)


def _structure(file: h5py.File) -> Part:
    """A file that could be opened matches the checksum of its structure, if it has one."""
    if CHECKSUMS in file:
        return Part("structure", WHOLE, "names, sizes, settings, and all that never changes")
    return Part("structure", UNKNOWN, f"written before there were any; save_as makes a copy of format {FORMAT}, which has them")


def _parts_of_many(path: Path, runs: Iterable[Any]) -> Iterator[Part]:
    return (part._replace(name=f"network {run.index}: {part.name}") for run in runs for part in _parts_of_a_run(path, run))


def _parts_of_a_run(path: Path, file: h5py.File) -> Iterator[Part]:
    layout = stored_layout(file)
    yield from (_state(file, name) for name in STATES)
    if CHECKSUMS not in file:
        yield from (Part(f"/{name}", UNKNOWN) for name in ("network", "checkpoints", "log", "trajectories", "trials"))
        return
    done = state_to_go_on_from(path, file).trials
    yield from (_whole(file, name) for name in ("network", *(f"checkpoints/{each}" for each in sorted(file["checkpoints"]))))
    yield _rows(file, layout, "log", done, layout.total)
    recorded = len(layout.record.trials(0, done)), len(layout.recorded)
    yield from (_trajectory(file, name, *recorded) for name in layout.variables("trajectories"))
    if layout.conditions:
        yield _rows(file, layout, "trials", *recorded)


def _parts_of_a_loop(path: Path, file: h5py.File) -> Iterator[Part]:
    layout = stored_layout(file)
    if CHECKSUMS in file:
        yield from (_state(file, name) for name in STATES)
        done = state_to_go_on_from(path, file).trials
        yield _whole(file, "loop")
        yield _rows(file, layout, "log", done, layout.total)
        recorded = layout.record.count(done), layout.record.count(layout.total)
        yield from (_trajectory(file, name, *recorded) for name in layout.variables("trajectories"))


def _parts_of_a_simulation(path: Path, file: h5py.File) -> Iterator[Part]:
    record = Layout.from_json(text(file, "layout")).record
    done = int(fetch(file, "steps_done")) // record.steps
    if f"{CHECKSUMS}/trajectories" in file:
        yield from (_trajectory(file, name, done, len(file["trajectories/time"]), bad_steps) for name in record.variables)


def _nothing_more(path: Path, file: h5py.File) -> Iterator[Part]:
    """A file of a network has a structure only, since it never changes."""
    return iter(())


def _state(file: h5py.File, name: str) -> Part:
    """One of the two resume states: it may be written just now, or have been when a training was killed."""
    if settled(lambda: read_state(file[name]) is not None):
        return Part(f"/{name}", WHOLE, f"after trial {int(fetch(file[name], 'numbers')[0])}")
    if CHECKSUMS not in file or kept(file[name]) == NOT_WHOLE:
        return Part(f"/{name}", UNFINISHED, "never written, or the training was killed just then")
    return Part(f"/{name}", DAMAGED, "resume goes on from the other and mends it")


def _whole(file: h5py.File, name: str) -> Part:
    if kept_checksum(file, name) == NOT_WHOLE:
        return Part(f"/{name}", UNFINISHED)
    note = f"after trial {int(fetch(file, 'network/trained'))}" if name == "network" else ""
    return Part(f"/{name}", WHOLE if settled(lambda: kept_checksum(file, name) == checksum(file[name])) else DAMAGED, note)


def _rows(file: h5py.File, layout: Layout, group: str, done: int, total: int) -> Part:
    return _of_rows(f"/{group}", bad_rows(file, group, layout.variables(group), np.s_[:done]), total)


def _trajectory(file: h5py.File, name: str, done: int, total: int, bad_ones: Bad = bad_trials) -> Part:
    return _of_rows(f"/trajectories/{name}", bad_ones(file, name, np.s_[:done]), total)


def _of_rows(name: str, bad: np.ndarray, total: int) -> Part:
    if bad.any():
        rows = np.flatnonzero(bad) + 1
        return Part(name, DAMAGED, f"{len(rows)} of {len(bad)} rows: {_listed(rows)}")
    return Part(name, WHOLE if len(bad) == total else UNFINISHED, f"{len(bad)} of {total} rows")


def _listed(rows: np.ndarray) -> str:
    return ", ".join(map(str, rows[:5])) + (" ..." if len(rows) > 5 else "")
