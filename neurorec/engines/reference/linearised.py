"""How every step of a trajectory answers to the state before it: its Jacobian, as products and as matrices."""

from __future__ import annotations

import numpy as np

from neurorec.engines.reference.forward import blocks
from neurorec.engines.reference.unit import Linear
from neurorec.networks.pattern import whole
from neurorec.process.memory import expect_memory


def rows(channels: np.ndarray) -> np.ndarray:
    """(X, R, N) as rows (R, X N)."""
    return channels.transpose(1, 0, 2).reshape(channels.shape[1], channels.shape[0] * channels.shape[2])


def channels(flat: np.ndarray, units: int) -> np.ndarray:
    """Rows (R, X N) as (X, R, N)."""
    return flat.reshape(len(flat), flat.shape[1] // units, units).transpose(1, 0, 2)


class Linearised:
    """J(t) = D(t) + F(t) W O(t-1) of R steps at once; `through` is W, or zeros for what a local rule keeps of it.

    Attributes
    ----------
    parts : Linear
        D, F, G and O of each step, (.., R, N).
    emitted : (K, R, N) array
        o(t-1), what other units saw.
    through : (D N, K N) array or sparse matrix
        `push` and `pull` are products with it; the others make a matrix of it.
    """

    def __init__(self, parts: Linear, emitted: np.ndarray, through: np.ndarray):
        self.parts, self.emitted, self.through = parts, emitted, through
        self.n_states, self.units = parts.decay.shape[0], parts.decay.shape[3]

    def at(self, some: slice | np.ndarray) -> Linearised:
        """Some of the steps."""
        parts = self.parts
        chosen = (part[:, :, some] for part in (parts.decay, parts.recurrent, parts.external, parts.partial, parts.emission))
        return Linearised(Linear(*chosen), self.emitted[:, some], self.through)

    def push(self, tangent: np.ndarray) -> np.ndarray:
        """J v of each step, (k, R, N) from (k, R, N)."""
        shown = np.einsum("klrn,lrn->krn", self.parts.emission, tangent)
        received = channels(rows(shown) @ self.through.T, self.units)
        own = np.einsum("jlrn,lrn->jrn", self.parts.decay, tangent)
        return own + np.einsum("jdrn,drn->jrn", self.parts.recurrent, received)

    def pull(self, adjoint: np.ndarray) -> np.ndarray:
        """J^T z of each step, (k, R, N) from (k, R, N)."""
        pulled = np.einsum("jdrn,jrn->drn", self.parts.recurrent, adjoint)
        returned = channels(rows(pulled) @ self.through, self.units)
        own = np.einsum("jlrn,jrn->lrn", self.parts.decay, adjoint)
        return own + np.einsum("klrn,krn->lrn", self.parts.emission, returned)

    def matrices(self) -> np.ndarray:
        """J of each step, (R, k N, k N), states stacked.

        Raises
        ------
        ValueRefused
            If they do not fit into memory.
        """
        size = self.n_states * self.units
        numbers = self.emitted.shape[1] * size**2 + self.through.shape[0] * self.through.shape[1]
        expect_memory(
            8 * numbers,
            f"a Jacobian of {size} states, or several,",
            "use fewer starts, or what takes products with it alone, as lyapunov does",
        )
        parts, weights = self.parts, blocks(whole(self.through), self.units)
        jacobians = np.einsum("jdrn,dnkm,klrm->rjnlm", parts.recurrent, weights, parts.emission)
        own = np.einsum("rjnln->jlrn", jacobians)  # a view
        own += parts.decay
        return jacobians.reshape(len(jacobians), size, size)

    def blocks(self) -> np.ndarray:
        """What each unit's own states do to one another, (R, N, k, k): the diagonal blocks of J."""
        own = np.einsum("dnkn->dkn", blocks(whole(self.through), self.units))
        through_itself = np.einsum("jdrn,dkn,klrn->rnjl", self.parts.recurrent, own, self.parts.emission)
        return through_itself + self.parts.decay.transpose(2, 3, 0, 1)
