"""All groups and datasets of a run file, created and allocated at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import h5py
import numpy as np

from neurorec.runs.about import git_commit, versions
from neurorec.runs.checks import build_checksums, rewriting
from neurorec.runs.datasets import allocate, coordinate, dimension, put
from neurorec.runs.files import FORMAT, KIND
from neurorec.runs.layout import Layout, Plan
from neurorec.runs.networks import build_network, build_snapshot, snapshot_path
from neurorec.runs.slots import build_slots
from neurorec.runs.texts import allocate_texts

TRIAL = "trial, counted from 1"
CHANNEL_NAMES = {"output": "output of the network", "input": "input to the network", "target": "target of the output"}


def build(file: h5py.File, plan: Plan) -> None:
    """Create and allocate everything."""
    build_root(file, plan)
    build_network(file.create_group("network"), plan.network)
    allocate(file["network"], "trained", [], np.int64, "1", "trials after which this network was stored")[()] = 0
    for trial in plan.snapshots:
        build_snapshot(file.create_group(snapshot_path(trial)), plan.network, trial)
    build_slots(file, plan.state)
    build_log(file.create_group("log"), plan.layout)
    build_trajectories(file.create_group("trajectories"), plan.layout, plan.network.units)
    _build_trials(file.create_group("trials"), plan.layout)
    if plan.rates is not None:
        _build_rates(file.create_group("plasticity"), plan.rates)
    _build_checksums(file, plan)


def build_root(file: h5py.File, plan: Plan, kind: str = KIND) -> None:
    """Attributes that say what the file is and where it comes from."""
    file.attrs.update({
        "format_version": FORMAT, "kind": kind, "Conventions": "CF-1.8", "config": json.dumps(dict(plan.config)), "layout": plan.layout.as_json(),
        "seed_entropy": str(plan.seed_entropy), "versions": json.dumps(versions()), "git_commit": git_commit(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    })  # fmt: skip


def build_log(group: h5py.Group, layout: Layout) -> None:
    """Room for one row a trial."""
    trial = coordinate(group, "trial", np.arange(1, layout.total + 1), "1", TRIAL)
    for name, (unit, long_name) in layout.columns.items():
        allocate(group, name, [trial], np.float64, unit, long_name)


def build_trajectories(group: h5py.Group, layout: Layout, units: int) -> None:
    """Room for what is recorded, (time, trial, unit or channel)."""
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
            allocate_texts(group, name, trial, layout.texts[name])
        else:
            allocate(group, name, [trial], np.float64, "1", f"condition {name}")


def _build_rates(group: h5py.Group, rates: np.ndarray) -> None:
    weight = dimension(group, "weight", rates.size)
    put(allocate(group, "rates", [weight], np.float64, "1", "learning rate of every weight, flat, before annealing; 0: it stays"), rates)


def _build_checksums(file: h5py.File, plan: Plan) -> None:
    build_checksums(file, ["network", *map(snapshot_path, plan.snapshots)], plan.layout)
    for name in ("network", *(snapshot_path(trial) for trial in plan.snapshots if trial == 0)):
        with rewriting(file, name):
            pass  # it is there already
