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


def at(file: h5py.File, index: int) -> Any:
    """The file as one network's run: what takes an `h5py.File` of a run takes this."""
    return Sliced(file, index, _at(index, _of_all(file), file), {})


def each_of(file: h5py.File) -> list[Any]:
    """The file at each network, which share what they find in it."""
    kept: dict[str, Any] = {}
    own = _of_all(file)
    return [Sliced(file, k, _at(k, own, file), kept) for k in range(networks_in(file))]


def networks_in(file: h5py.File) -> int:
    """How many."""
    with reading(file.filename, f"/{OWN}"):
        return len(whole(file[f"{OWN}/{NETWORK}"]))


def _of_all(file: h5py.File) -> dict[str, Any]:
    """The attributes that are each network's own, of all."""
    with reading(file.filename, f"/{OWN}"):
        own: dict[str, Any] = {name: whole(file[f"{OWN}/{name}"], TEXT) for name in TEXTS}
        return own | ({"noise": fetch(file, f"{OWN}/noise")} if "noise" in file[OWN] else {})


def _at(index: int, own: dict[str, Any], file: h5py.File) -> dict[str, Any]:
    """Those of one network, as attributes of a run."""
    with reading(file.filename, f"/{OWN}"):
        texts = {name: str(decoded(own[name][index])) for name in TEXTS}
        return {"kind": RUN, **texts, **({"noise": float(own["noise"][index])} if "noise" in own else {})}
