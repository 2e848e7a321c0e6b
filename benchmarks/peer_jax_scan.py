"""BPTT by JAX: the gradient of a lax.scan over time, compiled by XLA.

pip install -e '.[bench]'
python benchmarks/peer_jax_scan.py [--quick] [--json]
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from peer import Job, Peer, compare
from report import main

from neurorec.timing.workload import Workload

SIZES = ((64, 1), (128, 32), (256, 1), (512, 64))


def make(work: Workload, dtype: type) -> Job:
    import jax
    import jax.numpy as jnp

    network, trials = work.network, work.trials
    weights = tuple(jnp.asarray(each, dtype) for each in (network.recurrent, network.input, network.readout))
    x, target = (jnp.asarray(each, dtype) for each in (trials.inputs, trials.targets))
    initial = jnp.asarray(np.tile(network.initial, (trials.count, 1)), dtype)
    alpha = float(network.dt / network.per_unit("tau")[0])

    def loss(weights: tuple, x: jax.Array, target: jax.Array) -> jax.Array:
        w, w_in, w_out = weights

        def step(h: jax.Array, given: tuple) -> tuple:
            h = (1 - alpha) * h + alpha * jnp.tanh(h @ w.T + given[0] @ w_in.T)
            return h, ((given[1] - h @ w_out.T) ** 2).sum()

        return jax.lax.scan(step, initial, (x, target))[1].sum() / (2 * trials.steps * trials.count)

    gradient = jax.jit(jax.grad(loss))
    return lambda: -np.asarray(jax.block_until_ready(gradient(weights, x, target))[0])


# float32 alone: JAX's float64 is a setting of the whole process
PEERS = (Peer("JAX, gradient of lax.scan", ("jax",), "bptt", SIZES, make, beside=("bptt", "rflo"), dtypes=(np.float32,)),)


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(PEERS, quick)


if __name__ == "__main__":
    main(measure, __doc__)
