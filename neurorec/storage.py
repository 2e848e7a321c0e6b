"""The run file: the only code that knows its layout.

One rule makes it safe to kill a training at any moment: *all structure is created and allocated at the start; while
training, only the raw data of contiguous datasets is overwritten in place, followed by a flush*. No metadata is dirty
after creation, so none can be half-written, and a reader may open the file while it is being written.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tempfile
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import h5py
import numpy as np

from neurorec.arrays import positive, whole
from neurorec.errors import NeurorecError, RunFileError, ShapeError, UnknownName, ValueRefused
from neurorec.network import Network
from neurorec.record import Record

if TYPE_CHECKING:
    from types import TracebackType

    import xarray

FORMAT, KIND = 1, "neurorec run"
SLOTS = ("state/0", "state/1")
KEPT = ("total", "steps", "dt", "batch", "n_inputs", "n_outputs", "columns", "conditions")  # of the plan, as JSON
GROUPS = ("network", "checkpoints", *SLOTS, "log", "trajectories", "trials")
STATE = ("numbers", "vector", "slots")
TRIAL = "trial, counted from 1"
DIMENSIONS = {"input": "input_channel", "output": "output_channel"}  # datasets of those names lie in the same groups
LONG_NAMES = {
    "recurrent": "recurrent weights",
    "input": "input weights",
    "readout": "readout weights",
    "feedback": "feedback weights",
    "bias": "bias of each drive",
    "initial": "state before the first step",
}
CHANNELS = {"output": "output of the network", "input": "input to the network", "target": "target of the output"}
BLOCK = 2**24  # bytes that are copied at a time
NOT_A_VARIABLE = "This is a netCDF dimension but not a netCDF variable. {:10d}"  # netCDF-4's mark of a bare dimension


@final
class RunFile:
    """One training in one HDF5 file, or in memory.

    Get one from `create` or `open`. Numbers of trials in the arguments count from 0 (trial k is the k-th that a task
    makes from a seed); the coordinate ``trial`` in the file counts from 1, so that the row of ``trial`` n, a recorded
    trajectory of ``trial`` n and checkpoint n, the weights after n trials, belong together; checkpoint 0 is initial.

    ============================  =====================================================================================
    group                         holds
    ============================  =====================================================================================
    ``/network``                  the network as `finish` wrote it last; ``trained``: after how many trials
    ``/checkpoints/<trial>``      snapshots of the network, NaN until reached
    ``/state/0``, ``/state/1``    what resuming needs, twice: the older is overwritten, so that one is always whole
    ``/log``                      one row a trial: loss and whatever else was asked for, NaN until written
    ``/trajectories``             (time in seconds, trial, unit or channel), float32, NaN until recorded
    ``/trials``                   numeric conditions of the recorded trials
    ============================  =====================================================================================

    ``xarray.open_datatree(path, engine="h5netcdf")`` shows all of it, with named dimensions, seconds and units.

    Parameters
    ----------
    file : h5py.File, optional
        Open for writing. None: for reading, `path` is opened anew whenever something is asked for, so that a run which
        is merely looked at keeps nobody from training it further, and nobody in this process from opening it with xarray.
    path : Path, optional
        None: it lives in memory only.
    """

    def __init__(self, file: h5py.File | None, path: Path | None) -> None:
        """Use `create` or `open`."""
        self._held, self.path = file, path
        self._next_slot: str | None = None
        self._known_layout: dict[str, Any] | None = None

    @classmethod
    def create(
        cls,
        path: str | Path | None,
        network: Network,
        config: Mapping[str, Any],
        total: int,
        steps: int,
        dt: float,
        columns: Mapping[str, tuple[str, str]],
        vector: np.ndarray,
        slots: np.ndarray,
        record: Record,
        conditions: Sequence[str] = (),
        n_inputs: int = 0,
        n_outputs: int = 1,
        *,
        batch: int = 1,
        seed_entropy: int = 0,
        overwrite: bool = False,
    ) -> RunFile:
        """A new run, with room for everything it will hold, open for writing.

        Parameters
        ----------
        path : str or Path, optional
            None: in memory. The file gets its name only when it is complete; before, it is ``<path>.part``.
        network : Network
            Untrained; becomes ``/network`` and checkpoint 0.
        config : mapping
            How the run was made, JSON-able.
        total : int
            Trials.
        steps : int
            Time steps T of a trial.
        dt : float
            Time step in seconds.
        columns : mapping of str to (unit, long name)
            What the log holds, one value a trial: ``{"loss": ("1", "training loss")}``.
        vector : (P,) array
            The plastic weights, flat, in the engine's dtype; the first resume state.
        slots : (S, P) array
            The optimiser's, S may be 0.
        record : Record
            What goes to ``/trajectories``, and how many checkpoints.
        conditions : sequence of str
            Names of the conditions that are numbers.
        n_inputs, n_outputs : int
            Channels I and O; I may be 0.
        batch : int
            Trials an update; checkpoints lie on whole batches.
        seed_entropy : int
            Root of the run's seed tree.
        overwrite : bool
            Replace an existing file; it stays whole until the new one is.

        Raises
        ------
        RunFileError
            If the file exists, the folder does not, may not be written, or has no room.
        UnknownName, ValueRefused
            If the record asks for what the network or the trials do not have.
        """
        plan = _Plan(
            network, config, whole("total", total), whole("steps", steps), positive("dt", dt, "seconds"), dict(columns), np.asarray(vector), np.asarray(slots),
            record, tuple(conditions), whole("n_inputs", n_inputs, 0), whole("n_outputs", n_outputs, 0), whole("batch", batch), seed_entropy,
            record.snapshots(total, batch),
        )  # fmt: skip
        plan.check()
        if path is None:
            file = _in_memory()
            _build(file, plan)
            return cls(file, None)
        path = Path(path)
        _publish(path, plan.bytes, overwrite, lambda file: _build(file, plan))
        return cls.open(path, "r+")

    @classmethod
    def open(cls, path: str | Path, mode: str = "r") -> RunFile:
        """A run from its file.

        Parameters
        ----------
        path : str or Path
            Where it is.
        mode : str
            ``"r"`` to read, also while another process trains it; ``"r+"`` to write, one process at a time.

        Raises
        ------
        RunFileError
            If there is no such file, it cannot be read, is damaged, holds no run, is newer than this library, or is
            being written by another process.
        """
        if mode not in ("r", "r+"):
            raise ValueRefused(f"mode must be 'r' or 'r+', got {mode!r}; RunFile.create makes a new file")
        path = Path(path)
        file = _opened(path, mode)
        try:
            _expect_run(path, file)
        except RunFileError:
            file.close()
            raise
        if mode == "r+":
            return cls(file, path)
        file.close()
        return cls(None, path)

    @property
    def config(self) -> dict[str, Any]:
        """How the run was made."""
        return json.loads(self._file.attrs["config"])

    @property
    def seed_entropy(self) -> int:
        """Root of the run's seed tree."""
        return int(self._file.attrs["seed_entropy"])

    @property
    def record(self) -> Record:
        """What is recorded."""
        return Record.from_dict(self._layout["record"])

    @property
    def total(self) -> int:
        """Trials that were asked for."""
        return self._layout["total"]

    @property
    def done(self) -> int:
        """Trials done, as far as the run can be resumed."""
        return self.state()[0]

    @property
    def trained(self) -> int:
        """Trials after which `finish` wrote the network; less than `done` where a training was killed."""
        return int(self._file["network/trained"][()])

    @property
    def snapshot_trials(self) -> tuple[int, ...]:
        """After how many trials a snapshot is kept; a training stops there and calls `snapshot`."""
        return tuple(sorted(map(int, self._file["checkpoints"])))

    def write_log(self, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Fill rows of the log.

        Parameters
        ----------
        first : int
            Number of the first of these trials, counted from 0.
        columns : mapping of str to (n,) array
            Columns that are not given stay as they are.

        Raises
        ------
        UnknownName, ShapeError
            If a column was not planned, or there are more rows than trials.
        """
        for name, values in columns.items():
            _put(self._among("log", name), values, np.s_[first : first + len(values)])

    def write_trajectories(
        self, numbers: np.ndarray, arrays: Mapping[str, np.ndarray], conditions: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """Fill in recorded trials.

        Parameters
        ----------
        numbers : (B,) array of int
            Some of `Record.trials`, in a row.
        arrays : mapping of str to (T', B, C') array
            As `Record.pick` leaves them.
        conditions : mapping of str to (B,) array, optional
            Those that were not planned, such as text, are left out.

        Raises
        ------
        ValueRefused, UnknownName, ShapeError
            If the trials are not those to record, a variable is none to record, or its shape is another one.
        """
        where = self._rows(np.asarray(numbers))
        for name, array in arrays.items():
            _put(self._among("trajectories", name), array, np.s_[:, where, :])
        for name in self._names("trials"):
            if name in (conditions or {}):
                _put(self._file[f"trials/{name}"], conditions[name], np.s_[where])

    def checkpoint(self, trial: int, updates: int, vector: np.ndarray, slots: np.ndarray) -> None:
        """Store what resuming needs, beside the last one, and flush.

        Parameters
        ----------
        trial, updates : int
            Trials and weight updates done.
        vector : (P,) array
            The plastic weights.
        slots : (S, P) array
            The optimiser's.
        """
        if self._next_slot is None:
            self._next_slot = min(SLOTS, key=lambda slot: _trial_of(_read_slot(self._file[slot])))
        _write_slot(self._file[self._next_slot], trial, updates, vector, slots)
        self._next_slot = SLOTS[1 - SLOTS.index(self._next_slot)]
        self.flush()

    def state(self) -> tuple[int, int, np.ndarray, np.ndarray]:
        """The newest state that is whole: trials done, updates done, weights (P,), the optimiser's slots (S, P).

        Raises
        ------
        RunFileError
            If both are damaged.
        """
        state = max((_read_slot(self._file[slot]) for slot in SLOTS), key=_trial_of)
        if state is None:
            raise RunFileError(
                f"{self._name} holds no whole state and cannot be resumed; its log and checkpoints can still be read with xarray.open_datatree"
            )
        return state

    def snapshot(self, trial: int, network: Network) -> None:
        """Keep the network as a checkpoint, if one is planned after this many trials."""
        if trial in self.snapshot_trials:
            self._overwrite(self._file[_checkpoint(trial)], network)

    def finish(self, network: Network) -> None:
        """Store the trained network; may be called again, later in the training."""
        self._overwrite(self._file["network"], network)
        _put(self._file["network/trained"], np.array(self.done))
        self.flush()

    def network(self, trial: int | None = None) -> Network:
        """The network as `finish` left it, or a snapshot.

        Parameters
        ----------
        trial : int, optional
            One of `snapshot_trials`.

        Raises
        ------
        RunFileError
            If there is no such snapshot, the training has not reached it, or it was being written when the process died.
        """
        where = "network" if trial is None else _checkpoint(trial)
        if where not in self._file:
            raise RunFileError(f"{self._name} has no checkpoint {trial}; there are {', '.join(map(str, self.snapshot_trials))}")
        try:
            return Network.from_group(self._file[where])
        except ValueRefused as error:  # NaN: void until it is whole
            raise RunFileError(
                f"{self._name} holds no whole network in /{where}, the run has done {self.done} of {self.total} trials; resume it"
            ) from error

    def initial(self) -> Network:
        """The network before training."""
        return self.network(0)

    def log(self) -> xarray.Dataset:
        """The log over ``trial``, as far as it was written, copied into memory."""
        written = self._written("log", self.done)
        return self._dataset("log", self._names("log"), slice(written))

    def trajectories(self, *names: str) -> xarray.Dataset:
        """Recorded variables over time, trial and unit or channel, with the trials' conditions, copied into memory.

        Parameters
        ----------
        *names : str
            Which; none: all. Where memory is short, open the file with `xarray.open_datatree`, which loads what is used.

        Returns
        -------
        xarray.Dataset
            The trials that were recorded so far; conditions are coordinates.

        Raises
        ------
        UnknownName
            If a variable was not recorded.
        """
        known = self._names("trajectories")
        for name in names:
            self._among("trajectories", name)
        written = self._written("trajectories", len(self.record.trials(0, self.done)))
        data = self._dataset("trajectories", names or known, slice(written))
        conditions = self._dataset("trials", self._names("trials"), slice(written))
        return data.assign_coords({name: conditions[name] for name in conditions.data_vars if name not in data.variables})

    def extend(self, total: int) -> None:
        """Make room for more trials; what is there already is kept bit for bit.

        The file is written anew beside the old one and takes its place when it is complete.

        Parameters
        ----------
        total : int
            Trials of the longer training; fewer than there is room for change nothing.

        Raises
        ------
        RunFileError
            If there is no room.
        """
        self._writable()
        if whole("total", total) <= self.total:
            return
        later = tuple(n for n in self.record.snapshots(total, self._layout["batch"]) if n > self.total)
        plan = replace(self._plan(), total=total, snapshots=(*self.snapshot_trials, *later))
        if self.path is None:
            file = _in_memory()
            _rebuild(file, plan, self._file)
            self._file.close()
        else:
            self.flush()
            _publish(self.path, plan.bytes, True, lambda file: _rebuild(file, plan, self._file))
            self._file.close()
            file = _opened(self.path, "r+")
        self._held, self._known_layout = file, None

    def save_as(self, path: str | Path, overwrite: bool = False) -> Path:
        """Copy the run, such as one in memory, to a file.

        Raises
        ------
        RunFileError
            As `create`.
        """
        plan = self._plan()
        _publish(Path(path), plan.bytes, overwrite, lambda file: _rebuild(file, plan, self._file))
        return Path(path)

    def flush(self) -> None:
        """Hand everything to the operating system; from then on it survives the end of this process.

        Raises
        ------
        RunFileError
            If the disk does not take it.
        """
        try:
            self._file.flush()
        except (OSError, RuntimeError) as error:
            raise RunFileError(f"cannot write {self._name} ({_one_line(error)}); free some room, then resume the run") from error

    def close(self) -> None:
        """Close the file for writing; a run in memory is gone."""
        if self._held is not None:
            self._held.close()

    def __enter__(self) -> RunFile:
        """The run itself."""
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    @property
    def _file(self) -> h5py.File:
        """Open for writing, or for reading until what was taken from it is forgotten."""
        return _opened(Path(self._name), "r") if self._held is None else self._held

    @property
    def _name(self) -> str:
        return "this run in memory" if self.path is None else str(self.path)

    @property
    def _layout(self) -> dict[str, Any]:
        if self._known_layout is not None:
            return self._known_layout
        layout = json.loads(self._file.attrs["layout"])
        if self._held is not None:  # only who holds the file can extend it; a reader asks again
            self._known_layout = layout
        return layout

    def _writable(self) -> None:
        if self._held is None:
            raise RunFileError(f"{self._name} is open for reading; open it with RunFile.open(path, mode='r+')")

    def _names(self, group: str) -> tuple[str, ...]:
        """The planned variables of a group: without its coordinates, and without what others have put there."""
        layout = self._layout
        return tuple({"log": layout["columns"], "trajectories": layout["record"]["variables"], "trials": layout["conditions"]}[group])

    def _among(self, group: str, name: str) -> h5py.Dataset:
        if name not in (known := self._names(group)):
            raise UnknownName.among({"log": "column of the log", "trajectories": "recorded variable"}[group], name, known)
        return self._file[group][name]

    def _rows(self, numbers: np.ndarray) -> slice:
        """Where recorded trials lie: they are evenly spaced, so trials in a row are rows in a row."""
        record = self.record
        expected = record.trials(max(0, int(numbers[0])), self.total)[: len(numbers)] if len(numbers) else numbers
        if not np.array_equal(numbers, expected):
            raise ValueRefused(
                f"trials {numbers.tolist()[:5]} ... are not those to record, {expected.tolist()[:5]} ...; take them from Record.trials"
            )
        first = int(numbers[0]) // record.every if len(numbers) else 0
        return slice(first, first + len(numbers))

    def _overwrite(self, group: h5py.Group, network: Network) -> None:
        """Replace a network: `recurrent` is void until the rest is written, so that a torn one is never taken for whole."""
        _put(group["recurrent"], np.full(group["recurrent"].shape, np.nan))
        self.flush()
        for name, data in _weights(group):
            if name != "recurrent":
                _put(data, _value(network, name))
        self.flush()
        _put(group["recurrent"], network.recurrent)
        self.flush()

    def _written(self, group: str, least: int) -> int:
        """Rows up to the last that holds a number, and at least those of the trials done (which may have diverged)."""
        data = [self._file[group][name] for name in self._names(group)]
        firsts = [d[()] if d.ndim == 1 else d[0, :, 0] for d in data if 0 not in d.shape]
        return max([least, *(int(np.flatnonzero(~np.isnan(f))[-1]) + 1 for f in firsts if not np.isnan(f).all())])

    def _dataset(self, group: str, names: Sequence[str], rows: slice) -> xarray.Dataset:
        import xarray

        data = {name: _variable(self._file[group][name], rows) for name in names}
        dims = {"trial", *(dim for own, _, _ in data.values() for dim in own)}
        return xarray.Dataset(data, {dim: _variable(self._file[group][dim], rows) for dim in dims})

    def _plan(self) -> _Plan:
        """What `create` was told, read back."""
        layout, (_, _, vector, slots) = self._layout, self.state()
        kept = {name: layout[name] for name in KEPT}
        return _Plan(
            network=self.initial(), config=self.config, vector=vector, slots=slots, record=self.record,
            seed_entropy=self.seed_entropy, snapshots=self.snapshot_trials, **kept,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Plan:
    """Everything that the structure of a run file follows from."""

    network: Network
    config: Mapping[str, Any]
    total: int
    steps: int
    dt: float
    columns: Mapping[str, tuple[str, str]]
    vector: np.ndarray
    slots: np.ndarray
    record: Record
    conditions: tuple[str, ...]
    n_inputs: int
    n_outputs: int
    batch: int
    seed_entropy: int
    snapshots: tuple[int, ...]

    def check(self) -> None:
        self.record.check(self.network.formula.states, self.network.units, self.steps)
        for name in (*self.columns, *self.conditions):
            if name == "trial" or not name or "/" in name or name == ".":
                raise ValueRefused(f"a column of a run file cannot be called {name!r}; choose a name without '/' other than 'trial'")
        try:
            json.dumps(dict(self.config))
        except (TypeError, ValueError) as error:
            raise ValueRefused(f"config must be JSON-able ({_one_line(error)}); turn arrays into lists") from error
        if self.vector.ndim != 1 or self.slots.shape[1:] != self.vector.shape:
            raise ShapeError(f"vector must have shape (P,) and slots (S, P), got {self.vector.shape} and {self.slots.shape}")

    def last_dimension(self, variable: str) -> tuple[str, np.ndarray]:
        """Name and coordinates of the last dimension of a trajectory: the recorded units or channels, (C',)."""
        if variable == "input":
            return "input_channel", np.arange(self.n_inputs)
        if variable in CHANNELS:
            return "output_channel", np.arange(self.n_outputs)
        return "unit", np.arange(self.network.units) if self.record.units is None else np.array(self.record.units)

    @property
    def bytes(self) -> int:
        """Room that the file takes at most."""
        steps, trials = len(self.record.times(self.steps, self.dt)), len(self.record.trials(0, self.total))
        trajectories = 4 * steps * trials * sum(self.last_dimension(name)[1].size for name in self.record.variables)
        networks = (1 + len(self.snapshots)) * sum(array.nbytes for array in vars(self.network).values() if isinstance(array, np.ndarray))
        rows = 8 * self.total * (3 + len(self.columns) + len(self.conditions))
        state = 2 * (self.vector.nbytes + self.slots.nbytes) + 2 * len(json.dumps(dict(self.config)))
        structure = 2**15 * (3 + len(self.snapshots)) + 2**12 * (len(self.columns) + len(self.conditions))
        return trajectories + networks + rows + state + structure


# Files ----------------------------------------------------------------------------------------------------------------


def _in_memory() -> h5py.File:
    name = f"run in memory {uuid.uuid4()}"  # HDF5 tells open files apart by name, in memory too
    return h5py.File(name, "w", driver="core", backing_store=False)


def _publish(path: Path, size: int, overwrite: bool, fill: Callable[[h5py.File], None]) -> None:
    """Fill a file aside and give it its name once it is complete."""
    _expect_room(path, size, overwrite)
    aside = path.with_name(path.name + ".part")
    try:
        _try_room(path.parent, size)
        with h5py.File(aside, "w") as file:
            fill(file)
        aside.replace(path)
    except NeurorecError:
        raise
    except (OSError, RuntimeError) as error:
        raise RunFileError(f"cannot write {path} ({_one_line(error)}); {_advice(size)}") from error
    finally:
        aside.unlink(missing_ok=True)  # nothing is there once it has its name


def _try_room(folder: Path, size: int) -> None:
    """Take the room once before HDF5 does: it crashes where a quota or the disk ends in the middle of a file."""
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _expect_room(path: Path, size: int, overwrite: bool) -> None:
    if path.is_dir():
        raise RunFileError(f"{path} is a folder; give the run a file name in it, such as {path / 'run.h5'}")
    if path.exists() and not overwrite:
        raise RunFileError(f"{path} exists already; choose another path, pass overwrite=True, or resume it")
    if not path.parent.is_dir():
        raise RunFileError(f"cannot write {path}: there is no folder {path.parent}; create it first")
    if (free := shutil.disk_usage(path.parent).free) < size:
        raise RunFileError(f"cannot write {path}: {free / 1e9:.3g} GB are free; {_advice(size)}")


def _advice(size: int) -> str:
    return f"the run needs {size / 1e9:.3g} GB in a folder that can be written; record less (Record: every, steps, units, reduce, checkpoints) or choose another folder"


def _opened(path: Path, mode: str) -> h5py.File:
    """Open what should be a run. A writer locks the file against other writers; a reader asks for no lock."""
    try:
        _expect_hdf5(path)
        return _unlocked(path) if mode == "r" else _unbuffered(path)
    except RunFileError:
        raise
    except (OSError, RuntimeError) as error:
        raise RunFileError(_why_not_open(path, error)) from error


def _unbuffered(path: Path) -> h5py.File:
    """For writing. HDF5 would read and write 64 KB around each time step of a single trial: ten times slower."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_sieve_buf_size(0)
    access.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_LATEST)  # as h5py.File has them
    return h5py.File(h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDWR, access))


def _unlocked(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        if "flag values don't match" not in str(error):
            raise
        return h5py.File(path, "r")  # this process has it open already, with a lock


def _expect_hdf5(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(8) != b"\x89HDF\r\n\x1a\n":
            raise RunFileError(f"{path} is not an HDF5 file; expected a run written by nr.train")


def _expect_run(path: Path, file: h5py.File) -> None:
    try:
        kind, found = file.attrs.get("kind", ""), int(file.attrs.get("format_version", 0))
        lacking = [name for name in GROUPS if name not in file]
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise RunFileError(f"{path} is damaged ({_one_line(error)}); restore it from a copy") from error
    if kind != KIND:
        hint = "; it holds a network, use nr.Network.load" if "network" in file else ""
        raise RunFileError(f"{path} is an HDF5 file but no neurorec run{hint or '; expected a file written by nr.train'}")
    if found > FORMAT:
        raise RunFileError(f"{path} was written by a newer neurorec (format {found}, this one reads up to {FORMAT}); upgrade neurorec")
    if lacking:
        raise RunFileError(f"{path} is damaged (it lacks /{lacking[0]}); restore it from a copy")


def _why_not_open(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"there is no file {path}; expected a run written by nr.train"
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; name the run file in it"
    if isinstance(error, PermissionError):
        return f"no permission to open {path}; change its permissions or copy it (a run is read with mode='r')"
    if isinstance(error, BlockingIOError):
        return f"{path} is being written by another process; wait for it, or open it with mode='r'"
    if "already open for read-only" in str(error):
        return f"{path} is open for reading in this process; close it first (a dataset of xarray by its .close())"
    if "truncated" in str(error):
        return f"{path} is truncated, so part of it is missing; copy it again from where it was made"
    return f"{path} is damaged ({_one_line(error)}); restore it from a copy"


def _one_line(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else " ".join(str(error).split())[:200]


# Structure ------------------------------------------------------------------------------------------------------------


def _build(file: h5py.File, plan: _Plan) -> None:
    """Create and allocate everything."""
    _build_root(file, plan)
    _build_network(file.create_group("network"), plan.network)
    trained = _allocate(file["network"], "trained", [], np.int64, "1", "trials after which this network was stored")
    trained[()] = 0
    for trial in plan.snapshots:
        _build_network(file.create_group(_checkpoint(trial)), plan.network)
        if trial > 0:
            _void(file[_checkpoint(trial)])
    for slot in SLOTS:
        _build_slot(file.create_group(slot), plan)
    _write_slot(file[SLOTS[0]], 0, 0, plan.vector, plan.slots)
    _build_log(file.create_group("log"), plan)
    _build_trajectories(file.create_group("trajectories"), plan)
    _build_trials(file.create_group("trials"), plan)


def _build_root(file: h5py.File, plan: _Plan) -> None:
    layout = {name: getattr(plan, name) for name in KEPT} | {"record": plan.record.as_dict()}
    file.attrs.update({
        "format_version": FORMAT, "kind": KIND, "Conventions": "CF-1.8", "config": json.dumps(dict(plan.config)), "layout": json.dumps(layout),
        "seed_entropy": str(plan.seed_entropy), "versions": json.dumps(_versions()), "git_commit": _git_commit(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    })  # fmt: skip


def _build_network(group: h5py.Group, network: Network) -> None:
    network.to_group(group)
    for name, data in list(_weights(group)):
        _name_dimensions(group, data)
        data.attrs["units"] = "s" if name.startswith("parameters/tau") else "1"
        data.attrs["long_name"] = LONG_NAMES.get(name, f"parameter {Path(name).name} of each unit")


def _name_dimensions(group: h5py.Group, data: h5py.Dataset) -> None:
    for axis, size in zip(data.dims, data.shape, strict=True):
        name = DIMENSIONS.get(str(axis.label), str(axis.label))
        axis.label = name
        axis.attach_scale(group[name] if name in group else _dimension(group, name, size))


def _build_slot(group: h5py.Group, plan: _Plan) -> None:
    weight = _dimension(group, "weight", plan.vector.size)
    _allocate(group, "vector", [weight], plan.vector.dtype, "1", "plastic weights, flat")
    _allocate(group, "slots", [_dimension(group, "slot", len(plan.slots)), weight], plan.slots.dtype, "1", "state of the optimiser")
    _allocate(group, "numbers", [_dimension(group, "number", 2)], np.int64, "1", "trials and updates done")
    _allocate(group, "checksum", [], np.int64, "1", "CRC-32 of numbers, vector and slots")[()] = -1  # no CRC is negative: not whole


def _build_log(group: h5py.Group, plan: _Plan) -> None:
    trial = _coordinate(group, "trial", np.arange(1, plan.total + 1), "1", TRIAL)
    for name, (unit, long_name) in plan.columns.items():
        _allocate(group, name, [trial], np.float64, unit, long_name)


def _build_trajectories(group: h5py.Group, plan: _Plan) -> None:
    times = plan.record.times(plan.steps, plan.dt)
    time = _coordinate(group, "time", times, "s", "time from the start of the trial, at the end of each step")
    trial = _coordinate(group, "trial", plan.record.trials(0, plan.total) + 1, "1", TRIAL)
    how = plan.record.reduce if plan.record.reduce in ("mean", "maximum") else "point"
    for name in plan.record.variables:
        dimension, values = plan.last_dimension(name)
        scale = _coordinate(group, dimension, values, "1", f"{dimension.replace('_', ' ')}, counted from 0")
        data = _allocate(group, name, [time, trial, scale], np.float32, "1", CHANNELS.get(name, f"state {name} of each unit"))
        data.attrs["cell_methods"] = f"time: {how}"


def _build_trials(group: h5py.Group, plan: _Plan) -> None:
    trial = _coordinate(group, "trial", plan.record.trials(0, plan.total) + 1, "1", TRIAL)
    for name in plan.conditions:
        _allocate(group, name, [trial], np.float64, "1", f"condition {name}")


def _coordinate(group: h5py.Group, name: str, values: np.ndarray, unit: str, long_name: str) -> h5py.Dataset:
    """The scale of a dimension, made on first use."""
    if name in group:
        return group[name]
    scale = group.create_dataset(name, data=values)
    scale.make_scale(name)
    scale.dims[0].label = name
    scale.attrs.update({"units": unit, "long_name": long_name})
    return scale


def _dimension(group: h5py.Group, name: str, size: int) -> h5py.Dataset:
    """A dimension without coordinate; takes no room, since it is never allocated."""
    scale = group.create_dataset(name, (size,), ">f4")
    scale.make_scale(NOT_A_VARIABLE.format(size))
    scale.dims[0].label = name
    return scale


def _allocate(group: h5py.Group, name: str, scales: Sequence[h5py.Dataset], dtype: Any, unit: str, long_name: str) -> h5py.Dataset:
    """A contiguous dataset with room on disk from now on, NaN where it is float; `create_dataset` would allocate on first write."""
    dtype, shape = np.dtype(dtype), tuple(scale.shape[0] for scale in scales)
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_layout(h5py.h5d.CONTIGUOUS)
    how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    how.set_fill_time(h5py.h5d.FILL_TIME_ALLOC)
    how.set_fill_value(np.array(np.nan if dtype.kind == "f" else 0, dtype))
    how.set_obj_track_times(False)
    data = h5py.Dataset(
        h5py.h5d.create(group.id, name.encode(), h5py.h5t.py_create(dtype, logical=True), h5py.h5s.create_simple(shape), how)
    )
    for axis, scale in zip(data.dims, scales, strict=True):
        axis.label = scale.dims[0].label
        axis.attach_scale(scale)
    data.attrs.update({"units": unit, "long_name": long_name})
    return data


def _rebuild(file: h5py.File, plan: _Plan, old: h5py.File) -> None:
    """Build a file and copy into it what an older one holds, what others have added included."""
    _build(file, plan)
    added = [name for name in _all_names(old) if name not in file]
    for name in _all_names(old):
        if name not in added and isinstance(old[name], h5py.Dataset):
            _copy(old[name], file[name])
    for name in added:
        if name.rpartition("/")[0] not in added:
            old.copy(name, file, name=name)
    for name in added:
        if isinstance(old[name], h5py.Dataset):
            _attach_again(old[name], file)
    file.attrs.update({name: value for name, value in old.attrs.items() if name != "layout"})


def _copy(source: h5py.Dataset, target: h5py.Dataset) -> None:
    """Copy the overlap, a block at a time."""
    if source.ndim == 0:
        target[()] = source[()]
    elif source.id.get_storage_size():  # bare dimensions have none
        rows = max(1, BLOCK * len(source) // source.nbytes)
        for first in range(0, len(source), rows):
            part = source[first : first + rows]
            target[tuple(slice(n) if axis else slice(first, first + n) for axis, n in enumerate(part.shape))] = part


def _attach_again(source: h5py.Dataset, file: h5py.File) -> None:
    """Scales are held by references, which HDF5 does not carry from file to file."""
    data = file[source.name]
    for name in ("DIMENSION_LIST", "REFERENCE_LIST"):
        if name in data.attrs:
            del data.attrs[name]
    for axis, old in zip(data.dims, source.dims, strict=True):
        for scale in old.values():
            axis.attach_scale(file[scale.name])


def _all_names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return names


# Data -----------------------------------------------------------------------------------------------------------------


def _put(data: h5py.Dataset, values: np.ndarray, where: Any = ()) -> None:
    """Overwrite raw data in place; h5py alone would broadcast what does not fit."""
    if data.file.mode == "r":
        raise RunFileError(f"{data.file.filename} is open for reading; open it with RunFile.open(path, mode='r+')")
    values = np.asarray(values, data.dtype)
    where = where if isinstance(where, tuple) else (where,)
    expected = tuple(len(range(*part.indices(n))) for part, n in zip(where, data.shape, strict=True)) if where else data.shape
    if values.shape != expected:
        raise ShapeError(f"{data.name} has room for shape {expected} there, got {values.shape}; see Record.pick and RunFile.extend")
    if values.size:
        data[where] = values


def _variable(data: h5py.Dataset, rows: slice) -> tuple[tuple[str, ...], np.ndarray, dict[str, str]]:
    """Dimensions, values and attributes, as xarray takes them; only some of the trials."""
    dims = tuple(str(axis.label) for axis in data.dims)
    kept = tuple(rows if dim == "trial" else slice(None) for dim in dims)
    return dims, data[kept], {name: data.attrs[name] for name in ("units", "long_name", "cell_methods") if name in data.attrs}


def _weights(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    """Arrays of a stored network, by the names that `_value` knows."""
    for name, item in group.items():
        if isinstance(item, h5py.Group):
            yield from ((f"{name}/{inner}", data) for inner, data in item.items())
        elif not item.is_scale and item.ndim:
            yield name, item


def _value(network: Network, name: str) -> np.ndarray:
    kind, _, parameter = name.rpartition("/")
    return network.per_unit(parameter) if kind else getattr(network, name)


def _void(group: h5py.Group) -> None:
    for _, data in _weights(group):
        _put(data, np.full(data.shape, np.nan))


def _checkpoint(trial: int) -> str:
    return f"checkpoints/{trial:09d}"  # padded, so that names sort as numbers, also after extending


def _write_slot(group: h5py.Group, trial: int, updates: int, vector: np.ndarray, slots: np.ndarray) -> None:
    arrays = [np.asarray(values, group[name].dtype) for name, values in zip(STATE, ([trial, updates], vector, slots), strict=True)]
    for name, array in zip(STATE, arrays, strict=True):
        _put(group[name], array)
    _put(group["checksum"], np.array(_crc(*arrays)))


def _read_slot(group: h5py.Group) -> tuple[int, int, np.ndarray, np.ndarray] | None:
    """Trials and updates done, weights, the optimiser's slots; None where they do not belong together."""
    numbers, vector, slots = (group[name][()] for name in STATE)
    return (int(numbers[0]), int(numbers[1]), vector, slots) if int(group["checksum"][()]) == _crc(numbers, vector, slots) else None


def _trial_of(state: tuple[int, int, np.ndarray, np.ndarray] | None) -> int:
    return -1 if state is None else state[0]


def _crc(*arrays: np.ndarray) -> int:
    crc = 0
    for array in arrays:
        crc = zlib.crc32(array.tobytes(), crc)
    return crc


# Provenance -----------------------------------------------------------------------------------------------------------


def _versions() -> dict[str, str]:
    from neurorec import __version__

    return {"neurorec": __version__, "python": platform.python_version(), **{name: _version(name) for name in ("numpy", "numba", "h5py")}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _git_commit() -> str:
    """Of the folder the user works in; empty where there is none, or no git."""
    try:
        return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=2, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
