"""A run file as it is read: by who looks at a run, also while it is trained, and by the training itself."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.hdf5.damage import damaged, reading
from neurorec.hdf5.opening import opened
from neurorec.hdf5.states import State
from neurorec.hdf5.values import fetch, text
from neurorec.hdf5.wholes import expect_whole
from neurorec.runs.contents import Contents
from neurorec.runs.kinds import RUN, RUNS, expect_run, is_over_ranks
from neurorec.runs.networks import is_kept, network_from, snapshot_path
from neurorec.runs.open_file import AbstractFile, ClosedFile
from neurorec.runs.over_ranks import RanksFile
from neurorec.runs.provenance import read_provenance
from neurorec.runs.record import Record
from neurorec.runs.tables import read_log, read_newest, read_trajectories
from neurorec.trust import Trusted

if TYPE_CHECKING:
    import xarray


@final
class RunReader:
    """Reads one training, from its file or from memory; whatever no longer matches its checksum is refused.

    Numbers of trials in arguments count from 0 (trial k is the k-th that a task makes from a seed); the coordinate ``trial`` in the file
    counts from 1, so that the row of ``trial`` n, a recorded trajectory of ``trial`` n and snapshot n, the weights after n trials, belong
    together; snapshot 0 is the initial network.

    ============================  =====================================================================================
    group                         holds
    ============================  =====================================================================================
    ``/network``                  the network as `RunWriter.finish` wrote it last; ``trained``: after how many trials
    ``/checkpoints/<trial>``      snapshots of the network, filled with NaN until the training reaches them
    ``/state/0``, ``/state/1``    what resuming needs, twice: the older is overwritten, so that one is always whole
    ``/log``                      one row a trial: loss and whatever else is logged, filled with NaN until written
    ``/trajectories``             (time in seconds, trial, unit or channel), float32, filled with NaN until recorded
    ``/trials``                   conditions of the recorded trials
    ``/plasticity``               learning rate of every weight, where synapses have rates of their own or a mask
    ``/checksums``                of everything above, `neurorec.runs.checksums`, and of the structure, `neurorec.hdf5.seal`
    ============================  =====================================================================================

    ``xarray.open_datatree(path, engine="h5netcdf")`` shows all of it, with named dimensions, seconds and units.

    Parameters
    ----------
    source : AbstractFile
        The file, opened anew for each reading or held open by a `RunWriter`.
    trust : bool or tuple of type
        Which classes that are not the library's own the file may name, as `neurorec.trust.named`.

    """

    def __init__(self, source: AbstractFile, trust: Trusted = False):
        self._source, self.trust = source, trust

    @classmethod
    def open(cls, path: str | Path, trust: Trusted = False, index: int | None = None) -> RunReader:
        """A run from its file, also while another process trains it; of a file of many networks, that of network `index`.

        Raises
        ------
        RunFileError
            If there is no such file, it cannot be read, is damaged, holds no run or is newer than this library.
        """
        path = Path(path)
        with opened(path, "r") as file:
            if is_over_ranks(path, file):
                return cls(RanksFile(path), trust)
            expect_run(path, file, RUN if index is None else RUNS)
        return cls(ClosedFile(path, index), trust)

    def again(self) -> RunReader:
        """The same run as its file now has it; of one in memory there is nothing else."""
        return self if self.path is None else RunReader.open(self.path, self.trust, self.index)

    @property
    def path(self) -> Path | None:
        """None: in memory only."""
        return self._source.path

    @property
    def index(self) -> int | None:
        """Which network, in a file of many."""
        return self._source.index

    @property
    def name(self) -> str:
        """For errors."""
        return self._source.name

    @property
    def file(self) -> h5py.File:
        """The open HDF5 file."""
        return self._source.file

    @property
    def config(self) -> dict[str, Any]:
        """How the run was made."""
        with self._reading("its settings"):
            found = json.loads(text(self.file, "config"))
            if not isinstance(found, dict):
                raise TypeError("they are no mapping")
            return found

    @property
    def about(self) -> dict[str, Any]:
        """Where the run comes from, and what was recorded: `neurorec.runs.run.Run.about`."""
        with self._reading("what it says of its origin"):
            return read_provenance(self.file, self._source.layout)

    @property
    def seed_entropy(self) -> int:
        """Root of the run's seed tree."""
        with self._reading("its seed"):
            return int(text(self.file, "seed_entropy"))

    @property
    def record(self) -> Record:
        """What is recorded."""
        return self._source.layout.record

    @property
    def total(self) -> int:
        """Trials that the run has room for."""
        return self._source.layout.total

    def state(self) -> State:
        """The newest resume state that is whole.

        Raises
        ------
        RunFileError
            If both are damaged; for a reader also if one is, since it may have been the newer.
        """
        return self._source.state

    @property
    def done(self) -> int:
        """Trials done, as far as the run can be resumed."""
        return self.state().trials

    @property
    def trained(self) -> int:
        """Trials after which the network in the file was written; less than `done` where a training was killed."""
        with self._reading("/network/trained"):
            return int(fetch(self.file, "network/trained"))

    @property
    def snapshot_trials(self) -> tuple[int, ...]:
        """After how many trials the file has room for a snapshot of the network."""
        with self._reading("/checkpoints"):
            return tuple(sorted(map(int, self.file["checkpoints"])))

    @property
    def snapshots_kept(self) -> tuple[int, ...]:
        """Those that the training has reached."""
        file = self.file
        with self._reading("/checkpoints"):
            return tuple(trial for trial in self.snapshot_trials if is_kept(file, snapshot_path(trial)))

    def network(self, trial: int | None = None) -> Any:
        """The network at the end of the training, or a snapshot.

        Parameters
        ----------
        trial : int, optional
            One of `snapshot_trials`; 0 is the network before training.

        Raises
        ------
        RunFileError
            If there is no such snapshot, the training has not reached it, or it was being written when the process died.
        """
        where, file = "network" if trial is None else snapshot_path(trial), self.file
        if where not in file:
            raise RunFileError(f"{self.name} has no checkpoint {trial}; there are {', '.join(map(str, self.snapshot_trials))}")
        with self._reading(f"/{where}"):
            if not is_kept(file, where):
                raise RunFileError(
                    f"{self.name} holds no whole network in /{where}, the run has done {self.done} of {self.total} trials; resume it"
                )
            expect_whole(self.name, file, where)
            return network_from(file[where], self.trust)

    def initial(self) -> Any:
        """The network before training."""
        return self.network(0)

    def rates(self) -> np.ndarray:
        """Learning rate of every weight, (P,), of a run in which synapses have rates of their own.

        Raises
        ------
        RunFileError
            If the file does not hold them.
        """
        found = self._rates()
        if found is None or found.shape != self.state().vector.shape or not (np.isfinite(found) & (found >= 0)).all():
            raise RunFileError(f"{self.name} is damaged (/plasticity holds no rate of every weight); restore it from a copy")
        return found

    def log(self) -> xarray.Dataset:
        """The log over ``trial``, as far as it was written, copied into memory."""
        return read_log(self._source)

    def newest(self, rows: int | None = None) -> dict[str, np.ndarray]:
        """The newest rows of the log, or all, by column, ``trial`` among them: with one look at the file, for who reads thousands of runs."""
        return read_newest(self._source, rows)

    def trajectories(self, *names: str) -> xarray.Dataset:
        """Recorded variables over time, trial and unit or channel, copied into memory.

        Parameters
        ----------
        *names : str
            Which; none: all. Where memory is short, open the file with `xarray.open_datatree`, which loads what is used.

        Returns
        -------
        xarray.Dataset
            Of the trials recorded so far; their conditions are coordinates.

        Raises
        ------
        UnknownName
            If a variable was not recorded.
        """
        return read_trajectories(self._source, names)

    def contents(self) -> Contents:
        """What the file was made from, with the newest state: enough to write it anew."""
        layout, network = self._source.layout, self.initial()
        if (layout.n_inputs, layout.n_outputs) != (network.inputs, network.outputs):
            raise damaged(self.name, "its layout", "is not that of its network")
        return Contents(layout, network, self.config, self.state(), self.seed_entropy, self.snapshot_trials, self._rates())

    def _reading(self, part: str) -> AbstractContextManager[None]:
        return reading(self.name, part)

    def _rates(self) -> np.ndarray | None:
        file = self.file
        return fetch(file, "plasticity/rates") if "plasticity/rates" in file else None
