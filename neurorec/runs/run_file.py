"""A run file as the rest of the library sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import h5py
import numpy as np

from neurorec.arrays import positive, whole
from neurorec.errors import RunFileError, UnknownName, ValueRefused
from neurorec.hdf5.damage import damaged, reading
from neurorec.hdf5.opening import opened
from neurorec.hdf5.states import state_to_go_on_from, state_to_read
from neurorec.hdf5.values import fetch, text
from neurorec.hdf5.wholes import CHECKSUMS, expect_whole
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.runs.about import read_about
from neurorec.runs.checks import bad_rows, bad_trials, expect_good, note_rows, rewriting, rows_in_use
from neurorec.runs.datasets import put
from neurorec.runs.failures import expect_in_place, writes
from neurorec.runs.files import expect_run, new_file, new_in_place, publish
from neurorec.runs.image import from_image, image
from neurorec.runs.layout import Layout, Plan
from neurorec.runs.networks import is_kept, network_from, overwrite_network, snapshot_path
from neurorec.runs.pending import Pending
from neurorec.runs.rebuild import rebuild
from neurorec.runs.record import Record
from neurorec.runs.slots import NONE, State, older_slot, other_slot, write_slot
from neurorec.runs.stored_layout import stored_layout
from neurorec.runs.structure import build
from neurorec.runs.tables import rows_written, table
from neurorec.runs.texts import encoded
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
    ``/trials``                   conditions of the recorded trials
    ``/plasticity``               learning rate of every weight, where synapses have rates of their own or a mask
    ``/checksums``                of everything above, `neurorec.runs.checks`, and of the structure, `neurorec.hdf5.seal`
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
        Which classes that are not the library's own it may name, as `neurorec.trust.class_named`.
    """

    def __init__(self, file: h5py.File | None, path: Path | None, trust: Trusted = False) -> None:
        """Use `create` or `open`."""
        self._held, self.path, self.trust = file, path, trust
        self._next_slot: str | None = None
        self._pending = Pending()
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
        texts: Mapping[str, int] = MappingProxyType({}),
        batch: int = 1,
        seed_entropy: int = 0,
        carried: np.ndarray = NONE,
        rates: np.ndarray | None = None,
        overwrite: bool = False,
    ) -> RunFile:
        """A new run, with room for everything it will hold, open for writing.

        Parameters
        ----------
        path : str or Path, optional
            None: in memory. The file gets its name only when it is complete; before, it is ``<path>.<random>.part``.
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
            Names of the conditions.
        n_inputs, n_outputs : int
            Channels I and O; I may be 0.
        texts : mapping of str to int
            Which of the conditions are words, not numbers, and how many bytes each may have: `neurorec.runs.texts.text_widths`.
        batch : int
            Trials an update; checkpoints lie on whole batches.
        seed_entropy : int
            Root of the run's seed tree.
        carried : (C,) array
            The units' states in which the first trials start, where they are carried from trial to trial.
        rates : (P,) array, optional
            Learning rate of every weight, where the config's are not all there is to say.
        overwrite : bool
            Replace an existing file; it stays whole until the new one is. One that is being written is not replaced.

        Raises
        ------
        RunFileError
            If the file exists, the folder does not, may not be written, or has no room.
        UnknownName, ValueRefused
            If the record asks for what the network or the trials do not have.
        """
        layout = Layout(
            whole("total", total), whole("steps", steps), positive("dt", dt, "seconds"), whole("batch", batch),
            whole("n_inputs", n_inputs, 0), whole("n_outputs", n_outputs, 0), dict(columns), tuple(conditions), record, dict(texts),
        )  # fmt: skip
        first = State(0, 0, np.asarray(vector), np.asarray(slots), carried)
        plan = Plan(layout, network, config, first, seed_entropy, record.snapshots(total, batch), rates)
        plan.check()
        path = None if path is None else Path(path)
        return cls(new_file(path, plan.bytes, overwrite, lambda file: build(file, plan)), path, network.component_classes)

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
        with self._reading("its settings"):
            found = json.loads(text(self._file, "config"))
            if not isinstance(found, dict):
                raise TypeError("they are no mapping")
            return found

    @property
    def about(self) -> dict[str, Any]:
        """Where the run comes from, and what was recorded: as `neurorec.runs.run.Run.about`."""
        with self._reading("what it says of its origin"):
            return read_about(self._file, self._layout)

    @property
    def seed_entropy(self) -> int:
        """Root of the run's seed tree."""
        with self._reading("its seed"):
            return int(text(self._file, "seed_entropy"))

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
        with self._reading("/network/trained"):
            return int(fetch(self._file, "network/trained"))

    @property
    def snapshot_trials(self) -> tuple[int, ...]:
        """After how many trials a snapshot is planned; a training stops there and calls `snapshot`."""
        with self._reading("/checkpoints"):
            return tuple(sorted(map(int, self._file["checkpoints"])))

    @property
    def snapshots_kept(self) -> tuple[int, ...]:
        """Those that the training has reached."""
        file = self._file
        with self._reading("/checkpoints"):
            return tuple(trial for trial in self.snapshot_trials if is_kept(file, snapshot_path(trial)))

    @writes
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
        if columns:
            note_rows(log.file, "log", self._layout.variables("log"), np.s_[first : first + len(values)])

    @writes
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
            Those that were not planned are left out.

        Raises
        ------
        ValueRefused, UnknownName, ShapeError
            If the trials are not those to record, a variable is none to record, or its shape is another one.
        """
        file, where = self._writable, self._layout.rows(np.asarray(numbers))
        for name, array in arrays.items():
            self._expect("trajectories", name)
            put(file[f"trajectories/{name}"], array, np.s_[:, where, :])
            self._pending.trials(name, np.asarray(array, np.float32), where)
        self._write_conditions(where, conditions or {})

    @writes
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
        self._note_pending()
        write_slot(file[slot], State(trial, updates, vector, slots, carried))
        self._next_slot = other_slot(slot)
        self.flush()
        expect_in_place(file, self.path)

    def state(self) -> State:
        """The newest state that is whole.

        Raises
        ------
        RunFileError
            If both are damaged; and to who only reads also if one is, since it may have been the newer.
        """
        file = self._file
        with self._reading("its state"):
            return state_to_read(self._name, file) if self._held is None else state_to_go_on_from(self._name, file)

    @writes
    def snapshot(self, trial: int, network: AbstractNetwork) -> None:
        """Keep the network as a checkpoint, if one is planned after this many trials."""
        if trial in self.snapshot_trials:
            file, where = self._writable, snapshot_path(trial)
            with rewriting(file, where, network.stored()):
                overwrite_network(file[where], network)

    @writes
    def finish(self, network: AbstractNetwork) -> None:
        """Store the trained network; may be called again, later in the training."""
        file, done = self._writable, self.done
        with rewriting(file, "network", {**network.stored(), "trained": np.array(done, np.int64)}):
            overwrite_network(file["network"], network)
            put(file["network/trained"], done)
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
        where, file = "network" if trial is None else snapshot_path(trial), self._file
        if where not in file:
            raise RunFileError(f"{self._name} has no checkpoint {trial}; there are {', '.join(map(str, self.snapshot_trials))}")
        with self._reading(f"/{where}"):
            if not is_kept(file, where):
                raise RunFileError(
                    f"{self._name} holds no whole network in /{where}, the run has done {self.done} of {self.total} trials; resume it"
                )
            expect_whole(self._name, file, where)
            return network_from(file[where], self.trust)

    def rates(self) -> np.ndarray:
        """Learning rate of every weight, (P,), of a run in which synapses have rates of their own.

        Raises
        ------
        RunFileError
            If the file does not hold them.
        """
        found = self._rates()
        if found is None or found.shape != self.state().vector.shape or not (np.isfinite(found) & (found >= 0)).all():
            raise RunFileError(f"{self._name} is damaged (/plasticity holds no rate of every weight); restore it from a copy")
        return found

    def initial(self) -> Any:
        """The network before training."""
        return self.network(0)

    def log(self) -> xarray.Dataset:
        """The log over ``trial``, as far as it was written, copied into memory."""
        file, layout, done = self._file, self._layout, self.done
        with self._reading("/log"):
            names = layout.variables("log")
            if CHECKSUMS not in file:
                return table(file, layout, "log", names, rows_written(file["log"], names, done))
            expect_good(bad_rows(file, "log", names, np.s_[:done]), self._name, "/log")
            return table(file, layout, "log", names, rows_in_use(file, layout, "log", done))

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
        self._note_pending()
        file, layout, done = self._file, self._layout, self.done
        for name in names:
            self._expect("trajectories", name)
        with self._reading("/trajectories"):
            rows = self._recorded_rows(file, layout, names, len(layout.record.trials(0, done)))
            data = table(file, layout, "trajectories", names or layout.variables("trajectories"), rows)
            conditions = table(file, layout, "trials", layout.conditions, rows)
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
        self._held, self._known_layout = new_in_place(old, self.path, plan.bytes, lambda file: rebuild(file, plan, old)), None
        old.close()

    def save_as(self, path: str | Path, overwrite: bool = False) -> Path:
        """Copy the run, such as one in memory, to a file.

        Raises
        ------
        RunFileError
            As `create`.
        """
        self._note_pending()
        plan = self._plan()
        publish(Path(path), plan.bytes, overwrite, lambda file: rebuild(file, plan, self._file))
        return Path(path)

    @writes
    def flush(self) -> None:
        """Hand everything to the operating system; from then on it survives the end of this process.

        Raises
        ------
        RunFileError
            If the disk does not take it.
        """
        self._note_pending()
        self._file.flush()

    @writes
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

    def what_is_left(self) -> str:
        """How far the file is whole, and how to go on."""
        if self.path is None:
            return "it is lost; train with path=, into a file"
        with RunFile.open(self.path) as kept:  # this one may be closed, or closing
            return f"it is whole up to trial {kept.done}: free some room, or mend the device, then go on with nr.resume({str(self.path)!r})"

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
        with self._reading("its layout"):
            layout = stored_layout(self._file)
        if self._held is not None:  # only who holds the file can extend it; a reader asks again
            self._known_layout = layout
        return layout

    def _reading(self, part: str) -> AbstractContextManager[None]:
        return reading(self._name, part)

    def _write_conditions(self, where: slice, conditions: Mapping[str, np.ndarray]) -> None:
        file, layout = self._writable, self._layout
        for name in layout.conditions:
            if name in conditions:
                values, width = conditions[name], layout.texts.get(name)
                put(file[f"trials/{name}"], values if width is None else encoded(values, width), np.s_[where])
        self._pending.rows(where)

    def _note_pending(self) -> None:
        if self._held:
            self._pending.write(self._held, self._layout.variables("trials"))

    def _recorded_rows(self, file: h5py.File, layout: Layout, names: Sequence[str], least: int) -> int:
        """How many recorded trials there are to show, all of them as they were written."""
        known = layout.variables("trajectories")
        if CHECKSUMS not in file:
            return rows_written(file["trajectories"], known, least)
        for name in names or known:
            expect_good(bad_trials(file, name, np.s_[:least]), self._name, f"/trajectories/{name}")
        rows = rows_in_use(file, layout, "trajectories", least)
        expect_good(bad_rows(file, "trials", layout.variables("trials"), np.s_[:rows]), self._name, "/trials")
        return rows

    def _expect(self, group: str, name: str) -> None:
        if name not in (known := self._layout.variables(group)):
            raise UnknownName.among({"log": "column of the log", "trajectories": "recorded variable"}[group], name, known)

    def _plan(self) -> Plan:
        """What `create` was told, read back."""
        layout, network = self._layout, self.initial()
        if (layout.n_inputs, layout.n_outputs) != (network.inputs, network.outputs):
            raise damaged(self._name, "its layout", "is not that of its network")
        return Plan(layout, network, self.config, self.state(), self.seed_entropy, self.snapshot_trials, self._rates())

    def _rates(self) -> np.ndarray | None:
        file = self._file
        return fetch(file, "plasticity/rates") if "plasticity/rates" in file else None
