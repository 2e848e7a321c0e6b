"""A closed curve as a Fourier series, and the Newton iteration that makes it invariant: F(K(theta)) = K(theta + rotation)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from neurorec.dynamics._map import AbstractMap

FEWEST = 8  # modes to begin with
ITERATIONS, CLOSED = 20, 1e-13  # of Newton; residual, relative
LEADING = 0.1  # factor by which a step with old equations has to shrink the residual
FEW = 60  # equations
ENDED = 1e-12  # tail of the series, relative, from where more modes add nothing
POOR = 0.1  # of the variance, which the best fit to a trajectory leaves: no curve
ALIKE = 1e-4  # shares of variance that two fits leave: one that goes round twice is no better than one that goes round once
FRACTIONS = (1, 2, 3)  # of the main frequency, one of which is the rotation


@dataclass(frozen=True)
class Curve:
    """K at 2 m + 1 evenly spaced phases, (2 m + 1, n), and the rotation, rad a step."""

    nodes: np.ndarray
    rotation: float

    @property
    def modes(self) -> int:
        """m."""
        return len(self.nodes) // 2

    @property
    def tail(self) -> float:
        """Largest of the last two coefficients, relative to the largest."""
        sizes = np.abs(self.coefficients).max(axis=1)
        return float(sizes[[1, 0, -1, -2]].max() / sizes.max())

    @property
    def coefficients(self) -> np.ndarray:
        """Of exp(i k theta), k = -m .. m, (2 m + 1, n)."""
        return np.fft.fftshift(np.fft.fft(self.nodes, axis=0), axes=0) / len(self.nodes)

    def at(self, theta: np.ndarray) -> np.ndarray:
        """K of some phases, (phases, n)."""
        return np.real(_waves(theta, self.modes) @ self.coefficients)

    def slope_at(self, theta: np.ndarray) -> np.ndarray:
        """dK/dtheta, (phases, n)."""
        return np.real(_waves(theta, self.modes) @ (1j * _numbers(self.modes)[:, None] * self.coefficients))

    def moved(self, by: float) -> Curve:
        """With its phase shifted."""
        return replace(self, nodes=self.at(_phases(self.modes) + by))

    def from_the_largest(self) -> Curve:
        """Phase 0 where the first unit is largest, of 1024 phases."""
        theta = 2 * np.pi * np.arange(1024) / 1024
        return self.moved(float(theta[int(np.argmax(np.round(self.at(theta)[:, 0], 9)))]))

    def with_modes(self, modes: int) -> Curve:
        """The same curve, at more phases."""
        return replace(self, nodes=self.at(_phases(modes)))

    def residual(self, system: AbstractMap) -> float:
        """max|F(K(theta)) - K(theta + rotation)| at the phases and between them."""
        theta = _phases(2 * self.modes)
        return float(np.abs(system.step(self.at(theta)) - self.at(theta + self.rotation)).max())


def fitted(path: np.ndarray, modes: int) -> Curve | None:
    """A series in the main frequency of a trajectory (steps, n), or a fraction of it; None where none describes it."""
    few, main = min(FEWEST, modes), _main_frequency(path)
    tried = [_series(path, main / part, few) for part in FRACTIONS]
    left = [error for error, _ in tried]
    best = next(k for k in range(len(tried)) if left[k] <= 2 * min(left) + ALIKE)  # the highest frequency that does as well
    return tried[best][1] if left[best] < POOR else None


def refined(system: AbstractMap, curve: Curve, modes: int) -> Curve | None:
    """Made invariant, with as many modes as its shape needs; None where Newton's steps end nowhere, or in a point."""
    few = curve.modes
    while True:
        found = _newton(system, curve.with_modes(few))
        if found is None or np.ptp(found.nodes, axis=0).max() <= 1e-6 * (1 + np.abs(found.nodes).max()):
            return None
        if found.tail < ENDED or 2 * few > modes:
            return found if found.tail < 1e-3 else None
        curve, few = found, 2 * few


