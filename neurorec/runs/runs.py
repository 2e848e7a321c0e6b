"""Trainings of many networks side by side, finished or under way, as their user sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import h5py
import numpy as np

from neurorec.display import AbstractDisplayed, Rows, briefly, several, some
from neurorec.errors import RunFileError
from neurorec.hdf5.opening import opened
from neurorec.runs.check import Part, check
from neurorec.runs.kinds import RUNS, expect_run
from neurorec.runs.layout import stored_layout
from neurorec.runs.new_files import from_image, image, publish
from neurorec.runs.of_many import at, each_of
from neurorec.runs.open_file import ClosedFile, OpenFile, SharedFile
from neurorec.runs.run import Run
from neurorec.runs.run_reader import RunReader
from neurorec.runs.runs_writer import rebuild_all, size_of
from neurorec.runs.stacked import NUMBERED
from neurorec.runs.structure import CHANGING
from neurorec.trust import Trusted

if TYPE_CHECKING:
    import xarray


@final
class Runs(AbstractDisplayed):
    """Trainings of many networks side by side: ``runs[i]`` is the run of network i, ``len(runs)`` says how many there are.

    Get them from `nr.train` of a list of networks or with ``copies=``, from `nr.resume` or from `nr.open_run`.

    Attributes
    ----------
    path : Path or None
        None: in memory.
    networks : list of Network or ModuleNetwork
        As trained so far.
    trust : bool or tuple of type
        Classes that the file may name, as `open_run` was given.

    Examples
    --------
    >>> import neurorec as nr
    >>> nets = [nr.Network.random(inputs=0, units=12, outputs=1, initial=0.1, seed=seed) for seed in range(3)]
    >>> runs = nr.train(nets, "periodic_output", trials=20, seed=[0, 1, 2], progress=False)
    >>> len(runs), dict(runs.log["loss"].sizes), runs[2].done
    (3, {'network': 3, 'trial': 20}, 20)
    """

    def __init__(self, where: Path | h5py.File, networks: Sequence[Any], trust: Trusted = False):
        self.path, self.networks, self.trust = where if isinstance(where, Path) else None, list(networks), trust
        self._where = where

    def __len__(self) -> int:
        return len(self.networks)

    def __getitem__(self, index: Any) -> Any:
        """The run of a network, or a list of those of some."""
        if isinstance(index, slice):
            return [self[k] for k in range(len(self))[index]]
        k = range(len(self))[index]
        source = ClosedFile(self._where, k) if isinstance(self._where, Path) else _in_memory(self._where, k)
        return Run(RunReader(source, self.trust), self.networks[k])

    def __iter__(self) -> Iterator[Run]:
        return (self[k] for k in range(len(self)))

    @property
    def total(self) -> int:
        """Trials of each training."""
        with self._readers() as readers:
            return readers[0].total

    @property
    def done(self) -> list[int]:
        """Trials done of each."""
        with self._readers() as readers:
            return [each.done for each in readers]

    @property
    def config(self) -> list[dict[str, Any]]:
        """Everything that fixes each training."""
        with self._readers() as readers:
            return [each.config for each in readers]

    @property
    def log(self) -> xarray.Dataset:
        """Over (network, trial), as `Run.log`; NaN where one has done less than another."""
        return self._together(RunReader.log)

    def trajectories(self, *names: str) -> xarray.Dataset:
        """What was recorded, over (network, time, trial, unit), as `Run.trajectories`; NaN where one has done less than another."""
        return self._together(lambda run: run.trajectories(*names))

    def check(self) -> list[Part]:
        """Every checksum of the file compared, part by part, as `Run.check`."""
        if self.path is None:
            raise RunFileError("runs in memory have no file to check; save_as makes one")
        return check(self.path)

    def save_as(self, path: str | Path, overwrite: bool = False) -> Path:
        """Copy the runs, such as those in memory, to one file."""
        path = Path(path)
        with self._readers() as readers, self._open() as old:
            contents = [each.contents() for each in readers]
            publish(path, size_of(contents), overwrite, lambda file: rebuild_all(file, contents, old), CHANGING)
        return path

    def _display(self) -> tuple[str, Rows]:
        where = "in memory" if self.path is None else str(self.path)
        try:
            what, rows = self[0]._display()
        except RunFileError as error:  # to look at runs whose file is gone is no mistake
            return where, [("file", str(error))]
        kept = [(name, value) for name, value in rows if name in ("task", "rule", "network", "recorded", "engine")]
        done, configs = self.done, self.config
        different = {
            name: [each[name] for each in configs] for name, first in configs[0].items() if any(each[name] != first for each in configs)
        }
        kept += [(f"{name} of each", several(map(briefly, values))) for name, values in different.items()]
        range_ = f"{min(done):,}" if min(done) == max(done) else f"{min(done):,} to {max(done):,}"
        return f"{some(len(self), 'network')}, {where}", [*kept, ("trials", f"{range_} of {self.total:,} done, of each")]

    def __reduce__(self) -> tuple[Any, ...]:
        """For copies and other processes: runs in memory go with all that they hold, those on disk by their path."""
        how = (self.networks, self.trust)
        return (_copied, (image(self._where), *how)) if isinstance(self._where, h5py.File) else (Runs, (self._where, *how))

    def _together(self, read: Callable[[RunReader], xarray.Dataset]) -> xarray.Dataset:
        import xarray

        with self._readers() as readers:
            each = [read(run) for run in readers]
        found = xarray.concat(each, "network", data_vars="all", coords="different", compat="equals", join="outer")
        return found.assign_coords(network=("network", np.arange(len(self)), {"units": "1", "long_name": NUMBERED}))

    @contextmanager
    def _open(self) -> Iterator[h5py.File]:
        """The file of all, for as long as the block reads it."""
        if isinstance(self._where, Path):
            with opened(self._where, "r") as file:
                expect_run(self._where, file, RUNS)
                yield file
        else:
            yield self._where

    @contextmanager
    def _readers(self) -> Iterator[list[RunReader]]:
        """Of all networks, with one look at the file."""
        with self._open() as file:
            yield readers_in(file, self.path, self.trust)


def readers_in(file: h5py.File, path: Path | None, trust: Trusted) -> list[RunReader]:
    """Of all networks in an open file; None: in memory."""
    sources = (OpenFile(run, None, stored_layout(file)) if path is None else SharedFile(path, run) for run in each_of(file))
    return [RunReader(source, trust) for source in sources]


def _copied(content: bytes, networks: Sequence[Any], trust: Trusted) -> Runs:
    return Runs(from_image(content), networks, trust)


def _in_memory(file: h5py.File, index: int) -> OpenFile:
    return OpenFile(at(file, index), None, stored_layout(file))
