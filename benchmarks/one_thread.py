"""Imported before anything that computes: one thread for every library, so that all are compared on the same core."""

from __future__ import annotations

import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")  # NPROC: XLA's threads
for _variable in VARIABLES:
    os.environ[_variable] = "1"
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no compiling processes that stay and wait for work
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"