def _newton(system: AbstractMap, curve: Curve) -> Curve | None:
    """Unknown are all nodes and the rotation; the phase is held where it is. Equations once factorised serve as long as they lead on."""
    size, solve = np.inf, None
    for _ in range(ITERATIONS):
        wrong = _shift(curve.rotation, curve.modes)[0] @ curve.nodes - system.step(curve.nodes)
        before, size = size, np.abs(wrong).max() / (1 + np.abs(curve.nodes).max())
        if size <= CLOSED and size > before / 2:  # rounding is all that is left
            break
        if solve is None or size > before * LEADING:
            solve = _factorised(_equations(system, curve))
        step = solve(np.append(-wrong.ravel(), 0.0))
        curve = Curve(curve.nodes + step[:-1].reshape(curve.nodes.shape), curve.rotation + float(step[-1]))
        if not np.isfinite(curve.nodes).all():
            return None
    return curve if np.abs(_shift(curve.rotation, curve.modes)[0] @ curve.nodes - system.step(curve.nodes)).max() <= 1e-9 else None


def _equations(system: AbstractMap, curve: Curve) -> np.ndarray:
    """Jacobian of K(theta + rotation) - F(K(theta)) at the nodes, by nodes and rotation, bordered by the phase's condition."""
    (count, n), (shift, turn) = curve.nodes.shape, _shift(curve.rotation, curve.modes)
    whole = np.zeros((count * n + 1, count * n + 1))
    blocks, nodes = whole[:-1, :-1].reshape(count, n, count, n), np.arange(count)
    for unit in range(n):
        blocks[:, unit, :, unit] = shift
    blocks[nodes, :, nodes] -= system.jacobian(curve.nodes)
    whole[:-1, -1], whole[-1, :-1] = (turn @ curve.nodes).ravel(), curve.slope_at(_phases(curve.modes)).ravel()
    return whole


def _factorised(whole: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """What solves these equations; a few are solved by least squares, as they may be singular."""
    from scipy.linalg import lu_factor, lu_solve

    if len(whole) <= FEW:
        return lambda wrong: np.linalg.lstsq(whole, wrong, rcond=None)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a singular matrix: what comes out is not finite, and no curve
        factors = lu_factor(whole, overwrite_a=True, check_finite=False)
    return lambda wrong: lu_solve(factors, wrong, check_finite=False)


def _main_frequency(path: np.ndarray) -> float:
    """Where the spectrum of the component of the largest variance is largest, rad a step: a maximum of the windowed sum (Laskar 1993)."""
    from scipy.optimize import minimize_scalar

    centred = path - path.mean(axis=0)
    signal = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    steps = np.arange(len(signal))
    windowed = signal * np.hanning(len(signal))
    power = lambda w: -abs(np.exp(-1j * w * steps) @ windowed)  # noqa: E731 - one line of algebra
    width = 2 * np.pi / len(signal)
    rough = width * int(np.abs(np.fft.rfft(windowed)).argmax())
    return float(minimize_scalar(power, bounds=(rough - width, rough + width), method="bounded", options={"xatol": 1e-13}).x)


def _series(path: np.ndarray, rotation: float, modes: int) -> tuple[float, Curve]:
    """Least squares of a trajectory by exp(i k rotation t); the share of variance that is left."""
    waves = _waves(rotation * np.arange(len(path)), modes)
    coefficients = np.linalg.lstsq(waves, path.astype(complex), rcond=None)[0]
    left = ((path - np.real(waves @ coefficients)) ** 2).sum() / ((path - path.mean(axis=0)) ** 2).sum()
    return float(left), Curve(np.real(_waves(_phases(modes), modes) @ coefficients), rotation)


def _numbers(modes: int) -> np.ndarray:
    return np.arange(-modes, modes + 1)


def _phases(modes: int) -> np.ndarray:
    return 2 * np.pi * np.arange(2 * modes + 1) / (2 * modes + 1)


def _waves(theta: np.ndarray, modes: int) -> np.ndarray:
    return np.exp(1j * np.multiply.outer(theta, _numbers(modes)))


def _shift(rotation: float, modes: int) -> tuple[np.ndarray, np.ndarray]:
    """Matrices that take nodes to those of a curve shifted by the rotation, and its derivative."""
    back = _waves(_phases(modes), modes)
    forth = back.conj().T / len(back)
    turned = np.exp(1j * _numbers(modes) * rotation)
    return np.real((back * turned) @ forth), np.real((back * (1j * _numbers(modes) * turned)) @ forth)
