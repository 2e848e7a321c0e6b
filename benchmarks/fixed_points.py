"""Fixed points beside the algorithm of fixed-point-finder (Golub and Sussillo 2018, doi:10.21105/joss.01003), on the same networks and starts.

    python benchmarks/fixed_points.py [--quick] [--json] [--out data/fixed_points.json]

It is on no package index, so that its torch version is stated again here, with its own settings as of commit f9f85e6 (2023): all states
together by Adam on the mean of q = |F(x) - x|^2 / 2, float32, rate .05 times .7 every 500 iterations, until each has q < 1e-12 or 5000 are
done; then states farther than 10 times the mean distance of the starts from their centre are left out, and those within 1e-3 of each other,
entry by entry, are one. A point of either is true if a root of F(x) - x, by Newton's steps in float64, lies within 1e-3 of it, entry by entry.
"""

from __future__ import annotations

import time
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main_of_file

import neurorec as nr

SIZES = ((16, 1024), (64, 512), (256, 128))  # units, starts
QUICK = ((6, 16),)
RANK, GAIN, SEED = 3, 1.6, 0
RATE, EVERY, FALL, ITERATIONS, ENOUGH, SAME, OUTLYING = 0.05, 500, 0.7, 5000, 1e-12, 1e-3, 10


def weights_of(units: int) -> np.ndarray:
    """Of rank three in a random basis: x(t) = tanh(W x(t-1)) has up to 27 fixed points."""
    basis = np.linalg.qr(np.random.default_rng(SEED).normal(size=(units, RANK)))[0]
    return GAIN * basis @ basis.T


def adam(weights: np.ndarray, starts: np.ndarray, iterations: int) -> np.ndarray:
    """States (starts, n) where fixed-point-finder ends, float32."""
    import torch

    torch.set_num_threads(1)
    w, x = (torch.tensor(each, dtype=torch.float32) for each in (weights.T, starts))
    x.requires_grad_()
    optimiser = torch.optim.Adam([x], lr=RATE)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, step_size=EVERY, gamma=FALL)
    for _ in range(iterations):
        optimiser.zero_grad()
        q = ((x - torch.tanh(x @ w)) ** 2).sum(dim=1) / 2
        q.mean().backward()
        optimiser.step()
        schedule.step()
        if bool((q < ENOUGH).all()):
            break
    return x.detach().numpy().astype(np.float64)


def unique(found: np.ndarray, q: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """What it calls unique fixed points: no outliers, and of close ones that of the smallest q."""
    centre = starts.mean(axis=0)
    near = np.linalg.norm(found - centre, axis=1) < OUTLYING * np.linalg.norm(starts - centre, axis=1).mean()
    kept: list[np.ndarray] = []
    for row in found[near][np.argsort(q[near])]:
        if all(np.abs(row - each).max() > SAME for each in kept):
            kept.append(row)
    return np.array(kept).reshape(-1, found.shape[1])


def true_and_false(step: Any, slope: Any, points: np.ndarray) -> tuple[int, int]:
    """How many different roots the points stand for, and how many points stand for none."""
    if not len(points):
        return 0, 0
    ended = nr.dynamics.fixed_points(step, starts=points, jacobian=slope, fibres=0)
    roots, of = ended["state"].values, ended["point_of"].values
    close = (of >= 0) & (np.abs(roots[of] - points).max(axis=1) < SAME)
    return len(np.unique(of[close])), int((~close).sum())


def measured(units: int, count: int, iterations: int) -> list[dict[str, Any]]:
    weights = weights_of(units)
    step = lambda x: np.tanh(x @ weights.T)  # noqa: E731 - one line of algebra
    slope = lambda x: (1 - np.tanh(x @ weights.T) ** 2)[:, :, None] * weights  # noqa: E731
    network = nr.Network.random(0, units, 1, cell="tanh", dt=1.0, seed=SEED).replace(recurrent=weights)
    starts = np.random.default_rng(SEED).standard_normal((count, units))
    nr.dynamics.fixed_points(network, starts=starts[:2], fibres=0)  # what is printed and loaded once is not timed
    begun = time.process_time()
    ours = nr.dynamics.fixed_points(network, starts=starts)
    alone_from = time.process_time()
    alone = nr.dynamics.fixed_points(network, starts=starts, fibres=0)
    middle = time.process_time()
    found = adam(weights, starts, iterations)
    ended = time.process_time()
    q = ((step(found) - found) ** 2).sum(axis=1) / 2
    theirs = unique(found, q, starts)
    rows = (
        ("neurorec", alone_from - begun, ours["state"].values, (ours["status"].values == "converged").sum()),
        ("neurorec, without fibres", middle - alone_from, alone["state"].values, (alone["status"].values == "converged").sum()),
        ("fixed-point-finder, restated", ended - middle, theirs, (q < ENOUGH).sum()),
    )
    return [_row(name, units, count, seconds, step, slope, points, good) for name, seconds, points, good in rows]


def _row(name: str, units: int, starts: int, seconds: float, step: Any, slope: Any, points: np.ndarray, converged: int) -> dict[str, Any]:
    true, wrong = true_and_false(step, slope, points)
    return {
        "program": name, "units": units, "starts": starts, "cpu_seconds": seconds,
        "true_points": true, "false_points": wrong, "converged_starts": int(converged),
    }  # fmt: skip


def measure(quick: bool) -> list[dict[str, Any]]:
    return [row for size in (QUICK if quick else SIZES) for row in measured(*size, 50 if quick else ITERATIONS)]


if __name__ == "__main__":
    main_of_file(measure, __doc__, "fixed_points")
