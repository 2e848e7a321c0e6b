"""BPTT by JAX: the gradient of a lax.scan over time, compiled by XLA.

pip install -e '.[bench]'
python benchmarks/peer_jax_scan.py [--quick] [--json]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from peer import compare
from report import main

from neurorec.timing.workload import Workload

NAME, NEEDS, RULE = "JAX, gradient of lax.scan", ("jax",), "bptt"
SIZES = ((64, 1), (128, 32), (256, 1), (512, 64))


def make(work: Workload, dtype: type) -> Callable[[], np.ndarray]:
    """In float32 in either case: JAX's float64 is a setting of the whole process."""
    import jax
    import jax.numpy as jnp

    del dtype
    network, trials = work.network, work.trials
    weights = tuple(jnp.asarray(each, jnp.float32) for each in (network.recurrent, network.input, network.readout))
    x, target = (jnp.asarray(each, jnp.float32) for each in (trials.inputs, trials.targets))
    initial = jnp.asarray(np.tile(network.initial, (trials.count, 1)), jnp.float32)
    alpha = float(network.dt / network.per_unit("tau")[0])

    def loss(weights: tuple, x: jax.Array, target: jax.Array) -> jax.Array:
        w, w_in, w_out = weights

        def step(h: jax.Array, given: tuple) -> tuple:
            h = (1 - alpha) * h + alpha * jnp.tanh(h @ w.T + given[0] @ w_in.T)
            return h, ((given[1] - h @ w_out.T) ** 2).sum()

        return jax.lax.scan(step, initial, (x, target))[1].sum() / (2 * trials.steps * trials.count)

    gradient = jax.jit(jax.grad(loss))
    return lambda: -np.asarray(jax.block_until_ready(gradient(weights, x, target))[0])


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(sys.modules[__name__], quick)


if __name__ == "__main__":
    main(measure, __doc__)
