"""Run files as files: made aside and named when complete, recognised, flushed; and what to say where that fails."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py

from neurorec.errors import NeurorecError, RunFileError
from neurorec.hdf5.damage import reading
from neurorec.hdf5.opening import one_line, opened
from neurorec.hdf5.seal import sealed
from neurorec.hdf5.values import number, text
from neurorec.storage.slots import SLOTS

FORMAT = 2  # 1 had no checksums but those of the states
KIND, LOOP, SIMULATION = "neurorec run", "neurorec sequence loop", "neurorec simulation"
OTHERS = {
    LOOP: "it holds a sequence loop, use neurorec.circuits.SequenceLoop.load",
    SIMULATION: "it holds a simulation, open it with xarray.open_datatree",
}
WRITTEN = ("network", "checkpoints", "state", "log", "trajectories", "trials", "checksums")  # while training
GROUPS = ("network", "checkpoints", *SLOTS, "log", "trajectories", "trials")

Fill = Callable[[h5py.File], None]


def new_file(path: Path | None, size: int, overwrite: bool, fill: Fill) -> h5py.File:
    """Filled, and open for writing; None: in memory."""
    if path is not None:
        publish(path, size, overwrite, fill)
        return opened(path, "r+")
    file = h5py.File(f"run in memory {uuid.uuid4()}", "w", driver="core", backing_store=False)  # HDF5 tells open files apart by name
    fill(file)
    return file


def publish(path: Path, size: int, overwrite: bool, fill: Fill, written: Sequence[str] = WRITTEN) -> None:
    """Fill a file aside and give it its name once it is complete; what will be written to it later is not sealed."""
    _expect_room(path, size, overwrite)
    aside = path.with_name(path.name + ".part")
    try:
        _try_room(path.parent, size)
        with sealed(aside, written, "w") as file:
            fill(file)
        aside.replace(path)
    except NeurorecError:
        raise
    except (OSError, RuntimeError) as error:
        raise RunFileError(f"cannot write {path} ({one_line(error)}); {_advice(size)}") from error
    finally:
        aside.unlink(missing_ok=True)  # nothing is there once it has its name


def flush(file: h5py.File) -> None:
    """Hand everything to the operating system, or say that the disk does not take it."""
    try:
        file.flush()
    except (OSError, RuntimeError) as error:
        raise RunFileError(f"cannot write {file.filename} ({one_line(error)}); free some room, then resume the run") from error


def expect_run(path: Path, file: h5py.File) -> None:
    """Refuse other HDF5 files, newer ones, and damaged ones."""
    with reading(path, "what the file says of itself"):
        kind = text(file, "kind", "")
        found = number(file, "format_version") if kind == KIND else 0
        lacking = [name for name in (*GROUPS, *(("checksums",) if found > 1 else ())) if name not in file]
    if kind != KIND:
        way = OTHERS.get(kind, "it holds a network, use nr.Network.load" if "network" in file else "expected a file written by nr.train")
        raise RunFileError(f"{path} is an HDF5 file but no neurorec run; {way}")
    if found > FORMAT:
        raise RunFileError(f"{path} was written by a newer neurorec (format {found}, this one reads up to {FORMAT}); upgrade neurorec")
    if lacking:
        raise RunFileError(f"{path} is damaged (it lacks /{lacking[0]}); restore it from a copy")


def _expect_room(path: Path, size: int, overwrite: bool) -> None:
    if path.is_dir():
        raise RunFileError(f"{path} is a folder; give the run a file name in it, such as {path / 'run.h5'}")
    if path.exists() and not overwrite:
        raise RunFileError(f"{path} exists already; choose another path, pass overwrite=True, or resume it")
    if not path.parent.is_dir():
        raise RunFileError(f"cannot write {path}: there is no folder {path.parent}; create it first")
    if (free := shutil.disk_usage(path.parent).free) < size:
        raise RunFileError(f"cannot write {path}: {free / 1e9:.3g} GB are free; {_advice(size)}")


def _try_room(folder: Path, size: int) -> None:
    """Take the room once before HDF5 does: it crashes where a quota or the disk ends in the middle of a file."""
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _advice(size: int) -> str:
    return f"the run needs {size / 1e9:.3g} GB in a folder that can be written; record less (Record: every, steps, units, reduce, checkpoints) or choose another folder"
