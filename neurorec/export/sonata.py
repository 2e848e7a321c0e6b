"""Spikes in the layout of SONATA, which elephant, neo, pynapple and simulators read."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from neurorec.hdf5.publish import publishing

if TYPE_CHECKING:
    import xarray

MAGIC, VERSION = 0x0A7A, (0, 1)  # of the format
SORTING = {"none": 0, "by_id": 1, "by_time": 2}


def to_sonata(spikes: xarray.Dataset, path: str | PathLike[str], population: str = "units", overwrite: bool = False) -> Path:
    """Write spikes to a file of SONATA (Dai et al. 2020, doi:10.1371/journal.pcbi.1007696).

    Parameters
    ----------
    spikes : xarray.Dataset
        From ``nr.simulate(...).spikes()`` or ``run.spikes()``.
    path : path
        HDF5; usually ``.h5``.
    population : str
        Of a single trial ``/spikes/<population>``; of several a population each, ``<population>_<trial>``.
    overwrite : bool
        Whether a file of that name may be replaced.

    Returns
    -------
    Path

    Raises
    ------
    RunFileError
        If there is such a file.

    Examples
    --------
    >>> import tempfile
    >>> import neurorec as nr
    >>> net = nr.Network.random(1, 5, 1, cell="lif", dt=0.001, noise=1.0)
    >>> spikes = nr.simulate(net, nr.task("interval_matching", dt=0.001), engine="reference", n=1).spikes()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nr.export.sonata(spikes, f"{folder}/spikes.h5").name
    'spikes.h5'
    """
    with publishing(Path(path), overwrite) as aside, h5py.File(aside, "w") as file:
        file.attrs["magic"], file.attrs["version"] = np.uint32(MAGIC), np.array(VERSION, np.uint32)
        trials = np.unique(spikes["trial"].values)
        for trial in trials:
            of = spikes["trial"].values == trial
            _write(
                file.create_group(f"spikes/{population if spikes.attrs['trials'] == 1 else f'{population}_{trial}'}"), spikes.isel(spike=of)
            )
    return Path(path)


def _write(group: h5py.Group, spikes: xarray.Dataset) -> None:
    times = group.create_dataset("timestamps", data=1000 * spikes["time"].values.astype(float))
    times.attrs["units"] = "ms"
    group.create_dataset("node_ids", data=spikes["unit"].values.astype(np.uint64))
    group.attrs.create("sorting", SORTING["by_time"], dtype=h5py.enum_dtype(SORTING, basetype="u1"))
