"""What the eigenvalues of a map's Jacobian say of a point or an orbit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ON_THE_CIRCLE = 10 * np.sqrt(np.finfo(float).eps)  # times an eigenvalue's condition number


@dataclass(frozen=True)
class Spectrum:
    """Of each of some Jacobians, largest modulus first.

    Attributes
    ----------
    values : (points, n) complex array
    right, left : (points, n, n) complex arrays
        Eigenvectors by columns, those on the left scaled so that left^H right = 1.
    marginal : (points, n) array of bool
        On the unit circle, as far as can be seen.
    """

    values: np.ndarray
    right: np.ndarray
    left: np.ndarray
    marginal: np.ndarray

    @property
    def unstable(self) -> np.ndarray:
        """How many grow, (points,)."""
        return ((np.abs(self.values) > 1) & ~self.marginal).sum(axis=1)

    @property
    def stability(self) -> np.ndarray:
        """``"stable"``, ``"saddle"``, ``"unstable"`` or ``"marginal"``, (points,)."""
        grow, n = self.unstable, self.values.shape[1]
        names = np.where(grow == 0, np.where(self.marginal.any(axis=1), "marginal", "stable"), np.where(grow == n, "unstable", "saddle"))
        return names.astype("U8")


def spectrum(jacobians: np.ndarray) -> Spectrum:
    """Of a stack of Jacobians, (points, n, n)."""
    values, right = np.linalg.eig(jacobians)
    order = np.lexsort((-np.imag(values), -np.round(np.abs(values), 12)), axis=1)
    values, right = np.take_along_axis(values, order, 1), np.take_along_axis(right, order[:, None], 2)
    left = _left(right)
    condition = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return Spectrum(values.astype(complex), right, left, np.abs(np.abs(values) - 1) <= ON_THE_CIRCLE * condition)


def _left(right: np.ndarray) -> np.ndarray:
    """Rows of the inverse, conjugated, as columns; least-squares ones of a matrix that has too few eigenvectors."""
    try:
        inverse = np.linalg.inv(right)
    except np.linalg.LinAlgError:
        inverse = np.linalg.pinv(right)
    return inverse.conj().transpose(0, 2, 1)


def times(values: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time constants in s, which are negative where a mode grows; frequencies in Hz; whether a mode alternates every step.

    By log(lambda) / dt, which is exact for a map; (lambda - 1) / dt, Euler's reading, is 5 % off at abs(lambda - 1) = .1.
    """
    with np.errstate(divide="ignore"):
        constants = -dt / np.log(np.abs(values))
    angles = np.angle(values)
    return constants, np.abs(angles) / (2 * np.pi * dt), (np.real(values) < 0) & (np.abs(np.imag(values)) <= 1e-9 * np.abs(values))


def non_normality(jacobians: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Henrici's departure from normality, relative to the norm of the Jacobian: 0 for a normal one, (points,)."""
    whole = np.linalg.norm(jacobians, axis=(1, 2))
    apart = np.sqrt(np.maximum(0, whole**2 - (np.abs(values) ** 2).sum(axis=1)))
    return np.divide(apart, whole, out=np.zeros_like(apart), where=whole > 0)
