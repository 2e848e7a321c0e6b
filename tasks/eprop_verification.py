"""e-prop against what others published and against autograd: losses, spikes, surrogate slopes and gradients, on every engine.

    python tasks/eprop_verification.py          # all engines: minutes, most of them Brian2's
    python tasks/eprop_verification.py --quick  # the compiled engine and torch, one trial of each published list: seconds

pattern, evidence
    Losses of the first five iterations as NEST's tests of e-prop have them (test_eprop_bsshslm_2020_plasticity.py; Korcsak-Gorzo et al.
    2022), which are TensorFlow's of Bellec et al. (2020) to single precision, from the same weights and inputs; and of the pattern
    the number of spikes of each trial. `rflo` with spiking units is e-prop with random feedback.
surrogates
    The slope of a unit after two spikes, of four surrogates (NEST's test_eprop_plasticity.py).
stopped, factorised, random
    The authors' two identities, and a third, beside torch's autograd on the equations written out: e-prop with symmetric feedback is the
    gradient where spikes between units are held constant; with the total derivatives by the spikes for its learning signals it is BPTT;
    with random feedback it is autograd through a readout whose way back has other weights.

Prints the largest relative error of each, over all it compares. The picture goes to ``--out``.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.engines.torch import TorchEngine

DT = 0.001  # seconds
WANTED = 1e-12  # largest relative error
ENGINES: dict[str, Any] = {
    "numba": NumbaEngine(dtype="float64"),
    "torch": TorchEngine(dtype="float64"),
    "reference": "reference",
    "brian2": "brian2",
}
QUICK = ("numba", "torch")
PATTERN = (101.964356999041, 103.466731126205, 103.340607074771, 103.680244037686, 104.412775748752)
SPIKES = (3999, 3434, 3136, 2963, 2857)
EVIDENCE = {  # by batch; of one trial with all of NEST's digits, of two with the twelve of its test
    1: (0.74115255000619, 0.74038818770074, 0.66578523317777, 0.66364419332299, 0.72942896284495),
    2: (0.702163370672, 0.735555303152, 0.740354864111, 0.683882815282, 0.707841122268),
}
ROUNDED = 5e-15  # half of the last of the fourteen decimals that were published of these: up to 3.6e-14 of the smallest
SURROGATES = {
    "piecewise_linear": (0.21030100902759, 0.18933659619924, 0.17036721102500, 0.15320300152221, 0.13767218251307),
    "exponential": (0.28011776848615, 0.26861558105999, 0.25861553046549, 0.24988832085299, 0.24224569105944),
    "fast_sigmoid": (0.20044113201621, 0.19020804299944, 0.18160934703950, 0.17432167613232, 0.16809903522604),
    "arctan": (0.37433498786304, 0.36073812744784, 0.34852165076370, 0.33759316659435, 0.32784181049728),
}


def main() -> None:
    settings = arguments()
    found: dict[str, dict[str, float]] = {}
    for name in QUICK if settings.quick else ENGINES:
        began = time.monotonic()
        found[name] = verified(ENGINES[name], settings)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    print_table(found)
    print(f"picture: {draw(settings, found)}")
    if settings.json:
        print(json.dumps({"largest_relative_error": found, "wanted": WANTED, "holds": holds(found)}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{' and '.join(QUICK)}, one trial of each published list")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the networks that are compared with autograd; the published ones have their own"
    )
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def verified(engine: Any, settings: argparse.Namespace) -> dict[str, float]:
    """Largest relative error of everything, by what it is."""
    iterations, batches = (1, (1,)) if settings.quick else (5, (1, 2))
    losses, spikes = pattern(engine, iterations)
    found = {"pattern": losses, "spikes": spikes}
    found |= {f"evidence, batch {batch}": evidence(engine, iterations, batch) for batch in batches}
    found["surrogates"] = max(surrogate(engine, name) for name in SURROGATES)
    return found | {each.__name__: each(engine, settings.seed) for each in (stopped, factorised, random)}


# What was published ------------------------------------------------------------------------------------------------------


def pattern(engine: Any, trials: int) -> tuple[float, float]:
    """Of the losses and of the numbers of spikes, while a fixed pattern is learnt from frozen noise by gradient descent."""
    net, data = pattern_network()
    record = nr.Record(("z",))
    run = nr.train(net, data, engine=engine, trials=trials, rate=1e-4 * data.steps, plastic=NO_LOOPS, record=record, progress=False)
    spikes = run.trajectories("z")["z"].sum(("time", "unit")).values
    return apart(run.log["loss"].values * data.steps, PATTERN[:trials]), apart(spikes, SPIKES[:trials])


def pattern_network(n: int = 100, steps: int = 1000) -> tuple[nr.Network, nr.Trials]:
    """Drawn in the order of NEST's test; a loss there is a sum over time, ours is a mean."""
    rng = np.random.RandomState(1)
    weights = {"input": rng.randn(n, n).T / np.sqrt(n), "recurrent": without_loops(rng.randn(n, n).T / np.sqrt(n))}
    weights |= {"readout": rng.randn(n, 1).T / np.sqrt(n), "feedback": rng.randn(n, 1) / np.sqrt(n)}
    inputs = (rng.rand(steps, n) < 0.05) * 1.0
    inputs[0] = 0
    sines = zip(rng.uniform(0.5, 2, 4), rng.uniform(0, 2 * np.pi, 4), (1000, 500, 333, 200), strict=True)
    target = sum(size * np.sin(np.linspace(phase, phase + 2 * np.pi * (steps // period), steps)) for size, phase, period in sines)
    target = (target - target[0]) / np.abs(target - target[0]).max()
    parameters = {"tau_m": 0.03, "threshold": 0.03, "gamma": 0.3, "decay_input": 1.0}
    around = {"readout_tau": 0.03, "activity_cost": 300 / steps, "activity_target": 10 * DT}
    net = nr.Network(**single(weights), cell="lif", dt=DT, parameters=parameters, **around)
    return net, nr.Trials(inputs[:, None], target[:, None, None], dt=DT)


def evidence(engine: Any, iterations: int, batch: int) -> float:
    """Of the losses while it is learnt from seven cues on which side more of them were."""
    net, task = evidence_network(iterations, batch)
    how = {"trials": iterations * batch, "batch": batch, "optimiser": AdamOfTensorFlow(), "rate": 5e-3, "plastic": NO_LOOPS}
    run = nr.train(net, task, engine=engine, record=nr.Record.nothing(), progress=False, **how)
    return apart(run.log["loss"].values.reshape(iterations, batch).mean(axis=1), EVIDENCE[batch][:iterations])


def evidence_network(iterations: int, batch: int, n_inputs: int = 40, n: int = 100) -> tuple[nr.Network, InOrder]:
    """Half of the units adapt. A weight of the cost of activity is in NEST over the steps of the trial, here the loss is over those that count."""
    rng = np.random.RandomState(1)
    weights = {"input": rng.randn(n_inputs, n).T / np.sqrt(n_inputs), "recurrent": without_loops(rng.randn(n, n).T / np.sqrt(n))}
    limit = np.sqrt(3 / ((n + 2) / 2))
    weights |= {"readout": rng.uniform(-limit, limit, (n, 2)).T, "feedback": rng.randn(n, 2)}
    beta = 1.7 * (1 - np.exp(-DT / 2)) / (1 - np.exp(-DT / 0.02)) * (np.arange(n) >= n // 2)
    parameters = {"tau_m": 0.02, "tau_a": 2.0, "beta": beta, "threshold": 0.6, "gamma": 0.3, "refractory": 0.005}
    around = {"readout_tau": 0.02, "activity_cost": 300 / RECALL, "activity_target": 10 * DT}
    net = nr.Network(**single(weights), cell="adaptive_lif", dt=DT, parameters=parameters, **around)
    drawn = [cues(rng, batch, n_inputs) for _ in range(iterations)]
    inputs, sides = (np.concatenate(each) for each in zip(*drawn, strict=True))
    targets = np.broadcast_to(np.eye(2)[sides], (inputs.shape[1], len(sides), 2))
    mask = np.zeros(targets.shape[:2])
    mask[-RECALL:] = 1
    return net, InOrder(nr.Trials(inputs.transpose(1, 0, 2), targets, mask, dt=DT, loss="cross_entropy"))


CUES, CUE, GAP, BACKGROUND, RECALL = 7, 100, 50, 1050, 150  # number, and steps


def cues(rng: np.random.RandomState, batch: int, n_inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Spikes (B, T, I) and sides (B,)."""
    chances = np.array([0.3, 0.7], np.float32)
    first = rng.choice([0, 1], batch)
    sides = np.array([rng.choice([0, 1], CUES, p=[chances[k], chances[1 - k]]) for k in first])
    group, probability = n_inputs // 4, np.zeros((batch, CUES * (CUE + GAP) + BACKGROUND + RECALL, n_inputs))
    for b, k in np.ndindex(batch, CUES):
        begin, side = GAP + k * (CUE + GAP), sides[b, k]
        probability[b, begin : begin + CUE, side * group : (side + 1) * group] = 0.04
    probability[:, -RECALL:, 2 * group : 3 * group] = 0.04
    probability[:, :, 3 * group :] = 0.01
    spikes = (probability > rng.rand(*probability.shape)) * 1.0
    spikes[:, 0] = 0
    return spikes, (sides.sum(axis=1) > CUES // 2).astype(int)


def surrogate(engine: Any, name: str) -> float:
    """Of the slopes in the last five steps, beyond what rounding to the published decimals can have made: what the input weight would change by an error in one of them, over the trace of its spikes."""
    inputs = np.zeros((19, 1, 1))
    inputs[np.array([3, 4, 5, 7, 11, 13]) - 1] = 1
    parameters = {"tau_m": 0.01, "threshold": 0.6, "refractory": 0.003, "gamma": 0.5 * 0.6, "width": 1 / 1.7 / 0.6, "decay_reset": 1.0}
    net = nr.Network([[0.0]], [[0.3]], [[1.0]], [[1.0]], cell="lif", surrogate=name, dt=DT, parameters=parameters)
    outputs = nr.simulate(net, inputs, engine=engine).outputs
    trace = np.array([sum(inputs[s, 0, 0] * np.exp(-0.1 * (t - s)) for s in range(t + 1)) for t in range(19)])
    changes = [
        nr.weight_change(net, nr.Trials(inputs, outputs + 1, at[:, None], dt=DT), engine=engine)["input"][0, 0] for at in np.eye(19)[-5:]
    ]
    beyond = np.abs(np.array(changes) / trace[-5:] - SURROGATES[name]) - ROUNDED
    return float((np.maximum(beyond, 0) / SURROGATES[name]).max())


# What autograd finds -----------------------------------------------------------------------------------------------------


def stopped(engine: Any, seed: int) -> float:
    """With symmetric feedback: the gradient, where nothing goes back from unit to unit."""
    net, data = small(seed, steps=10, refractory=0.003)
    found = nr.weight_change(net, data, "rflo", engine, feedback="symmetric")
    return largest(found, gradient(net, data, back=net.readout.T, through_units=False)[0])


def random(engine: Any, seed: int) -> float:
    """With random feedback: the same, through a readout with another way back."""
    net, data = small(seed, steps=50, refractory=0.002)
    return largest(nr.weight_change(net, data, "rflo", engine), gradient(net, data, back=net.feedback, through_units=False)[0])


def factorised(engine: Any, seed: int) -> float:
    """With the total derivative by each spike for the learning signal of its unit: BPTT. The signal is the error of a unit's own readout."""
    net, data = small(seed, steps=50, refractory=0.002)
    exact, by_spikes = gradient(net, data, back=net.readout.T, through_units=True)
    own = net.replace(readout=np.eye(net.units), feedback=np.eye(net.units), readout_tau=0.0)
    spikes = nr.simulate(net, data, engine=engine).states["z"]
    signalled = nr.Trials(data.inputs, spikes - by_spikes * data.steps * data.count, dt=DT)
    found = nr.weight_change(own, signalled, "rflo", engine)
    return largest({name: found[name] for name in ("recurrent", "input")}, exact)


def small(seed: int, steps: int, refractory: float) -> tuple[nr.Network, nr.Trials]:
    """Three inputs at 100 Hz, four LIF units and four that adapt, two outputs; weights large enough for spikes in the first steps."""
    rng = np.random.default_rng(seed)
    parameters = {"tau_m": 0.02, "tau_a": 0.5, "beta": 0.07 * (np.arange(8) >= 4), "threshold": 0.62, "refractory": refractory}
    net = nr.Network.random(3, 8, 2, cell="adaptive_lif", dt=DT, parameters=parameters, gain=1.0, seed=seed, readout_tau=0.02)
    inputs = (rng.random((steps, 3, 3)) < 100 * DT) * 1.0
    return net.replace(input=3 * np.abs(net.input)), nr.Trials(inputs, rng.normal(size=(steps, 3, 2)), dt=DT)


def gradient(net: nr.Network, data: nr.Trials, back: np.ndarray, through_units: bool) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Minus the derivative of the loss by the weights, and the derivative by each spike as others hear it, (T, B, N): torch, equations written out."""
    p = {name: torch.tensor(net.per_unit(name)) for name in net.parameters}
    w = {name: torch.tensor(np.array(getattr(net, name)), requires_grad=True) for name in ("recurrent", "input", "readout")}
    a, rho, kappa, way_back = (
        torch.exp(-DT / p["tau_m"]),
        torch.exp(-DT / p["tau_a"]),
        np.exp(-DT / net.readout_tau),
        torch.tensor(np.array(back)),
    )
    v = b = z = heard = left = torch.zeros(data.count, net.units, dtype=torch.float64)
    y, loss, sent = 0.0, torch.zeros(()), []
    for x, target in zip(torch.tensor(data.inputs), torch.tensor(data.targets), strict=True):
        v = a * v + x @ w["input"].T + heard @ w["recurrent"].T - p["threshold"] * z.detach()
        b, left = rho * b + z, (left - 1).clamp(min=0)
        distance = (v - p["threshold"] - p["beta"] * b) / p["threshold"]
        slope = p["gamma"] * (1 - distance.abs()).clamp(min=0).detach()
        z = ((distance >= 0) * 1.0 + slope * (distance - distance.detach())) * (left < 0.5)
        left = torch.where(z.detach() > 0, p["refractory"] / DT, left)
        spike = z.clone()
        spike.retain_grad()
        sent.append(spike)
        heard = spike if through_units else spike.detach()
        goes_back = spike @ way_back - (spike @ way_back).detach()  # no value, only a way back
        y = kappa * y + (1 - kappa) * (spike.detach() @ w["readout"].T + goes_back)
        loss = loss + 0.5 * ((y - target) ** 2).sum() / (data.steps * data.count)
    loss.backward()
    return {name: -each.grad.numpy() for name, each in w.items()}, np.array([each.grad.numpy() for each in sent])


# Shared ------------------------------------------------------------------------------------------------------------------

NO_LOOPS = {"recurrent": ~np.eye(100, dtype=bool), "input": None, "readout": None}  # which synapses learn


class InOrder(nr.AbstractTask):
    """Trials as they are, one after another."""

    def __init__(self, data: nr.Trials):
        self.data, self.dt, self.loss = data, data.dt, data.loss
        self.n_inputs, self.n_outputs = data.inputs.shape[2], data.targets.shape[2]

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> nr.Trials:
        return self.data.take(np.arange(first, first + n))

    def trial(self, rng: np.random.Generator) -> nr.Trial:
        raise NotImplementedError("these trials were drawn before")

    def score(self, outputs: np.ndarray, trials: nr.Trials) -> np.ndarray:
        raise NotImplementedError("what is compared is the loss")


@dataclass(frozen=True)
class AdamOfTensorFlow(nr.AbstractOptimiser):
    """Adam, with epsilon outside the bias correction."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("mean", "square")

    @staticmethod
    def step(weight: Any, change: Any, slots: Any, rate: Any, count: int, settings: tuple) -> Any:
        beta1, beta2, epsilon = settings
        slots[0] = beta1 * slots[0] + (1 - beta1) * change
        slots[1] = beta2 * slots[1] + (1 - beta2) * change * change
        return rate * np.sqrt(1 - beta2**count) / (1 - beta1**count) * slots[0] / (np.sqrt(slots[1]) + epsilon)


def single(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rounded to single precision, as they were published."""
    return {name: each.astype(np.float32).astype(float) for name, each in weights.items()}


def without_loops(recurrent: np.ndarray) -> np.ndarray:
    return recurrent * (1 - np.eye(len(recurrent)))


def apart(found: np.ndarray, expected: Any) -> float:
    return float(np.abs(np.asarray(found) / np.asarray(expected) - 1).max())


def largest(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> float:
    """Largest difference of a weight's change, relative to its largest change."""
    return max(float(np.abs(found[name] - each).max() / np.abs(each).max()) for name, each in expected.items() if name in found)


def holds(found: dict[str, dict[str, float]]) -> bool:
    return all(error < WANTED for each in found.values() for error in each.values())


def print_table(found: dict[str, dict[str, float]]) -> None:
    print(f"\n{'largest relative error':24}" + "".join(f"{engine:>12}" for engine in found))
    for name in next(iter(found.values())):
        print(f"{name:24}" + "".join(f"{each[name]:12.1e}" for each in found.values()))
    print(f"\n{'all' if holds(found) else 'NOT all'} below {WANTED:g}")


def draw(settings: argparse.Namespace, found: dict[str, dict[str, float]]) -> Path:
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
    names = list(next(iter(found.values())))
    for engine, marker in zip(found, "os^D", strict=False):
        errors = np.maximum([found[engine][name] for name in names], 1e-17)
        ax.plot(errors, np.arange(len(names)), marker, label=engine, fillstyle="none")
    ax.axvline(WANTED, color="0.5", linestyle="--", label="wanted")
    ax.set(xscale="log", xlim=(5e-18, 1e-10), yticks=range(len(names)), yticklabels=names, xlabel="largest relative error (1e-17: none)")
    ax.invert_yaxis()
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    path = settings.out / "eprop_verification.png"
    figure.savefig(path, dpi=150)
    return path


if __name__ == "__main__":
    main()
