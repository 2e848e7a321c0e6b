"""A run file as the rest of the library sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import h5py
import numpy as np

from neurorec.abstract_network import AbstractNetwork
from neurorec.arrays import positive, whole
from neurorec.errors import RunFileError, UnknownName, ValueRefused
from neurorec.record import Record
from neurorec.storage.about import read_about
from neurorec.storage.datasets import put
from neurorec.storage.files import expect_run, flush, new_file, opened, publish
from neurorec.storage.image import from_image, image
from neurorec.storage.networks import network_from, overwrite_network, snapshot_path
from neurorec.storage.plan import Layout, Plan
from neurorec.storage.rebuild import rebuild
from neurorec.storage.slots import NONE, State, newest_state, older_slot, other_slot, write_slot
from neurorec.storage.structure import build
from neurorec.storage.tables import rows_written, table
from neurorec.trust import Trusted

if TYPE_CHECKING:
    from types import TracebackType

    import xarray


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
    trust : bool or tuple of type
        Which classes that are not the library's own it may name, as `neurorec.trust.named`.
    """

    def __init__(self, file: h5py.File | None, path: Path | None, trust: Trusted = False) -> None:
        """Use `create` or `open`."""
        self._held, self.path, self.trust = file, path, trust
        self._next_slot: str | None = None
        self._known_layout: Layout | None = None

    @classmethod
    def create(
        cls,
        path: str | Path | None,
        network: AbstractNetwork,
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
        carried: np.ndarray = NONE,
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
        carried : (C,) array
            The units' states in which the first trials start, where they are carried from trial to trial.
        overwrite : bool
            Replace an existing file; it stays whole until the new one is.

        Raises
        ------
        RunFileError
            If the file exists, the folder does not, may not be written, or has no room.
        UnknownName, ValueRefused
            If the record asks for what the network or the trials do not have.
        """
        layout = Layout(
            whole("total", total), whole("steps", steps), positive("dt", dt, "seconds"), whole("batch", batch),
            whole("n_inputs", n_inputs, 0), whole("n_outputs", n_outputs, 0), dict(columns), tuple(conditions), record,
        )  # fmt: skip
        first = State(0, 0, np.asarray(vector), np.asarray(slots), carried)
        plan = Plan(layout, network, config, first, seed_entropy, record.snapshots(total, batch))
        plan.check()
        path = None if path is None else Path(path)
        return cls(new_file(path, plan.bytes, overwrite, lambda file: build(file, plan)), path, network.made_of)

    @classmethod
    def open(cls, path: str | Path, mode: str = "r", trust: Trusted = False) -> RunFile:
        """A run from its file.

        Parameters
        ----------
        path : str or Path
            Where it is.
        mode : str
            ``"r"`` to read, also while another process trains it; ``"r+"`` to write, one process at a time.
        trust : bool or tuple of type
            Which classes that are not the library's own it may name.

        Raises
        ------
        RunFileError
            If there is no such file, it cannot be read, is damaged, holds no run, is newer than this library, or is
            being written by another process.
        """
        if mode not in ("r", "r+"):
            raise ValueRefused(f"mode must be 'r' or 'r+', got {mode!r}; RunFile.create makes a new file")
        path = Path(path)
        file = opened(path, mode)
        try:
            expect_run(path, file)
        except RunFileError:
            file.close()
            raise
        if mode == "r+":
            return cls(file, path, trust)
        file.close()
        return cls(None, path, trust)

    @property
    def config(self) -> dict[str, Any]:
        """How the run was made."""
        return json.loads(self._file.attrs["config"])

    @property
    def about(self) -> dict[str, Any]:
        """Where the run comes from, and what was recorded: as `neurorec.run.Run.about`."""
        return read_about(self._file, self._layout.variables("trajectories"))

    @property
    def seed_entropy(self) -> int:
        """Root of the run's seed tree."""
        return int(self._file.attrs["seed_entropy"])

    @property
    def record(self) -> Record:
        """What is recorded."""
        return self._layout.record

    @property
    def total(self) -> int:
        """Trials that were asked for."""
        return self._layout.total

    @property
    def done(self) -> int:
        """Trials done, as far as the run can be resumed."""
        return self.state().trials

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
        log = self._writable["log"]
        for name, values in columns.items():
            self._expect("log", name)
            put(log[name], values, np.s_[first : first + len(values)])

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
        file, where = self._writable, self._layout.rows(np.asarray(numbers))
        for name, array in arrays.items():
            self._expect("trajectories", name)
            put(file[f"trajectories/{name}"], array, np.s_[:, where, :])
        for name in self._layout.conditions:
            if name in (conditions or {}):
                put(file[f"trials/{name}"], conditions[name], np.s_[where])

    def checkpoint(self, trial: int, updates: int, vector: np.ndarray, slots: np.ndarray, carried: np.ndarray = NONE) -> None:
        """Store what resuming needs, beside the last one, and flush.

        Parameters
        ----------
        trial, updates : int
            Trials and weight updates done.
        vector : (P,) array
            The plastic weights.
        slots : (S, P) array
            The optimiser's.
        carried : (C,) array
            States of the units, as `create` was told.
        """
        file = self._writable
        slot = self._next_slot or older_slot(file)
        write_slot(file[slot], State(trial, updates, vector, slots, carried))
        self._next_slot = other_slot(slot)
        self.flush()

    def state(self) -> State:
        """The newest state that is whole.

        Raises
        ------
        RunFileError
            If both are damaged.
        """
        state = newest_state(self._file)
        if state is None:
            raise RunFileError(
                f"{self._name} holds no whole state and cannot be resumed; its log and checkpoints can still be read with xarray.open_datatree"
            )
        return state

    def snapshot(self, trial: int, network: AbstractNetwork) -> None:
        """Keep the network as a checkpoint, if one is planned after this many trials."""
        if trial in self.snapshot_trials:
            overwrite_network(self._writable[snapshot_path(trial)], network)

    def finish(self, network: AbstractNetwork) -> None:
        """Store the trained network; may be called again, later in the training."""
        group = self._writable["network"]
        overwrite_network(group, network)
        put(group["trained"], self.done)
        self.flush()

    def network(self, trial: int | None = None) -> Any:
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
        where = "network" if trial is None else snapshot_path(trial)
        if where not in self._file:
            raise RunFileError(f"{self._name} has no checkpoint {trial}; there are {', '.join(map(str, self.snapshot_trials))}")
        try:
            return network_from(self._file[where], self.trust)
        except ValueRefused as error:  # NaN: void until it is whole
            raise RunFileError(
                f"{self._name} holds no whole network in /{where}, the run has done {self.done} of {self.total} trials; resume it"
            ) from error

    def initial(self) -> Any:
        """The network before training."""
        return self.network(0)

    def log(self) -> xarray.Dataset:
        """The log over ``trial``, as far as it was written, copied into memory."""
        group, names = self._file["log"], self._layout.variables("log")
        return table(group, names, rows_written(group, names, self.done))

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
        file, layout = self._file, self._layout
        for name in names:
            self._expect("trajectories", name)
        known = layout.variables("trajectories")
        rows = rows_written(file["trajectories"], known, len(layout.record.trials(0, self.done)))
        data, conditions = table(file["trajectories"], names or known, rows), table(file["trials"], layout.conditions, rows)
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
        old = self._writable
        if whole("total", total) <= self.total:
            return
        self.flush()
        plan = self._plan().extended(total)
        self._held, self._known_layout = new_file(self.path, plan.bytes, True, lambda file: rebuild(file, plan, old)), None
        old.close()

    def save_as(self, path: str | Path, overwrite: bool = False) -> Path:
        """Copy the run, such as one in memory, to a file.

        Raises
        ------
        RunFileError
            As `create`.
        """
        plan = self._plan()
        publish(Path(path), plan.bytes, overwrite, lambda file: rebuild(file, plan, self._file))
        return Path(path)

    def flush(self) -> None:
        """Hand everything to the operating system; from then on it survives the end of this process.

        Raises
        ------
        RunFileError
            If the disk does not take it.
        """
        flush(self._file)

    def close(self) -> None:
        """Close the file for writing; a run in memory is gone."""
        if self._held is not None:
            self._held.close()

    def __getstate__(self) -> dict[str, Any]:
        """For copies and other processes: a run in memory goes with all it holds, one with a path as its path, to be read there."""
        held = image(self._file) if self.path is None else None
        return {**self.__dict__, "_held": held, "_next_slot": None, "_known_layout": None}  # what is looked up again

    def __setstate__(self, state: dict[str, Any]) -> None:
        """As `__getstate__` left it."""
        held = state["_held"]
        self.__dict__.update(state, _held=None if held is None else from_image(held))

    def __enter__(self) -> RunFile:
        """The run itself."""
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    @property
    def _file(self) -> h5py.File:
        """Open for writing, or for reading until what was taken from it is forgotten."""
        return opened(Path(self._name), "r") if self._held is None else self._held

    @property
    def _writable(self) -> h5py.File:
        if self._held is None:
            raise RunFileError(f"{self._name} is open for reading; open it with RunFile.open(path, mode='r+')")
        return self._held

    @property
    def _name(self) -> str:
        return "this run in memory" if self.path is None else str(self.path)

    @property
    def _layout(self) -> Layout:
        if self._known_layout is not None:
            return self._known_layout
        layout = Layout.from_json(self._file.attrs["layout"])
        if self._held is not None:  # only who holds the file can extend it; a reader asks again
            self._known_layout = layout
        return layout

    def _expect(self, group: str, name: str) -> None:
        if name not in (known := self._layout.variables(group)):
            raise UnknownName.among({"log": "column of the log", "trajectories": "recorded variable"}[group], name, known)

    def _plan(self) -> Plan:
        """What `create` was told, read back."""
        return Plan(self._layout, self.initial(), self.config, self.state(), self.seed_entropy, self.snapshot_trials)
