"""What a file of neurorec is: a run, many side by side, a sequence loop or a simulation, and of which format."""

from __future__ import annotations

from pathlib import Path

import h5py

from neurorec.errors import RunFileError
from neurorec.hdf5.damage import reading
from neurorec.hdf5.states import STATES
from neurorec.hdf5.values import number, text

FORMAT = 2  # 1 had no checksums but those of the resume states
RUN, LOOP, SIMULATION = "neurorec run", "neurorec sequence loop", "neurorec simulation"  # the file's attribute `kind`
RUNS = "neurorec runs"  # side by side, of many networks
RANKS = "neurorec run over ranks"  # of one network over processes: its numbers lie in files beside it
GROUPS = ("network", "checkpoints", *STATES, "log", "trajectories", "trials")  # of a run
OTHERS = {
    RANKS: "it holds a run over ranks, which nr.open_run(path) opens; its save_as makes an ordinary file of it",
    RUNS: "it holds runs of many networks, use nr.open_run(path)[index]",
    LOOP: "it holds a sequence loop, use neurorec.circuits.SequenceLoop.load",
    SIMULATION: "it holds a simulation, open it with xarray.open_datatree",
}
A_LOOP = "a file written by SequenceLoop.save or .learn(path=)"


def is_of_many(path: Path, file: h5py.File) -> bool:
    """Whether it holds runs of many networks."""
    with reading(path, "what the file says of itself"):
        return text(file, "kind", "") == RUNS


def expect_run(path: Path, file: h5py.File, expected: str = RUN) -> None:
    """Refuse other HDF5 files, runs of a newer format, and runs that lack a part; `expected` may be `RUNS`, of many networks."""
    with reading(path, "what the file says of itself"):
        kind = text(file, "kind", "")
        found = number(file, "format_version") if kind == expected else 0
        missing = [name for name in (*GROUPS, *(("checksums",) if found > 1 else ())) if name not in file]
    if kind != expected:
        way = OTHERS.get(kind, "it holds a network, use nr.Network.load" if "network" in file else "expected a file written by nr.train")
        raise RunFileError(f"{path} is an HDF5 file but no neurorec run; {way}")
    if found > FORMAT:
        raise RunFileError(f"{path} was written by a newer neurorec (format {found}, this one reads up to {FORMAT}); upgrade neurorec")
    if missing:
        raise RunFileError(f"{path} is damaged (it lacks /{missing[0]}); restore it from a copy")


def is_over_ranks(path: Path, file: h5py.File) -> bool:
    """Whether it shows a run whose numbers lie in a file for each rank."""
    with reading(path, "what the file says of itself"):
        return text(file, "kind", "") == RANKS


def expect_loop(path: Path, file: h5py.File) -> None:
    """Refuse files that hold no sequence loop, or one of before loops had resume states."""
    with reading(path, "what the file says of itself"):
        if text(file, "kind", "") != LOOP:
            raise RunFileError(f"{path} holds no sequence loop; expected {A_LOOP}")
        if STATES[0] not in file:
            raise RunFileError(f"{path} was written by an older neurorec, whose loops cannot be read; let the loop learn again")
