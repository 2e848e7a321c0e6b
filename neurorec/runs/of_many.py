"""A file of many runs, at one of them."""

from __future__ import annotations

from typing import Any

import h5py

from neurorec.hdf5.damage import reading
from neurorec.hdf5.sliced import NETWORK, OWN, Sliced
from neurorec.hdf5.values import TEXT, fetch, whole
from neurorec.runs.datasets import decoded
from neurorec.runs.kinds import RUN

# Attributes of one run that are datasets here.
TEXTS = {"config": "settings of the training, as JSON", "seed_entropy": "root of the seed tree"}


def at(file: h5py.File, index: int, kept: dict[str, Any] | None = None) -> Any:
    """The file as one network's run: what takes an `h5py.File` of a run takes this; networks of one file may share what is `kept`."""
    with reading(file.filename, f"/{OWN}"):
        own: dict[str, Any] = {name: str(decoded(whole(file[f"{OWN}/{name}"], TEXT)[index])) for name in TEXTS}
        own |= {"noise": float(fetch(file, f"{OWN}/noise")[index])} if "noise" in file[OWN] else {}
    return Sliced(file, index, {"kind": RUN, **own}, {} if kept is None else kept)


def each_of(file: h5py.File) -> list[Any]:
    """The file at each network, which share what they find in it."""
    kept: dict[str, Any] = {}
    return [at(file, k, kept) for k in range(networks_in(file))]


def networks_in(file: h5py.File) -> int:
    """How many."""
    with reading(file.filename, f"/{OWN}"):
        return len(whole(file[f"{OWN}/{NETWORK}"]))
