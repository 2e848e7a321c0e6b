"""The text of a script for Brian2."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from neurorec.engines.brian2.circuit_text import Part
from neurorec.engines.brian2.unit_text import UnitText
from neurorec.networks.network import Network

HEAD = '''"""{units} {cell} units in {trials} trials of {seconds:g} s, for Brian2: python {stem}.py

Written by neurorec {version}. Needs brian2, h5py and numpy, and {stem}.h5 beside it, with weights, first states and inputs; what it
finds goes to {stem}_found.h5. Trials are copies of the network beside one another: unit n of trial b has the index b * {units} + n.
All variables are plain numbers; times are in seconds.
"""

from pathlib import Path

import brian2 as b2
import h5py
import numpy as np

{target}
HERE = Path(__file__).resolve()
STEPS, TRIALS = {steps}, {trials}
MEMBERS = {members}  # of a group, in each trial
clock = b2.Clock(dt={dt!r} * b2.second)

with h5py.File(HERE.with_suffix(".h5")) as file:
    over_time = {{name: b2.TimedArray(each[...], dt={dt!r} * b2.second) for name, each in file["arrays"].items()}}
    values = {{part: {{name: each[...] for name, each in file["values"][part].items()}} for part in file["values"]}}
namespace = {{**over_time, **{constants}}}


def fill(objects, given):
    """First values: of a group by trial, or the same in all; of synapses a matrix (targets, sources), the same in all."""
    for name, each in given.items():
        by_trial = isinstance(objects, b2.NeuronGroup) and each.ndim == 2
        setattr(objects, name, each.ravel() if by_trial else np.tile(each.ravel(), TRIALS))


def connect(synapses, sources, targets):
    """Every source to every target of the same trial, targets one after another."""
    trial, post, pre = np.unravel_index(np.arange(TRIALS * targets * sources), (TRIALS, targets, sources))
    synapses.connect(i=trial * sources + pre, j=trial * targets + post)
'''

TAIL = """
watched = {{"units": {states}, "outputs": ["y"]}}
monitors = {{name: b2.StateMonitor(globals()[name], each, record=True, when="end", clock=clock) for name, each in watched.items()}}
network = b2.Network({objects}, *monitors.values())
network.run(STEPS * clock.dt, namespace=namespace)

with h5py.File(HERE.with_name(f"{{HERE.stem}}_found.h5"), "w") as file:
    for name, each in watched.items():
        for variable in each:  # (time, trial, member)
            file[variable] = np.asarray(getattr(monitors[name], variable)).T.reshape(STEPS, TRIALS, -1)
{changes}print(f"{{STEPS}} steps, {{TRIALS}} trials; found is in {{HERE.stem}}_found.h5")
"""

CHANGES = """    for name, (shape, variables) in {learnt}.items():  # summed over trials; weights as (targets, sources)
        for variable in variables:
            change = np.asarray(getattr(globals()[name], variable)).reshape(TRIALS, *shape)
            file[f"{{name}}/{{variable}}"] = change.sum(axis=0)
"""


def script(
    network: Network,
    unit: UnitText,
    parts: Mapping[str, Part],
    members: Mapping[str, int],
    size: tuple[int, int],
    constants: Mapping[str, float],
    target: str,
    stem: str,
) -> str:
    """All of it; `size` is (T, B)."""
    steps, trials = size
    head = HEAD.format(
        units=network.units, cell=network.cell, trials=trials, seconds=steps * network.dt, stem=stem, version=version("neurorec"), steps=steps,
        members=dict(members), dt=network.dt, constants=dict(constants), target=_target(target),
    )  # fmt: skip
    body = "".join(_part(name, part, members) for name, part in parts.items())
    states = unit.states + [f"out_{k}" for k in unit.outputs]
    return head + body + TAIL.format(states=states, objects=", ".join(parts), changes=_changes(parts, members))


def _target(target: str) -> str:
    if target == "cpp_standalone":
        return 'b2.set_device("cpp_standalone")  # all of it is compiled once'
    return f'b2.prefs.codegen.target = "{target}"'


def _part(name: str, part: Part, members: Mapping[str, int]) -> str:
    model = '"""\n' + "\n".join(f"    {line}" for line in part.model) + '\n    """'
    if part.between is None:
        made = f"{name} = b2.NeuronGroup(TRIALS * {members[name]}, {model}, clock=clock, namespace=namespace)\n"
    else:
        before, after = part.between
        made = f"{name} = b2.Synapses({before}, {after}, {model}, clock=clock, namespace=namespace)\n"
        made += f"connect({name}, {members[before]}, {members[after]})\n"
    code = "".join(_regularly(name, order, lines) for order, lines in part.code)
    return f"\n{made}{code}fill({name}, values.get({name!r}, {{}}))\n"


def _regularly(name: str, order: int, lines: list[str]) -> str:
    text = "\n".join(f"    {line}" for line in lines)
    return f'{name}.run_regularly(\n    """\n{text}\n    """,\n    clock=clock, when="groups", order={order},\n)\n'


def _changes(parts: Mapping[str, Part], members: Mapping[str, int]) -> str:
    declared = {name: [line.split(" ")[0] for line in part.model if line.startswith("change_")] for name, part in parts.items()}
    learnt = {name: (_shape(name, parts[name], members), variables) for name, variables in declared.items() if variables}
    return CHANGES.format(learnt=learnt) if learnt else ""


def _shape(name: str, part: Part, members: Mapping[str, int]) -> tuple[int, ...]:
    return (members[name],) if part.between is None else (members[part.between[1]], members[part.between[0]])
