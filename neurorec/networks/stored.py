"""Networks in HDF5: the group of a network, written and read, and a file that holds nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorec.errors import RunFileError, ValueRefused, one_line
from neurorec.hdf5.damage import reading
from neurorec.hdf5.describing import label
from neurorec.hdf5.opening import opened
from neurorec.hdf5.publish import publishing
from neurorec.hdf5.seal import sealed
from neurorec.hdf5.sliced import OWN
from neurorec.hdf5.states import INITIAL, STATES, state_to_read
from neurorec.hdf5.values import fetch, number, text
from neurorec.hdf5.wholes import expect_whole
from neurorec.networks.checks import AROUND
from neurorec.networks.pattern import AXES, from_file
from neurorec.networks.weights import Weights
from neurorec.trust import Trusted, class_named

if TYPE_CHECKING:
    import h5py

    from neurorec.networks.abstract_network import AbstractNetwork


def write(group: h5py.Group, network: AbstractNetwork) -> None:
    """The arrays of a network as datasets whose dimensions are labelled, and the rest of it as attributes."""
    for path, array in network.stored().items():
        name = path.rpartition("/")[2]
        known = {**network.axes, **AXES} if network.pattern else network.axes
        labels = known.get(path) or (("unit",) if path.startswith("parameters/") else [f"{name}_{k}" for k in range(array.ndim)])
        label(group.create_dataset(path, data=array), labels)
    group.attrs.update({name: _attribute(getattr(network, name)) for name in network.attributes})


def _attribute(value: Any) -> str | float:
    """An attribute's value: mappings and sequences as JSON, no name as an empty one."""
    return json.dumps(value) if isinstance(value, Mapping | Sequence) and not isinstance(value, str) else "" if value is None else value


def cell_fields(group: h5py.Group, names: Iterable[str], trust: Trusted) -> dict[str, Any]:
    """Arguments of `Network` from the group of one, and the `names` of its arrays.

    Raises
    ------
    RunFileError
        If it is damaged, that of a torch module, or names a class that is not trusted.
    """
    if "architecture" in group.attrs:
        raise RunFileError("there is a network of a torch module; read it with nr.ModuleNetwork.load")
    arrays: dict[str, Any] = {name: fetch(group, name) for name in names}
    parameters, free = ({name: fetch(group, f"{part}/{name}") for name in group.get(part, ())} for part in ("parameters", "free"))
    if "pattern" in group:
        first, pre = fetch(group, "pattern/first"), fetch(group, "pattern/pre")
        arrays["recurrent"] = from_file(arrays["recurrent"], first, pre, arrays["readout"].shape[1])
    filter, parametrisation, surrogate = (text(group, name, "") or None for name in ("filter", "parametrisation", "surrogate"))
    return {
        **arrays, "cell": class_named("cells", text(group, "cell"), trust), "dt": number(group, "dt"), "noise": number(group, "noise"),
        "parameters": parameters, "filter": filter and class_named("filters", filter, trust), "plastic": tuple(json.loads(text(group, "plastic"))),
        "parametrisation": parametrisation and class_named("parametrisations", parametrisation, trust), "free": free,
        **{name: number(group, name) for name in AROUND if name in group.attrs}, "surrogate": surrogate and class_named("surrogates", surrogate, trust),
    }  # fmt: skip


def module_fields(group: h5py.Group, names: Iterable[str], trust: Trusted) -> dict[str, Any]:
    """Arguments of `ModuleNetwork` from the group of one, and the `names` of its arrays.

    Raises
    ------
    RunFileError, ValueRefused
        If it is damaged, that of a network of cells, or names a class that is not trusted.
    """
    if "architecture" not in group.attrs:
        raise RunFileError("there is a network of a cell; read it with nr.Network.load")
    arrays = {name: fetch(group, name) for name in names}
    weights = {name: fetch(group, f"module/{name}") for name in group["module"]}
    inputs, stored = int(number(group, "inputs")), sum(array.size for array in (*arrays.values(), *weights.values()))
    if inputs > stored:
        raise ValueRefused(f"there are {inputs} inputs and only {stored} weights; restore the file from a copy")
    architecture = class_named("architectures", text(group, "architecture"), trust)
    settings, plastic = (json.loads(text(group, name)) for name in ("settings", "plastic"))
    return {
        **arrays, "architecture": architecture, "inputs": inputs, "weights": weights, "settings": settings, "dt": number(group, "dt"),
        "plastic": tuple(plastic),
    }  # fmt: skip


def save(network: AbstractNetwork, path: Path, overwrite: bool) -> None:
    """Write a network to a file of its own, as `AbstractNetwork.save` says."""
    try:
        with publishing(path, overwrite) as aside, sealed(aside) as file:
            network.to_group(file.create_group("network"))
    except RunFileError:
        raise
    except (OSError, RuntimeError) as error:
        raise RunFileError(f"cannot write {path} ({one_line(error)}); choose a folder that can be written and has room") from error


def load(cls: type[AbstractNetwork], path: Path, trust: Trusted) -> Any:
    """The network of a file, as `AbstractNetwork.load` says; of a run, with the weights of its newest state."""
    expected = f"a file of {cls.__name__}.save or of nr.train with such a network"
    with opened(path, "r", expected) as file, reading(path, "its network"):
        if "network" not in file:
            raise RunFileError(f"{path} holds no network; expected {expected}")
        if OWN in file:
            raise RunFileError(f"{path} holds many networks; nr.open_run({str(path)!r})[0].network is the first")
        if STATES[0] not in file and INITIAL in file:
            raise RunFileError(f"{path} holds a run over ranks; nr.open_run({str(path)!r}).network is its network")
        return _as_trained(cls, path, file, trust) if INITIAL in file else cls.from_group(file["network"], trust)


def _as_trained(cls: type[AbstractNetwork], path: Path, file: h5py.File, trust: Trusted) -> Any:
    state = state_to_read(path, file)
    newest = "network" if fetch(file, "network/trained") == state.trials else INITIAL
    expect_whole(path, file, newest)
    network, vector = cls.from_group(file[newest], trust), state.vector
    return network if newest == "network" else Weights.of(network, vector.dtype).like(vector).into(network)
