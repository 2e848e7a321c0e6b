"""The structure of a file: all groups and datasets, created and allocated at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import h5py
import numpy as np

from neurorec.runs.checksums import build_checksums, rewriting
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import allocate, allocate_texts, coordinate, dimension, put
from neurorec.runs.kinds import FORMAT, RUN
from neurorec.runs.layout import Layout
from neurorec.runs.networks import build_network, build_snapshot, snapshot_path
from neurorec.runs.provenance import git_commit, versions
from neurorec.runs.states import build_states

CHANGING = ("network", "checkpoints", "state", "log", "trajectories", "trials", "checksums")  # what a training overwrites
TRIAL = "trial, counted from 1"
CHANNEL_NAMES = {"output": "output of the network", "input": "input to the network", "target": "target of the output"}


def build(file: h5py.File, contents: Contents) -> None:
    """Create and allocate everything that a run file has."""
    build_root(file, contents)
    build_network(file.create_group("network"), contents.network)
    allocate(file["network"], "trained", [], np.int64, "1", "trials after which this network was stored")[()] = 0
    for trial in contents.snapshots:
        build_snapshot(file.create_group(snapshot_path(trial)), contents.network, trial)
    build_states(file, contents.state)
    build_log(file.create_group("log"), contents.layout)
    build_trajectories(file.create_group("trajectories"), contents.layout, contents.network.units)
    _build_trials(file.create_group("trials"), contents.layout)
    if contents.rates is not None:
        _build_rates(file.create_group("plasticity"), contents.rates)
    _build_checksums(file, contents)


def build_root(file: h5py.File, contents: Contents, kind: str = RUN) -> None:
    """Attributes that say what the file is and where it comes from."""
    file.attrs.update({
        "format_version": FORMAT, "kind": kind, "Conventions": "CF-1.8", "config": json.dumps(dict(contents.config)), "layout": contents.layout.as_json(),
        "seed_entropy": str(contents.seed_entropy), "versions": json.dumps(versions()), "git_commit": git_commit(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    })  # fmt: skip


def build_log(group: h5py.Group, layout: Layout) -> None:
    """Make room for one row a trial."""
    trial = coordinate(group, "trial", np.arange(1, layout.total + 1), "1", TRIAL)
    for name, (unit, long_name) in layout.columns.items():
        allocate(group, name, [trial], np.float64, unit, long_name)


def build_trajectories(group: h5py.Group, layout: Layout, units: int) -> None:
    """Make room for what is recorded, (time, trial, unit or channel)."""
    time = coordinate(group, "time", layout.times, "s", "time from the start of the trial, at the end of each step")
    trial = coordinate(group, "trial", layout.recorded + 1, "1", TRIAL)
    how = layout.record.reduce if layout.record.reduce in ("mean", "maximum") else "point"
    for name in layout.record.variables:
        last, values = layout.last_dimension(name, units)
        scale = coordinate(group, last, values, "1", f"{last.replace('_', ' ')}, counted from 0")
        data = allocate(group, name, [time, trial, scale], np.float32, "1", CHANNEL_NAMES.get(name, f"state {name} of each unit"))
        data.attrs["cell_methods"] = f"time: {how}"


def _build_trials(group: h5py.Group, layout: Layout) -> None:
    trial = coordinate(group, "trial", layout.recorded + 1, "1", TRIAL)
    for name in layout.conditions:
        if name in layout.texts:
            allocate_texts(group, name, [trial], layout.texts[name], f"condition {name}")
        else:
            allocate(group, name, [trial], np.float64, "1", f"condition {name}")


def _build_rates(group: h5py.Group, rates: np.ndarray) -> None:
    weight = dimension(group, "weight", rates.size)
    put(allocate(group, "rates", [weight], np.float64, "1", "learning rate of every weight, flat, before annealing; 0: it stays"), rates)


def _build_checksums(file: h5py.File, contents: Contents) -> None:
    build_checksums(file, ["network", *map(snapshot_path, contents.snapshots)], contents.layout)
    for name in ("network", *(snapshot_path(trial) for trial in contents.snapshots if trial == 0)):
        with rewriting(file, name):
            pass  # its numbers are in the file already
