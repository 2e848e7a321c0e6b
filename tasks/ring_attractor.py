"""A ring attractor that integrates angular velocity, made by hand: nothing is trained.

    python tasks/ring_attractor.py            # 256 units, 20 random walks of 20 s: seconds
    python tasks/ring_attractor.py --quick    # 64 units, 4 walks of 4 s

Two rings of units, which send their activity a little to the left and a little to the right (as in Xie, Hahnloser and Seung 2002); velocity, an input,
strengthens one and weakens the other, so that the bump moves. Its gain is computed, not fitted. Prints the eigenvalue along the ring, the drift, and the
slope of produced against true velocity. Network, walks and picture go to ``--out``; ``analysis/ring_attractor.ipynb`` reads them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import xarray

import neurorec as nr

UNITS, WALKS, SECONDS = 256, 20, 20.0
QUICK = {"units": 64, "walks": 4, "seconds": 4.0}
AMPLITUDE, BIAS = 0.8, 0.5  # of the bump of drive; constant drive
SHIFT = 0.8  # radians between a ring and where it sends to
TAU, DT = 0.1, 0.01  # seconds
SPEED, CORRELATED = 1.0, 1.0  # of a walk: standard deviation of its velocity in rad/s, and for how long it keeps it, in s


def main() -> None:
    settings = arguments()
    settings.out.mkdir(parents=True, exist_ok=True)
    network = ring(settings.units)
    network.save(settings.out / "ring_attractor_network.hdf5", overwrite=True)
    walks = walked(network, settings)
    walks.to_netcdf(settings.out / "ring_attractor.nc", engine="h5netcdf")
    found = measured(network, walks)
    print(f"picture: {draw(walks, settings.out / 'ring_attractor.png')}")
    for name, value in found.items():
        print(f"{name.replace('_', ' '):44}{value:12.4g}")
    if settings.json:
        print(json.dumps({"units": settings.units, **found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="64 units, 4 walks of 4 s")
    parser.add_argument("--seed", type=int, default=0, help="of the walks")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for network, walks and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.set_defaults(units=UNITS, walks=WALKS, seconds=SECONDS)
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    return settings


def angles(units: int) -> np.ndarray:
    """Preferred angle of each unit; the first half of the units is one ring, the second the other."""
    return np.tile(2 * np.pi * np.arange(units // 2) / (units // 2), 2)


def harmonic(amplitude: float, bias: float) -> float:
    """First Fourier coefficient c of tanh(A cos(theta) + b): what a bump of drive sends on."""
    theta = 2 * np.pi * np.arange(2000) / 2000
    return float(2 * (np.tanh(amplitude * np.cos(theta) + bias) * np.cos(theta)).mean())


def ring(units: int) -> nr.Network:
    """u_i = sum over both rings of (2 J1 / N) cos(theta_i - theta_j -+ shift) h_j + b +- k v.

    A bump of drive A cos(theta - psi) keeps itself up where A = J1 cos(shift) c(A, b), which gives J1. With velocity v the rings send c(A, b +- k v),
    the sum of which lies at an angle of tan(shift) k v c' / c from psi, to which the bump moves with tau: k = tau c / (tan(shift) c') makes that v.
    """
    c, width = harmonic(AMPLITUDE, BIAS), 1e-4
    slope = (harmonic(AMPLITUDE, BIAS + width) - harmonic(AMPLITUDE, BIAS - width)) / (2 * width)
    coupling, gain = AMPLITUDE / (np.cos(SHIFT) * c), TAU * c / (np.tan(SHIFT) * slope)
    theta, side = angles(units), np.repeat([1.0, -1.0], units // 2)
    recurrent = 2 * coupling / units * np.cos(theta[:, None] - theta - SHIFT * side)
    readout = 2 / units / c * np.stack([np.cos(theta), np.sin(theta)])  # of h, whose first harmonic is c
    start = np.tanh(AMPLITUDE * np.cos(theta) + BIAS)
    return nr.Network(
        recurrent=recurrent, input=gain * side[:, None], readout=readout, bias=np.full(units, BIAS), initial=start, parameters={"tau": TAU}, dt=DT
    )  # fmt: skip


def walked(network: nr.Network, settings: argparse.Namespace) -> xarray.Dataset:
    """Random walks of an animal's head, and where the bump went."""
    rng, steps = np.random.default_rng(settings.seed), round(settings.seconds / DT)
    velocity = np.zeros((steps, settings.walks))
    for t in range(1, steps):
        kick = SPEED * np.sqrt(2 * DT / CORRELATED) * rng.normal(size=settings.walks)
        velocity[t] = velocity[t - 1] * (1 - DT / CORRELATED) + kick
    shown = nr.simulate(network, velocity[:, :, None], engine="reference")
    bump = np.unwrap(np.arctan2(shown.outputs[..., 1], shown.outputs[..., 0]), axis=0)
    over = ("time", "walk")
    variables = {"velocity": (over, velocity), "angle": (over, np.cumsum(velocity, axis=0) * DT), "bump": (over, bump)}
    return xarray.Dataset(variables, {"time": DT * np.arange(1, steps + 1)})


