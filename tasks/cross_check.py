"""Every cell by a local rule on four engines: how far states, spikes and changes of weights are from the reference.

    python tasks/cross_check.py          # every cell, both rules: a few minutes, most of them Brian2's and the compiler's
    python tasks/cross_check.py --quick  # two cells: seconds

reference   NumPy, plain loops, the traces of every synapse
numba       compiled in float64, a scan against time
torch       float64, the same by tensors
brian2      Brian2 runs the network; traces are variables of its synapses

The networks have biases, private noise and an initial state of their own, and two trials of 40 steps with a mask. Differences are relative
to the largest entry; spikes are counted where they differ. The picture goes to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.engines.torch import TorchEngine

ENGINES: dict[str, Any] = {"numba": NumbaEngine(dtype="float64"), "torch": TorchEngine(dtype="float64"), "brian2": "brian2"}
RULES = ("rflo", "local_only")
QUICK = ("leaky_tanh", "adaptive_lif")
UNITS, INPUTS, OUTPUTS, STEPS, TRIALS, DT = 8, 3, 2, 40, 2, 0.005
SPIKE = "z"  # the state in which cells that spike do so
WANTED = 1e-12


def main() -> None:
    settings = arguments()
    found = {cell: compared(cell, settings.seed) for cell in (QUICK if settings.quick else nr.names("cells"))}
    print_table(found)
    print(f"picture: {draw(settings, found)}")
    if settings.json:
        print(json.dumps({"cells": found, "largest": largest(found), "wanted": WANTED}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=" and ".join(QUICK))
    parser.add_argument("--seed", type=int, default=0, help="of networks and trials")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def network(cell: str, seed: int) -> nr.Network:
    rng = np.random.default_rng(seed)
    net = nr.Network.random(INPUTS, UNITS, OUTPUTS, cell=cell, dt=DT, gain=0.8, seed=seed, noise=0.02)
    parameters = {"refractory": 2 * DT} if "refractory" in net.parameters else {}
    start = rng.normal(size=net.initial.shape) * 0.1 * net.formula.exact  # a unit that spikes begins at rest
    return net.replace(bias=rng.normal(size=net.bias.shape) * 0.3, initial=start, parameters={**net.parameters, **parameters})


def trials(seed: int) -> nr.Trials:
    rng = np.random.default_rng(seed)
    mask = (rng.random((STEPS, TRIALS)) > 0.2) * 1.0
    return nr.Trials(rng.normal(size=(STEPS, TRIALS, INPUTS)), rng.normal(size=(STEPS, TRIALS, OUTPUTS)), mask, dt=DT)


def compared(cell: str, seed: int) -> dict[str, Any]:
    """Of each engine: the largest difference of states, of changes by each rule, and how many spikes there are, and are others."""
    net, data = network(cell, seed), trials(seed)
    states = nr.simulate(net, data, "reference", seed).states
    changes = {rule: nr.weight_change(net, data, rule, "reference", seed=seed) for rule in RULES}
    found: dict[str, Any] = {"spikes": None if net.formula.exact else int(states[SPIKE].sum())}
    for name, engine in ENGINES.items():
        ours = nr.simulate(net, data, engine, seed).states
        found[name] = {"states": apart(ours, states)} | {
            rule: apart(nr.weight_change(net, data, rule, engine, seed=seed), changes[rule]) for rule in RULES
        }
        found[name] |= {} if net.formula.exact else {"other spikes": int((ours[SPIKE] != states[SPIKE]).sum())}
    return found


def apart(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> float:
    """Largest difference, relative to the largest entry of all."""
    size = max(float(np.abs(each).max()) for each in expected.values())
    return max(float(np.abs(found[name] - each).max()) for name, each in expected.items()) / size


def largest(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Over all cells, by engine and by what differs."""
    return {name: {what: max(each[name][what] for each in found.values()) for what in ("states", *RULES)} for name in ENGINES}


def print_table(found: dict[str, Any]) -> None:
    columns = [(engine, what) for engine in ENGINES for what in ("states", *RULES)]
    print(" " * 18 + "".join(f"{engine:>11}" for engine, _ in columns) + "   spikes  others")
    print(f"{'cell':18}" + "".join(f"{what:>11}" for _, what in columns))
    for cell, each in found.items():
        others = "" if each["spikes"] is None else f"{each['spikes']:9d}{max(each[name]['other spikes'] for name in ENGINES):8d}"
        print(f"{cell:18}" + "".join(f"{each[engine][what]:11.1e}" for engine, what in columns) + others)


def draw(settings: argparse.Namespace, found: dict[str, Any]) -> Path:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(9, 1.2 + 0.22 * len(found)), sharey=True, sharex=True, layout="constrained")
    for ax, what in zip(axes, ("states", *RULES), strict=True):
        for engine, marker in zip(ENGINES, "osD", strict=True):
            errors = np.maximum([each[engine][what] for each in found.values()], 1e-17)
            ax.plot(errors, np.arange(len(found)), marker, label=engine, fillstyle="none")
        ax.axvline(WANTED, color="0.5", linestyle="--", label="wanted")
        ax.set(xscale="log", title=what if what == "states" else f"changes by {what}", xlabel="relative difference")
    axes[0].set(yticks=range(len(found)), yticklabels=list(found), xlim=(5e-18, 1e-11))
    axes[0].invert_yaxis()
    axes[-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    path = settings.out / "cross_check.png"
    figure.savefig(path, dpi=150)
    return path


if __name__ == "__main__":
    main()
