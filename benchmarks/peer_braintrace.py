"""The diagonal approximation with symmetric feedback by braintrace's D_RTRL (Wang 2026, doi:10.1038/s41467-026-68453-w), on JAX.

    pip install -e '.[bench]'
    python benchmarks/peer_braintrace.py [--quick] [--json]

D_RTRL is causal: it carries a trace for every synapse and trial, and could change weights at every step. Ours here is
``local_only``, the same change at the end of the trial.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from peer import Job, Peer, compare
from report import main

from neurorec.timing.workload import Workload

SIZES = ((32, 1), (64, 1), (128, 1), (128, 32), (256, 1))  # (512, 64) would take 67 MB of traces a step


def make(work: Workload, dtype: type) -> Job:
    import brainstate
    import braintrace
    import jax
    import jax.numpy as jnp

    network, trials = work.network, work.trials
    alpha, units = float(network.dt / network.per_unit("tau")[0]), network.units
    readout = jnp.asarray(network.readout.T, dtype)
    heard = jnp.asarray(np.concatenate([network.input, network.recurrent], axis=1).T, dtype)

    initial = jnp.asarray(np.tile(network.initial, (trials.count, 1)), dtype)

    class Leaky(brainstate.nn.Module):
        """braintrace traces what its own Linear multiplies: input and recurrent weights side by side."""

        def __init__(self) -> None:
            super().__init__()
            self.weights = braintrace.nn.Linear(1 + units, units, w_init=heard, b_init=None)

        def init_state(self, batch_size: int | None = None, **_: Any) -> None:
            del batch_size
            self.h = brainstate.HiddenState(initial)

        def update(self, x: Any) -> Any:
            drive = self.weights(jnp.concatenate([x, self.h.value], axis=-1))
            self.h.value = (1 - alpha) * self.h.value + alpha * jnp.tanh(drive)
            return self.h.value

    x, target = (jnp.asarray(each, dtype) for each in (trials.inputs, trials.targets))
    model = Leaky()
    learner = braintrace.compile(model, braintrace.D_RTRL, x[0], batch_size=trials.count)

    def loss(x: Any, target: Any) -> Any:
        return ((target - learner(x) @ readout) ** 2).sum() / (2 * trials.count)

    @brainstate.transform.jit
    def gradient(x: Any, target: Any) -> Any:
        model.h.value = initial
        learner.reset_state(trials.count)
        return learner.etrace_grad(x, target, step_fn=loss)

    def change() -> np.ndarray:
        (found,) = jax.tree.leaves(gradient(x, target))  # one matrix: the input's row, then the units'
        return -np.asarray(found)[1:].T

    return change


# float32 alone: JAX's float64 is a setting of the whole process
PEERS = (
    Peer(
        "braintrace D_RTRL",
        ("jax", "braintrace", "brainstate"),
        "local_only",
        SIZES,
        make,
        beside=("local_only", "rflo"),
        dtypes=(np.float32,),
    ),
)


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(PEERS, quick)


if __name__ == "__main__":
    main(measure, __doc__)