def measured(network: nr.Network, walks: xarray.Dataset) -> dict[str, float]:
    starts = network.initial[None] + np.random.default_rng(0).normal(size=(50, network.units))
    points = nr.dynamics.fixed_points(network, starts=starts, seed=0, fibres=0)
    on_ring = points.isel(point=int(points["dimension"].values.argmax()))
    moduli = np.sort(np.abs(on_ring["eigenvalues"].values))[::-1]
    produced = np.gradient(walks["bump"].values, DT, axis=0)
    lag = round(2 * TAU / DT)
    return {
        "dimension_of_the_manifold": float(on_ring["dimension"]),
        "eigenvalue_along_the_ring_less_1": float(moduli[0] - 1),
        "next_eigenvalue": float(moduli[1]),
        "drift_in_rad_per_s": drift(network),
        "slope_of_produced_velocity": float(np.polyfit(smooth(walks["velocity"].values, lag).ravel(), smooth(produced, lag).ravel(), 1)[0]),
        "error_of_the_angle_at_the_end": float(np.abs(walks["bump"] - walks["angle"]).isel(time=-1).mean()),
    }


def drift(network: nr.Network) -> float:
    """Largest speed over the ring at which a bump moves by itself, in rad/s: from 32 angles, between units as on them, in a second."""
    turn = 2 * np.pi * np.arange(32)[:, None] / 32 + 0.01 * np.arange(32)[:, None]
    profile = np.tanh(AMPLITUDE * np.cos(angles(network.units) - turn) + BIAS)
    shown = nr.simulate(network, np.zeros((200, 32, 1)), engine="reference", initial=profile)
    at = np.unwrap(np.arctan2(shown.outputs[..., 1], shown.outputs[..., 0]), axis=0)
    return float(np.abs(at[-1] - at[99]).max() / (100 * DT))


def smooth(values: np.ndarray, steps: int) -> np.ndarray:
    """Means over that many steps: the bump follows with tau."""
    whole = len(values) // steps * steps
    return values[:whole].reshape(-1, steps, values.shape[1]).mean(axis=1)


def draw(walks: xarray.Dataset, path: Path) -> Path:
    figure, (course, error) = nr.plots.panels(1, 2)
    course.plot(walks["time"], walks["angle"][:, 0], color="0.6", linewidth=2.5, label="true angle")
    course.plot(walks["time"], walks["bump"][:, 0], color="#0072B2", linewidth=1, label="bump")
    course.set(xlabel="time (s)", ylabel="angle (rad)")
    course.legend(fontsize=8, frameon=False)
    error.plot(walks["time"], (walks["bump"] - walks["angle"]).values, color="#0072B2", linewidth=0.5)
    error.set(xlabel="time (s)", ylabel="error (rad)")
    figure.savefig(path)
    return path


if __name__ == "__main__":
    main()
