"""Random networks on their way to chaos: Lyapunov spectra by gain, as theory has them.

    python tasks/random_networks.py            # N=200, 8 gains, 3 networks each: some minutes
    python tasks/random_networks.py --quick    # N=40, 4 gains: seconds

Networks x(t) = tanh(W x(t-1)) with weights N(0, g^2 / N). Prints the largest exponent and the Kaplan-Yorke dimension by gain beside the exact theory for
large N (Clark 2026). Spectra go to ``--out`` as ``random_networks.nc``, with a picture; ``analysis/random_networks.ipynb`` reads them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import xarray

import neurorec as nr

UNITS, SEEDS, STEPS = 200, 3, 1000
GAINS = (0.8, 0.9, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0)
QUICK = {"units": 40, "seeds": 1, "steps": 150, "gains": (0.8, 1.5, 2.0, 3.0)}
TRANSIENT = 300  # steps before exponents are averaged


def main() -> None:
    settings = arguments()
    settings.out.mkdir(parents=True, exist_ok=True)
    found = [[one(gain, settings.seed + k, settings) for k in range(settings.seeds)] for gain in settings.gains]
    spectra = together(found, settings.gains)
    spectra.to_netcdf(settings.out / "random_networks.nc", engine="h5netcdf")
    theory = [largest_exponent(gain) for gain in settings.gains]
    print(f"picture: {draw(spectra, theory, settings.out / 'random_networks.png')}")
    rows = table(spectra, theory)
    if settings.json:
        print(json.dumps({"units": settings.units, "steps": settings.steps, "seeds": settings.seeds, "gains": rows}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="40 units, 150 steps, four gains, one network each")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for spectra and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.set_defaults(units=UNITS, seeds=SEEDS, steps=STEPS, gains=GAINS)
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    return settings


def one(gain: float, seed: int, settings: argparse.Namespace) -> xarray.Dataset:
    network = nr.Network.random(0, settings.units, 1, cell="tanh", gain=gain, seed=seed, dt=1.0)
    start = np.random.default_rng([seed, 1]).normal(size=settings.units)
    return nr.dynamics.lyapunov(network, steps=settings.steps, transient=TRANSIENT, start=start)


def together(found: list[list[xarray.Dataset]], gains: tuple[float, ...]) -> xarray.Dataset:
    """Spectra of all networks, by gain."""
    over = {"spectrum": ("exponent", ("gain", "network", "number")), "dimension": ("dimension", ("gain", "network"))}
    values = {name: (dims, np.array([[each[source].values for each in row] for row in found])) for name, (source, dims) in over.items()}
    return xarray.Dataset(values, {"gain": list(gains)}, {"note": "exponents per step, largest first"})


def largest_exponent(gain: float) -> float:
    """Theory for N to infinity: q = g^2 E tanh^2(sqrt(q) z), lambda = log(g sqrt(E sech^4(sqrt(q) z))), z normal; log g below 1."""
    if gain <= 1:
        return float(np.log(gain))
    z = np.arange(-9, 9.001, 0.02)  # the trapezoid rule: Gauss-Hermite is wrong from a gain of 3
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    q = gain**2
    for _ in range(100_000):
        q, before = gain**2 * weight @ np.tanh(np.sqrt(q) * z) ** 2, q
        if abs(q - before) < 1e-14:
            break
    return float(np.log(gain * np.sqrt(weight @ np.cosh(np.sqrt(q) * z) ** -4)))


def draw(spectra: xarray.Dataset, theory: list[float], path: Path) -> Path:
    figure, (largest, whole) = nr.plots.panels(1, 2)
    largest.plot(spectra["gain"], theory, "k-", linewidth=0.8, label="theory")
    largest.plot(spectra["gain"], spectra["spectrum"][:, :, 0], "o", color="#0072B2", markersize=3)
    largest.set(xlabel="gain", ylabel="largest Lyapunov exponent (per step)")
    for gain in spectra["gain"].values[-3:]:
        whole.plot(
            np.arange(spectra.sizes["number"]) / spectra.sizes["number"], spectra["spectrum"].sel(gain=gain)[0], label=f"gain {gain:g}"
        )
    whole.set(xlabel="number / N", ylabel="Lyapunov exponent (per step)", ylim=(-4, 1))
    for ax in (largest, whole):
        ax.legend(fontsize=8, frameon=False)
    figure.savefig(path)
    return path


def table(spectra: xarray.Dataset, theory: list[float]) -> list[dict[str, float]]:
    units = spectra.sizes["number"]
    print(f"\n{'gain':>5}{'theory':>9}{'largest, mean':>15}{'sd':>7}{'dimension / N':>15}")
    rows = []
    for k, gain in enumerate(spectra["gain"].values):
        own = spectra.isel(gain=k)
        first = own["spectrum"].values[:, 0]
        share = float(own["dimension"].mean()) / units
        print(f"{gain:5g}{theory[k]:9.4f}{first.mean():15.4f}{first.std():7.4f}{share:15.4f}")
        rows.append(
            {"gain": float(gain), "theory": theory[k], "largest": float(first.mean()), "sd": float(first.std()), "dimension_over_n": share}
        )
    return rows


if __name__ == "__main__":
    main()
